//! Power is cut under the whole store: at every operation of the journal's disk, with any part of what was not forced
//! lost. What was acknowledged is there, and of no transaction a half.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use weldkit::journal::{Loss, Options, SimDisk};
use weldkit::testing::TestHost;
use weldkit::transaction::{Containers, Durability, Map};
use weldkit::{CallError, Ctx};

/// Two containers.
#[weldkit::service(name = "pair", version = "1.0")]
pub(super) trait Pair {
    /// Writes into the left one or the right one; no value removes.
    #[method(transactional)]
    async fn write(
        &self,
        ctx: &Ctx,
        is_left: bool,
        key: u32,
        value: Option<u32>,
    ) -> Result<(), CallError>;
    /// What both hold, the left one first.
    async fn read(&self, ctx: &Ctx) -> Result<Vec<BTreeMap<u32, u32>>, CallError>;
}

/// Keeps them.
#[derive(Debug)]
struct Keeper([Map<u32, u32>; 2]);

#[weldkit::plugin(id = "keeper", provides(Pair))]
impl Keeper {
    async fn start(containers: Containers) -> weldkit::Result<Self> {
        let left = containers.map("left", Durability::Durable).await?;
        let right = containers.map("right", Durability::Durable).await?;
        Ok(Self([left, right]))
    }
}

impl Pair for Keeper {
    async fn write(
        &self,
        ctx: &Ctx,
        is_left: bool,
        key: u32,
        value: Option<u32>,
    ) -> Result<(), CallError> {
        let map = &self.0[usize::from(!is_left)];
        match value {
            Some(value) => map.put(ctx, &key, &value).await,
            None => map.delete(ctx, &key).await.map(drop),
        }
    }

    async fn read(&self, ctx: &Ctx) -> Result<Vec<BTreeMap<u32, u32>>, CallError> {
        let mut all = Vec::new();
        for map in &self.0 {
            let mut held = BTreeMap::new();
            // The keys of the script.
            for key in 0..KEYS {
                if let Some(value) = map.get(ctx, &key).await? {
                    held.insert(key, value);
                }
            }
            all.push(held);
        }
        Ok(all)
    }
}

/// Transactions of the script.
const SCRIPT: u32 = 20;
/// As many at once.
const ROUND: u32 = 2;
/// Keys that they write.
const KEYS: u32 = 8;
/// So small that files are full, freed and used again.
const SMALL: Options = Options {
    segment_bytes: 4096,
    quota_bytes: 64 * 1024,
    spares: 2,
};

type Held = Vec<BTreeMap<u32, u32>>;
type Writes = Vec<(bool, u32, Option<u32>)>;

/// What transaction `number` writes; those of one round write different keys.
fn writes(number: u32) -> Writes {
    let lane = number % ROUND;
    let key = |turn: u32| (turn * ROUND + lane) % KEYS;
    let round = number / ROUND;
    vec![
        (true, key(round), Some(number)),
        (false, key(round + 1), Some(number)),
        (true, key(round + 2), None),
        (false, key(0), Some(number)),
    ]
}

fn apply(held: &mut Held, number: u32) {
    for (is_left, key, value) in writes(number) {
        let map = &mut held[usize::from(!is_left)];
        match value {
            Some(value) => drop(map.insert(key, value)),
            None => drop(map.remove(&key)),
        }
    }
}

/// Every state that may be left of a script of which the last round may be half done: all that was acknowledged, and
/// any of the others that had begun.
fn allowed(begun: u32, is_acknowledged: impl Fn(u32) -> bool) -> Vec<Held> {
    let mut states = vec![vec![BTreeMap::new(), BTreeMap::new()]];
    for number in 0..begun {
        let mut with = states.clone();
        with.iter_mut().for_each(|held| apply(held, number));
        match is_acknowledged(number) {
            true => states = with,
            false => states.extend(with),
        }
    }
    states
}

/// A run of the script: the disk after every operation of its second half, and when what was acknowledged.
struct Run {
    moments: Vec<SimDisk>,
    /// By transaction: how many operations the disk had seen when it was begun, and when it was acknowledged.
    begun: Vec<usize>,
    acknowledged: Vec<usize>,
    /// The folder as it was before the first moment.
    state: TempDir,
}

pub(super) async fn open(disk: &SimDisk, state: &Path) -> weldkit::Result<TestHost> {
    let disk = Arc::new(disk.clone());
    TestHost::new(|host| host.plugin::<Keeper>().disk(disk, SMALL).state(state)).await
}

/// Runs transactions and says how far the disk was by then.
async fn perform(host: &TestHost, disk: &SimDisk, from: u32, until: u32) -> [Vec<usize>; 2] {
    let pair = host.service::<dyn Pair>().unwrap();
    let [mut begun, acknowledged] = [Vec::new(), vec![0; (until - from) as usize]];
    let acknowledged = Mutex::new(acknowledged);
    for round in (from..until).step_by(ROUND as usize) {
        let one = |number: u32| {
            let (pair, acknowledged) = (&pair, &acknowledged);
            async move {
                let run = host.transaction().run(|ctx| async move {
                    for (is_left, key, value) in writes(number) {
                        pair.write(&ctx, is_left, key, value).await?;
                    }
                    Ok::<_, CallError>(())
                });
                run.await.unwrap();
                acknowledged.lock().unwrap()[(number - from) as usize] = disk.operations();
            }
        };
        begun.extend([disk.operations(); ROUND as usize]);
        tokio::join!(one(round), one(round + 1));
    }
    [begun, acknowledged.into_inner().unwrap()]
}

/// The script; with a stop in its middle, after which the checkpoint holds the first half.
async fn run(has_stop: bool, is_lying: bool) -> Run {
    let (disk, folder, state) = (
        SimDisk::default(),
        TempDir::new().unwrap(),
        TempDir::new().unwrap(),
    );
    let middle = if has_stop { SCRIPT / 2 } else { 0 };
    if has_stop {
        let host = open(&disk, folder.path()).await.unwrap();
        perform(&host, &disk, 0, middle).await;
        host.stop().await.unwrap();
        let file = "containers.redb";
        std::fs::copy(folder.path().join(file), state.path().join(file)).unwrap();
    }
    let before = disk.operations();
    disk.trace();
    let host = open(&disk, folder.path()).await.unwrap();
    if is_lying {
        disk.never_force(weldkit::journal::Operation::Sync);
    }
    let [begun, acknowledged] = perform(&host, &disk, middle, SCRIPT).await;
    let all = |operations: Vec<usize>| {
        let since = operations.into_iter().map(|operations| operations - before);
        vec![0; middle as usize].into_iter().chain(since).collect()
    };
    Run {
        moments: disk.moments(),
        begun: all(begun),
        acknowledged: all(acknowledged),
        state,
    }
}

/// The losses to try on a disk: every one where they are few, else some of each kind.
fn losses(disk: &SimDisk, seed: u64) -> Vec<Loss> {
    match disk.unforced() {
        0 => vec![Loss::All],
        pieces @ 1..=5 => {
            let mut losses: Vec<Loss> = (0..1 << pieces).map(Loss::AllBut).collect();
            losses.push(Loss::Random(seed));
            losses
        }
        _ => {
            let random = (0..6).map(|n| Loss::Random(seed * 6 + n));
            [Loss::All, Loss::None].into_iter().chain(random).collect()
        }
    }
}

/// Opens what a crash has left, and says what is wrong with it.
async fn reopened(run: &Run, moment: usize, loss: Loss) -> Result<(), String> {
    let state = TempDir::new().unwrap();
    for entry in std::fs::read_dir(run.state.path()).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, state.path().join(path.file_name().unwrap())).unwrap();
    }
    let disk = run.moments[moment].crash(loss);
    let host = open(&disk, state.path())
        .await
        .map_err(|fault| fault.to_string())?;
    let pair = host.service::<dyn Pair>().unwrap();
    let held = pair
        .read(&host.ctx())
        .await
        .map_err(|fault| fault.to_string())?;
    let begun = run.begun.iter().filter(|begun| **begun <= moment).count();
    let begun = u32::try_from(begun).unwrap();
    let is_acknowledged = |number: u32| run.acknowledged[number as usize] <= moment;
    if allowed(begun, is_acknowledged).contains(&held) {
        return Ok(());
    }
    let acknowledged = (0..begun).filter(|number| is_acknowledged(*number)).count();
    Err(format!(
        "of {begun} begun and {acknowledged} acknowledged there is {held:?}"
    ))
}

/// Every crash of a run: how many there were, and the first that has left something wrong.
async fn crashes(run: &Run) -> Result<usize, String> {
    let mut tried = 0;
    for moment in 0..run.moments.len() {
        for loss in losses(&run.moments[moment], moment as u64) {
            tried += 1;
            reopened(run, moment, loss)
                .await
                .map_err(|wrong| format!("at operation {moment} with {loss:?}: {wrong}"))?;
        }
    }
    Ok(tried)
}

#[tokio::test]
async fn a_crash_at_any_point_keeps_what_was_acknowledged_and_no_half() {
    for has_stop in [false, true] {
        let run = run(has_stop, false).await;
        let tried = crashes(&run).await.unwrap();
        println!(
            "{tried} crashes at {} points of {SCRIPT} transactions, stop in the middle: {has_stop}",
            run.moments.len()
        );
        // A round is written and forced at least once, and at most once for each of its transactions.
        let rounds = if has_stop { SCRIPT / 2 } else { SCRIPT } / ROUND;
        assert!(run.moments.len() > 2 * rounds as usize);
    }
}

/// The test of the test: a disk that says it has forced, and has not, is found out.
#[tokio::test]
async fn a_disk_that_does_not_force_is_found_out() {
    let run = run(false, true).await;
    // Something that was acknowledged is missing, or the journal itself sees that it was betrayed.
    let wrong = crashes(&run).await.unwrap_err();
    let is_seen = ["acknowledged there is", "is damaged"]
        .iter()
        .any(|words| wrong.contains(words));
    assert!(is_seen, "{wrong}");
}

/// A snapshot that is held keeps the journal from being emptied, until it is full. Once it is let go, the journal could
/// not be emptied either, because the name of the host had no room to be copied forward.
#[tokio::test]
async fn a_full_journal_is_emptied_once_it_may_be() {
    let (disk, state) = (SimDisk::default(), TempDir::new().unwrap());
    let tiny = Options {
        quota_bytes: 16 * 1024,
        ..SMALL
    };
    let open = async || {
        let disk = Arc::new(disk.clone());
        TestHost::new(|host| host.plugin::<Keeper>().disk(disk, tiny).state(state.path()))
            .await
            .unwrap()
    };
    let write = async |host: &TestHost, value: u32| {
        let pair = host.service::<dyn Pair>().unwrap();
        pair.write(&host.ctx(), true, 0, Some(value)).await
    };
    let host = open().await;
    let snapshot = host.transaction().begin().unwrap();
    let pair = host.service::<dyn Pair>().unwrap();
    pair.read(&snapshot.ctx()).await.unwrap();
    let mut written = 0;
    while write(&host, written + 1).await.is_ok() {
        written += 1;
        assert!(written < 1_000, "the quota is not kept");
    }
    snapshot.abort().await.unwrap();
    host.stop().await.unwrap();
    drop((snapshot, pair, host));
    let host = open().await;
    let pair = host.service::<dyn Pair>().unwrap();
    assert_eq!(
        pair.read(&host.ctx()).await.unwrap()[0],
        BTreeMap::from([(0, written)])
    );
    write(&host, written + 1).await.unwrap();
}
