//! A script of appends, at each of whose operations the power is cut in every way.

use std::sync::{Arc, Mutex};
use std::task::Waker;

use tokio::sync::oneshot;

use super::*;
use crate::journal::{Loss, Operation};

/// Unforced pieces up to which every subset of them is tried.
const EXHAUSTIVE: usize = 9;

/// What the script did, with the operation of the disk after which it was so.
#[derive(Default)]
struct Script {
    appended: Vec<(u8, Vec<u8>)>,
    durable: Arc<Mutex<Vec<(usize, u64)>>>,
    released: Vec<(usize, u64)>,
}

impl Script {
    /// Appends records of these lengths as one batch.
    async fn batch(&mut self, disk: &SimDisk, journal: &Journal, lens: &[usize]) {
        let (last, lazy) = lens.split_last().unwrap();
        for len in lazy {
            let (kind, payload) = self.next(*len);
            let room = journal.reserve(payload.len()).await.unwrap();
            drop(room.append_lazy(kind, payload));
        }
        let (kind, payload) = self.next(*last);
        let (done, waits) = oneshot::channel();
        let (disk, durable) = (disk.clone(), Arc::clone(&self.durable));
        let room = journal.reserve(payload.len()).await.unwrap();
        let then = move |outcome: Result<Position, Failure>, _: &mut Vec<Waker>| {
            let position = outcome.unwrap().0;
            durable.lock().unwrap().push((disk.operations(), position));
            done.send(()).unwrap();
        };
        room.append_then(kind, payload, Box::new(then));
        waits.await.unwrap();
    }

    fn next(&mut self, len: usize) -> (Kind, Vec<u8>) {
        let number = self.appended.len() as u64 + 1;
        let record = (u8::try_from(number).unwrap(), payload(number, len));
        self.appended.push(record.clone());
        (Kind(record.0), record.1)
    }

    async fn release(&mut self, disk: &SimDisk, journal: &Journal, before: u64) {
        self.released.push((disk.operations(), before));
        journal.release(Position(before)).await.unwrap();
    }

    /// The whole story: batches, new segments, a record longer than a segment, releases, reuse, a
    /// clean end, a killed process.
    async fn run(disk: &SimDisk) -> Self {
        let mut script = Self::default();
        disk.trace();
        let (journal, _) = open(disk).unwrap();
        script.batch(disk, &journal, &[10]).await;
        script.batch(disk, &journal, &[0, 90, 300]).await;
        script.batch(disk, &journal, &[500]).await;
        script.batch(disk, &journal, &[200, 200, 200]).await;
        script.batch(disk, &journal, &[800]).await;
        script.release(disk, &journal, 6).await;
        script.batch(disk, &journal, &[20]).await;
        script.batch(disk, &journal, &[3000]).await;
        script.batch(disk, &journal, &[40, 40]).await;
        journal.close().await.unwrap();

        let (journal, _) = open(disk).unwrap();
        script.batch(disk, &journal, &[400]).await;
        script.batch(disk, &journal, &[30, 700]).await;
        script.release(disk, &journal, 12).await;
        script.batch(disk, &journal, &[60]).await;
        script.batch(disk, &journal, &[900]).await;
        drop(journal);

        let (journal, _) = open(disk).unwrap();
        script.batch(disk, &journal, &[50]).await;
        script.batch(disk, &journal, &[50, 50]).await;
        script
    }

    /// Cuts the power at every moment, in every way.
    async fn check(&self, disk: &SimDisk) -> Result<usize, String> {
        let mut crashes = 0;
        for (at, moment) in disk.moments().iter().enumerate() {
            for loss in losses(moment.unforced()) {
                crashes += 1;
                let crashed = moment.crash(loss);
                let checked = self.check_one(at, &crashed).await;
                checked
                    .map_err(|wrong| format!("after operation {at}, losing {loss:?}: {wrong}"))?;
            }
        }
        Ok(crashes)
    }

    /// What is there is a piece of what was appended, from what may be released to what must be durable.
    async fn check_one(&self, at: usize, crashed: &SimDisk) -> Result<(), String> {
        let until = |seen: &[(usize, u64)]| {
            let before = seen.iter().filter(|(operation, _)| *operation <= at);
            before.map(|(_, position)| *position).max()
        };
        let durable = until(&self.durable.lock().unwrap()).unwrap_or(0);
        let released = until(&self.released).unwrap_or(1);
        let (journal, replayed) = open(crashed).map_err(|failure| failure.to_string())?;
        let (oldest, next) = (journal.stats().oldest().0, journal.stats().next().0);
        if next <= durable || oldest > released.max(1) {
            return Err(format!(
                "{oldest}..{next} is there, {released}..={durable} must be"
            ));
        }
        let from = usize::try_from(oldest - 1).unwrap();
        let to = usize::try_from(next - 1).unwrap();
        if self.appended.get(from..to) != Some(&replayed.records) {
            return Err(format!(
                "{oldest}..{next} are not the records that were appended"
            ));
        }
        let position = append(&journal, 99, 70).await.map_err(|f| f.to_string())?;
        drop(journal);
        let (_, again) = open(&crashed.crash(Loss::All)).map_err(|failure| failure.to_string())?;
        let mut expected = replayed.records;
        expected.push((7, payload(99, 70)));
        if position.0 != next || again.records != expected {
            return Err("what was appended after the crash is not there".to_owned());
        }
        Ok(())
    }
}

/// Every way to lose a few pieces, and many ways to lose more; and what remains in other orders.
fn losses(unforced: usize) -> Vec<Loss> {
    let mut losses: Vec<Loss> = if unforced <= EXHAUSTIVE {
        (0..1 << unforced).map(Loss::AllBut).collect()
    } else {
        let single = (0..unforced.min(64)).map(|piece| 1 << piece);
        let all_but_one = single.clone().map(|piece| Loss::AllBut(!piece));
        let ends = [Loss::All, Loss::None].into_iter();
        ends.chain(single.map(Loss::AllBut))
            .chain(all_but_one)
            .collect()
    };
    losses.extend((0..32).map(Loss::Random));
    losses
}

#[tokio::test]
async fn nothing_durable_is_lost_wherever_the_power_is_cut() {
    let disk = SimDisk::default();
    let script = Script::run(&disk).await;
    assert_eq!(script.appended.len(), 21);
    let crashes = script.check(&disk).await.unwrap();
    let most = disk.moments().iter().map(SimDisk::unforced).max();
    assert!(
        most <= Some(EXHAUSTIVE) && crashes > 3_000,
        "{most:?} {crashes}"
    );
}

/// The same check finds that a force is missing: of files, and of names.
#[tokio::test]
async fn a_missing_force_is_caught() {
    for what in [Operation::Sync, Operation::SyncNames] {
        let disk = SimDisk::default();
        disk.never_force(what);
        let script = Script::run(&disk).await;
        assert!(script.check(&disk).await.is_err(), "{what:?}");
    }
}

/// What a killed process had written is only in the cache of the machine. Once it was replayed it
/// must stay, even if the power is cut right after.
#[tokio::test]
async fn what_was_replayed_is_durable() {
    let disk = SimDisk::default();
    let (journal, _) = open(&disk).unwrap();
    append(&journal, 1, 600).await.unwrap();
    disk.fail(Operation::Sync, 0, std::io::ErrorKind::Other);
    let failure = append(&journal, 2, 300).await.unwrap_err();
    assert!(matches!(failure, Failure::Unknown { .. }));
    drop(journal);
    assert_eq!(reopened(&disk.crash(Loss::None)).len(), 1);
    assert_eq!(reopened(&disk).len(), 2);
    assert_eq!(reopened(&disk.crash(Loss::All)).len(), 2);
}

/// A batch of two sectors lost its second one. The next batch had that very sector, and lost its
/// first: together they are the batch that was cut, which must not come back.
#[tokio::test]
async fn a_batch_that_was_cut_never_comes_back() {
    let disk = SimDisk::default();
    let (journal, _) = open(&disk).unwrap();
    append(&journal, 1, 300).await.unwrap();
    disk.trace();
    // From byte 1360 to 1992: 147 bytes of the payload are in the first sector.
    let same = vec![5; 600];
    let mut first = same.clone();
    first[..64].fill(1);
    let room = journal.reserve(first.len()).await.unwrap();
    room.append(Kind(1), first.clone()).await.unwrap();
    drop(journal);
    let written = disk.moments()[1].clone();
    assert_eq!(written.unforced(), 2);
    let cut = written.crash(Loss::AllBut(0b01));
    assert_eq!(reopened(&cut).len(), 1);

    let (journal, _) = open(&cut).unwrap();
    cut.trace();
    journal.append(Kind(1), same.clone()).await.unwrap();
    let lost_first = cut.moments()[1].crash(Loss::AllBut(0b10));
    assert_eq!(reopened(&lost_first).len(), 1);
}
