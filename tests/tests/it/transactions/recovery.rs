//! What a restart does with transactions that were decided and not carried out, and with those nobody decided.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::wait::until;
use serde_json::json;
use weldkit::testing::TestHost;
use weldkit::transaction::{
    Branch, Capabilities, Durability, Fault, HostId, Isolation, Participant, Phase, TransactionId,
    Vote,
};
use weldkit::{CallError, Ctx, Host, Settings};
use weldkit_storage::{Collection, Key, Storage};
use weldkit_storage_redb::RedbStorage;

/// A database outside of every host: it outlives them.
#[derive(Debug, Default)]
struct Database {
    prepared: BTreeSet<String>,
    committed: BTreeSet<String>,
    aborted: BTreeSet<String>,
    is_down: bool,
    /// As often as it cannot say what is prepared.
    mute: u32,
    /// Who has asked what is prepared.
    host: Option<HostId>,
}

/// The databases, by the name in the settings.
static DATABASES: Mutex<Vec<(String, Arc<Mutex<Database>>)>> = Mutex::new(Vec::new());

fn database(name: &str) -> Arc<Mutex<Database>> {
    let mut all = DATABASES.lock().unwrap();
    if let Some((_, found)) = all.iter().find(|(known, _)| known == name) {
        return found.clone();
    }
    let made = Arc::<Mutex<Database>>::default();
    all.push((name.to_owned(), made.clone()));
    made
}

/// Notes in the database.
#[weldkit::service(name = "vault", version = "1.0")]
trait Vault {
    /// Writes something.
    #[method(transactional)]
    async fn note(&self, ctx: &Ctx) -> Result<(), CallError>;
}

/// Which database.
#[weldkit::data]
#[derive(Debug, Clone)]
struct Where {
    database: String,
}

/// A participant over a database.
#[derive(Debug)]
struct Iron(Arc<Mutex<Database>>);

#[weldkit::plugin(id = "iron", provides(Vault), participant)]
impl Iron {
    fn start(at: Settings<Where>) -> weldkit::Result<Self> {
        Ok(Self(database(&at.database)))
    }
}

impl Vault for Iron {
    async fn note(&self, _: &Ctx) -> Result<(), CallError> {
        Ok(())
    }
}

impl Participant for Iron {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            isolation: Isolation::ALL.to_vec(),
            savepoints: false,
            durability: Durability::Durable,
            prepare: true,
        }
    }

    async fn begin(&self, _: &Branch) -> Result<(), CallError> {
        Ok(())
    }

    async fn prepare(&self, branch: &Branch) -> Result<Vote, CallError> {
        self.0.lock().unwrap().prepared.insert(branch.gid());
        Ok(Vote::Prepared)
    }

    async fn commit(&self, branch: &Branch, _: Phase) -> Result<(), Fault> {
        let mut database = self.0.lock().unwrap();
        if database.is_down {
            return Err(Fault::Retry(CallError::unavailable("down")));
        }
        if database.prepared.remove(&branch.gid()) {
            database.committed.insert(branch.gid());
        }
        Ok(())
    }

    async fn abort(&self, branch: &Branch) -> Result<(), Fault> {
        let mut database = self.0.lock().unwrap();
        if database.prepared.remove(&branch.gid()) {
            database.aborted.insert(branch.gid());
        }
        Ok(())
    }

    async fn recover(&self, host: HostId) -> Result<Vec<TransactionId>, CallError> {
        let own = format!("weldkit:{host}:");
        let mut database = self.0.lock().unwrap();
        database.host = Some(host);
        if database.mute > 0 {
            database.mute -= 1;
            return Err(CallError::unavailable("the line is busy"));
        }
        let ids = database
            .prepared
            .iter()
            .filter_map(|gid| gid.strip_prefix(&own));
        ids.map(str::parse).collect()
    }
}

async fn host(state: &Path, name: &str, linked: bool) -> Host {
    let host = Host::builder().plugin::<RedbStorage>().state(state);
    let host = match linked {
        true => host
            .plugin::<Iron>()
            .settings("iron", json!({ "database": name })),
        false => host,
    };
    host.start().await.unwrap()
}

/// A document and a note in one transaction; the host goes before the database has heard of the outcome.
pub(crate) async fn crash_after_the_decision(state: &Path, name: &str) -> TransactionId {
    let host = host(state, name, true).await;
    database(name).lock().unwrap().is_down = true;
    let transaction = host.transaction().begin().unwrap();
    let ctx = transaction.ctx();
    let (collection, key) = (Collection::new("c").unwrap(), Key::new("k").unwrap());
    let storage = host.service::<dyn Storage>().unwrap();
    storage.put(&ctx, collection, key, json!(1)).await.unwrap();
    host.service::<dyn Vault>()
        .unwrap()
        .note(&ctx)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(transaction.state().as_str(), "committing");
    assert_eq!(database(name).lock().unwrap().prepared.len(), 1);
    transaction.id()
}

async fn stored(host: &Host) -> bool {
    let (collection, key) = (Collection::new("c").unwrap(), Key::new("k").unwrap());
    let storage = host.service::<dyn Storage>().unwrap();
    let found = storage.get(&host.ctx(), collection, key).await.unwrap();
    found.is_some()
}

/// Waits until the runtime has let the dropped host go.
pub(crate) async fn free(state: &Path) {
    until(async || !weldkit::host::Folder::new(state).is_held()).await;
}

#[tokio::test]
async fn a_decision_is_carried_out_at_the_next_start() {
    let folder = tempfile::TempDir::new().unwrap();
    let id = crash_after_the_decision(folder.path(), "decided").await;
    free(folder.path()).await;
    database("decided").lock().unwrap().is_down = false;
    let host = host(folder.path(), "decided", true).await;
    let shared = database("decided");
    {
        let after = shared.lock().unwrap();
        assert!(
            after.prepared.is_empty() && after.aborted.is_empty(),
            "{after:?}"
        );
        let gid = after.committed.first().unwrap();
        assert!(gid.ends_with(&id.to_string()), "{gid}");
    }
    assert!(stored(&host).await);
    assert_eq!(host.transactions().list(), []);
    host.stop().await.unwrap();
}

/// The database finds in the restored host the one that it worked for, and what was decided before the backup is done.
#[tokio::test]
async fn a_restored_host_finishes_what_was_decided_before_the_backup_and_uses_no_id_again() {
    let place = tempfile::TempDir::new().unwrap();
    let (state, name) = (place.path().join("state"), "restored");
    let id = crash_after_the_decision(&state, name).await;
    free(&state).await;
    let backup = place.path().join("backup");
    weldkit::host::Folder::new(&state)
        .backup(&backup)
        .await
        .unwrap();
    let shared = database(name);
    // The original goes on: what it prepares has an id that follows.
    let original = host(&state, name, true).await;
    let later = original.transaction().begin().unwrap();
    let gid = shared.lock().unwrap().prepared.first().unwrap().clone();
    let prefix = gid.rsplit_once(':').unwrap().0.to_owned();
    let after_backup = format!("{prefix}:{}", later.id());
    drop(later);
    drop(original.stop().await);
    drop(original);
    free(&state).await;
    shared.lock().unwrap().prepared.insert(after_backup.clone());

    shared.lock().unwrap().is_down = false;
    let restored = place.path().join("again");
    weldkit::host::Folder::new(&restored)
        .restore(&backup)
        .await
        .unwrap();
    let host = host(&restored, name, true).await;
    let next = host.transaction().begin().unwrap();
    let run = |id: TransactionId| {
        let text = id.to_string();
        u32::from_str_radix(text.split('-').next().unwrap(), 16).unwrap()
    };
    assert!(
        run(next.id()) > run(id) + 60_000,
        "{} after {id}",
        next.id()
    );
    next.abort().await.unwrap();
    {
        let after = shared.lock().unwrap();
        assert_eq!(after.committed, BTreeSet::from([gid]));
        // Nobody here has decided it: it is of a time that the restored state does not know.
        assert_eq!(after.aborted, BTreeSet::from([after_backup]));
        assert!(after.prepared.is_empty(), "{after:?}");
    }
    assert!(stored(&host).await);
    assert_eq!(host.transactions().list(), []);
    host.stop().await.unwrap();
}

#[tokio::test]
async fn work_of_a_plugin_that_is_not_linked_any_more_is_kept_and_named() {
    let folder = tempfile::TempDir::new().unwrap();
    let id = crash_after_the_decision(folder.path(), "unlinked").await;
    free(folder.path()).await;
    database("unlinked").lock().unwrap().is_down = false;
    for _ in 0..2 {
        let host = host(folder.path(), "unlinked", false).await;
        assert!(stored(&host).await);
        let listed = host.transactions().list();
        assert_eq!((listed.len(), listed[0].transaction), (1, id));
        assert_eq!(listed[0].participants[0].instance, "iron");
        assert!(listed[0].participants[0].is_waiting);
        host.stop().await.unwrap();
    }
    let host = host(folder.path(), "unlinked", true).await;
    assert_eq!(database("unlinked").lock().unwrap().committed.len(), 1);
    assert_eq!(host.transactions().list(), []);
    host.stop().await.unwrap();
}

#[tokio::test]
async fn what_nobody_decided_is_aborted_and_what_others_began_is_left_alone() {
    let folder = tempfile::TempDir::new().unwrap();
    let name = "undecided";
    drop(host(folder.path(), name, true).await.stop().await);
    free(folder.path()).await;
    let own = {
        let host = host(folder.path(), name, true).await;
        let transaction = host.transaction().begin().unwrap();
        host.service::<dyn Vault>()
            .unwrap()
            .note(&transaction.ctx())
            .await
            .unwrap();
        let second = host.service::<dyn Storage>().unwrap();
        let (collection, key) = (Collection::new("c").unwrap(), Key::new("k").unwrap());
        second
            .put(&transaction.ctx(), collection, key, json!(1))
            .await
            .unwrap();
        transaction.commit().await.unwrap();
        let committed = database(name)
            .lock()
            .unwrap()
            .committed
            .first()
            .unwrap()
            .clone();
        host.stop().await.unwrap();
        committed
    };
    free(folder.path()).await;
    // As if the host had stopped between the vote and the decision of two later transactions.
    let prefix = own.rsplit_once(':').unwrap().0.to_owned();
    let ours = format!("{prefix}:00000002-77");
    let theirs = "weldkit:00000000deadbeef:00000001-1".to_owned();
    let shared = database(name);
    shared
        .lock()
        .unwrap()
        .prepared
        .extend([ours.clone(), theirs.clone()]);
    let host = host(folder.path(), name, true).await;
    {
        let after = shared.lock().unwrap();
        assert_eq!(after.aborted, BTreeSet::from([ours]));
        assert_eq!(after.prepared, BTreeSet::from([theirs]));
    }
    assert_eq!(host.transactions().list(), []);
    host.stop().await.unwrap();
}

/// A database that did not answer at the start used to be asked once only, and the host did not start without it.
#[tokio::test]
async fn a_participant_that_cannot_say_what_it_has_in_doubt_is_asked_again() {
    let name = "mute";
    let shared = database(name);
    shared.lock().unwrap().mute = 3;
    let test = TestHost::new(|host| {
        let host = host.plugin::<Iron>();
        host.settings("iron", json!({ "database": name }))
    })
    .await
    .unwrap();
    let health = || test.health("weldkit").unwrap_or_default();
    assert!(health().contains("`iron` cannot say which"), "{}", health());
    assert!(health().contains("the line is busy"), "{}", health());
    let report = test.health_report().await;
    assert!(report.is_live && report.is_ready);
    let of_transactions =
        |found: &weldkit::monitoring::HealthFinding| found.subject == "transactions";
    let found = report.findings.iter().find(|found| of_transactions(found));
    let message = found
        .map(|found| found.message.as_str())
        .unwrap_or_default();
    assert!(message.contains("`iron` cannot say which"), "{message}");
    // It takes part meanwhile: what is prepared in this run is not mistaken for what an earlier one has left.
    let transaction = test.transaction().begin().unwrap();
    let vault = test.service::<dyn Vault>().unwrap();
    vault.note(&transaction.ctx()).await.unwrap();
    let host = shared.lock().unwrap().host.unwrap();
    let ours = format!("weldkit:{host}:{}", transaction.id());
    let left = format!("weldkit:{host}:00000000-77");
    let prepared = [ours.clone(), left.clone()];
    shared.lock().unwrap().prepared.extend(prepared);
    until(async || {
        test.clock().advance(Duration::from_millis(20));
        health().is_empty()
    })
    .await;
    assert_eq!(test.health_report().await.findings, []);
    let after = shared.lock().unwrap();
    assert_eq!(after.mute, 0);
    assert_eq!(after.aborted, BTreeSet::from([left]));
    assert_eq!(after.prepared, BTreeSet::from([ours]));
}
