//! Nobody outside of the host is told to commit before the decision is durable: power is cut at every operation of the
//! disk, and a participant that outlives it is compared with what the host has kept.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tempfile::TempDir;
use weldkit::journal::{Loss, Options, SimDisk};
use weldkit::testing::TestHost;
use weldkit::transaction::{
    Branch, Capabilities, Containers, Durability, Fault, HostId, Isolation, Map, Participant,
    Phase, TransactionId, Vote,
};
use weldkit::{CallError, Ctx, Settings};

/// Numbers in a container.
#[weldkit::service(name = "shelf", version = "1.0")]
trait Shelf {
    /// Puts one.
    #[method(transactional)]
    async fn put(&self, ctx: &Ctx, number: u32) -> Result<(), CallError>;
    /// Whether it is there.
    async fn has(&self, ctx: &Ctx, number: u32) -> Result<bool, CallError>;
}

/// Keeps them.
#[derive(Debug)]
struct Numbers(Map<u32, u32>);

#[weldkit::plugin(id = "numbers", provides(Shelf))]
impl Numbers {
    async fn start(containers: Containers) -> weldkit::Result<Self> {
        Ok(Self(containers.map("all", Durability::Durable).await?))
    }
}

impl Shelf for Numbers {
    async fn put(&self, ctx: &Ctx, number: u32) -> Result<(), CallError> {
        self.0.put(ctx, &number, &number).await
    }

    async fn has(&self, ctx: &Ctx, number: u32) -> Result<bool, CallError> {
        Ok(self.0.get(ctx, &number).await?.is_some())
    }
}

/// Something else that takes part.
#[weldkit::service(name = "vault", version = "1.0")]
trait Vault {
    /// Takes part.
    #[method(transactional)]
    async fn note(&self, ctx: &Ctx) -> Result<(), CallError>;
}

/// What the vault was told, and how many operations the disk of the host had seen by then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    Prepare,
    Commit,
    Abort,
}

/// Outside of the host: it outlives it.
#[derive(Default)]
struct World {
    disk: Option<SimDisk>,
    prepared: BTreeSet<String>,
    committed: BTreeSet<String>,
    log: Vec<(usize, Told, String)>,
}

impl World {
    fn hear(&mut self, told: Told, gid: String) {
        let is_prepared = self.prepared.remove(&gid);
        match told {
            Told::Prepare => drop(self.prepared.insert(gid.clone())),
            Told::Commit if is_prepared => drop(self.committed.insert(gid.clone())),
            Told::Commit | Told::Abort => {}
        }
        let operations = self.disk.as_ref().map_or(0, SimDisk::operations);
        self.log.push((operations, told, gid));
    }
}

static WORLDS: Mutex<Vec<Arc<Mutex<World>>>> = Mutex::new(Vec::new());

/// A new world, and its number.
fn world(world: World) -> (usize, Arc<Mutex<World>>) {
    let mut all = WORLDS.lock().unwrap();
    all.push(Arc::new(Mutex::new(world)));
    (all.len() - 1, all[all.len() - 1].clone())
}

/// Which world.
#[weldkit::data]
#[derive(Debug, Clone)]
struct Where {
    world: usize,
}

/// The participant.
struct Iron(Arc<Mutex<World>>);

#[weldkit::plugin(id = "iron", provides(Vault), participant)]
impl Iron {
    fn start(at: Settings<Where>) -> weldkit::Result<Self> {
        Ok(Self(WORLDS.lock().unwrap()[at.world].clone()))
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
        self.0.lock().unwrap().hear(Told::Prepare, branch.gid());
        Ok(Vote::Prepared)
    }

    async fn commit(&self, branch: &Branch, _: Phase) -> Result<(), Fault> {
        self.0.lock().unwrap().hear(Told::Commit, branch.gid());
        Ok(())
    }

    async fn abort(&self, branch: &Branch) -> Result<(), Fault> {
        self.0.lock().unwrap().hear(Told::Abort, branch.gid());
        Ok(())
    }

    async fn recover(&self, host: HostId) -> Result<Vec<TransactionId>, CallError> {
        let own = format!("weldkit:{host}:");
        let world = self.0.lock().unwrap();
        let ids = world
            .prepared
            .iter()
            .filter_map(|gid| gid.strip_prefix(&own));
        ids.map(str::parse).collect()
    }
}

/// Transactions of a run.
const SCRIPT: u32 = 8;
/// So small that files are full, freed and used again.
const SMALL: Options = Options {
    segment_bytes: 2048,
    quota_bytes: 64 * 1024,
    spares: 2,
};

async fn open(disk: &SimDisk, state: &TempDir, number: usize) -> weldkit::Result<TestHost> {
    let disk = Arc::new(disk.clone());
    TestHost::new(|host| {
        let host = host.plugin::<Numbers>().plugin::<Iron>();
        let host = host.settings("iron", json!({ "world": number }));
        host.disk(disk, SMALL).state(state.path())
    })
    .await
}

/// A run of the script.
struct Run {
    moments: Vec<SimDisk>,
    /// What the vault was told, by how many operations after the first moment.
    told: Vec<(usize, Told, String)>,
    /// By transaction: the end of its gid, and after how many operations it was acknowledged.
    ids: Vec<(String, usize)>,
}

async fn run(is_late: bool) -> Run {
    let (disk, state) = (SimDisk::default(), TempDir::new().unwrap());
    let (number, vault) = world(World {
        disk: Some(disk.clone()),
        ..World::default()
    });
    let host = open(&disk, &state, number).await.unwrap();
    let before = disk.operations();
    disk.trace();
    if is_late {
        disk.force_late();
    }
    let mut ids = Vec::new();
    for number in 0..SCRIPT {
        let transaction = host.transaction().begin().unwrap();
        let ctx = transaction.ctx();
        let shelf = host.service::<dyn Shelf>().unwrap();
        shelf.put(&ctx, number).await.unwrap();
        let vault = host.service::<dyn Vault>().unwrap();
        vault.note(&ctx).await.unwrap();
        transaction.commit().await.unwrap();
        let end = format!(":{}", transaction.id());
        ids.push((end, disk.operations() - before));
    }
    let told = vault.lock().unwrap().log.clone();
    Run {
        moments: disk.moments(),
        told: told
            .into_iter()
            .map(|(operations, told, gid)| (operations - before, told, gid))
            .collect(),
        ids,
    }
}

/// Power is cut after so many operations; `further`: as late as it can be before the next.
async fn reopened(run: &Run, moment: usize, further: bool, loss: Loss) -> Result<(), String> {
    let mut outside = World::default();
    for (operations, told, gid) in &run.told {
        if *operations < moment || (further && *operations == moment) {
            outside.hear(*told, gid.clone());
        }
    }
    let (number, vault) = world(outside);
    let (disk, state) = (run.moments[moment].crash(loss), TempDir::new().unwrap());
    let host = open(&disk, &state, number).await;
    let host = host.map_err(|fault| fault.to_string())?;
    let shelf = host.service::<dyn Shelf>().unwrap();
    for (number, (end, acknowledged)) in (0..).zip(&run.ids) {
        let here = shelf.has(&host.ctx(), number).await;
        let here = here.map_err(|fault| fault.to_string())?;
        let (there, in_doubt) = {
            let vault = vault.lock().unwrap();
            let has = |all: &BTreeSet<String>| all.iter().any(|gid| gid.ends_with(end));
            (has(&vault.committed), has(&vault.prepared))
        };
        if here != there || in_doubt {
            return Err(format!(
                "half of transaction {number}: here {here}, there {there}, in doubt {in_doubt}"
            ));
        }
        let was_told = *acknowledged < moment || (further && *acknowledged == moment);
        if was_told && !here {
            return Err(format!("transaction {number} was acknowledged and is lost"));
        }
    }
    Ok(())
}

/// Every crash of a run: how many there were, and the first that has left a half.
async fn crashes(run: &Run) -> Result<usize, String> {
    let mut tried = 0;
    for moment in 0..run.moments.len() {
        let random = (0..3).map(|n| Loss::Random(moment as u64 * 3 + n));
        for loss in [Loss::All, Loss::None].into_iter().chain(random) {
            for further in [false, true] {
                tried += 1;
                reopened(run, moment, further, loss)
                    .await
                    .map_err(|wrong| format!("at operation {moment} with {loss:?}: {wrong}"))?;
            }
        }
    }
    Ok(tried)
}

#[tokio::test]
async fn no_participant_is_told_to_commit_what_a_crash_could_take_back() {
    let run = run(false).await;
    let commits = run.told.iter().filter(|(_, told, _)| *told == Told::Commit);
    assert_eq!(commits.count(), SCRIPT as usize);
    assert!(run.moments.len() > 2 * SCRIPT as usize);
    let tried = crashes(&run).await.unwrap();
    println!("{tried} crashes at {} points", run.moments.len());
}

/// The test of the test: phase two that comes before the decision is forced is found out.
#[tokio::test]
async fn a_second_phase_before_the_sync_is_found_out() {
    let run = run(true).await;
    let wrong = crashes(&run).await.unwrap_err();
    assert!(wrong.contains("here false, there true"), "{wrong}");
}
