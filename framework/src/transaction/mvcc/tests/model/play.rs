//! The store and the model side by side: each step is done in both, and both must say the same.

use std::sync::Arc;

use super::super::super::{Container, Local, LogFailure};
use super::super::stage::{Pairs, Stage, Step, TestBase, get, put, scan};
use super::{Held, Model, Outcome, Phase, ROWS, Row, SLOTS};
use crate::error::{CallError, Code};
use crate::transaction::{Isolation, Vote};

/// One step of a run; those that do not apply are left out.
#[derive(Debug, Clone, Copy)]
pub(super) enum Op {
    Get(Row),
    Put(Row),
    Delete(Row),
    /// From a row on, at most so many; it may take until [`Op::EndScan`].
    Scan(Row, usize),
    EndScan,
    Savepoint,
    RollbackTo(usize),
    Release(usize),
    Prepare,
    Publish,
    Abort,
    /// The journal forces its first record, or loses it.
    Force,
    Lose,
    Checkpoint,
}

/// A scan that has begun.
struct Scan {
    step: Step<Result<Pairs, CallError>>,
    from: Row,
    limit: usize,
    expected: Vec<(Row, u32)>,
}

/// A write that waits for its row.
type Waiting = (Row, Held, Step<Result<(), CallError>>);

/// One transaction in the store.
struct Real {
    local: Arc<Local>,
    waits: Option<Waiting>,
    scans: Option<Scan>,
    publishes: Option<Step<Result<(), LogFailure>>>,
}

/// What a transaction has seen and done, for a check from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    Read(Row, Held),
    Scanned(Row, usize, Vec<(Row, u32)>),
    Wrote(Row, Held),
}

pub(super) struct Play {
    stage: Stage,
    base: TestBase,
    containers: [Arc<Container>; 2],
    pub(super) model: Model,
    reals: [Option<Real>; SLOTS],
    seen: [Vec<Seen>; SLOTS],
    /// What was committed, in the order in which it became known.
    pub(super) committed: Vec<Vec<Seen>>,
    values: u32,
    pub(super) begun: usize,
}

fn name(row: Row) -> String {
    row.to_string()
}

fn parsed(found: Option<String>) -> Held {
    found.map(|value| value.parse().unwrap())
}

impl Play {
    pub(super) fn new() -> Self {
        let (stage, base) = (Stage::new(), TestBase::default());
        let containers = [stage.volatile("t/lost"), stage.durable("t/kept", &base)];
        Self {
            stage,
            base,
            containers,
            model: Model::default(),
            reals: [const { None }; SLOTS],
            seen: [const { Vec::new() }; SLOTS],
            committed: Vec::new(),
            values: 0,
            begun: 0,
        }
    }

    fn container(&self, row: Row) -> &Arc<Container> {
        &self.containers[row % 2]
    }

    fn real(&mut self, slot: usize) -> &mut Real {
        self.reals[slot].as_mut().expect("it was begun")
    }

    pub(super) fn step(&mut self, slot: usize, level: Isolation, op: Op) {
        match op {
            Op::Force => self.journal(Ok(())),
            Op::Lose => self.journal(Err(LogFailure::Failed("lost".to_owned()))),
            Op::Checkpoint => drop(self.stage.checkpoint(&self.base)),
            _ => self.step_in(slot, level, op),
        }
        self.wake();
    }

    fn step_in(&mut self, slot: usize, level: Isolation, op: Op) {
        if self.reals[slot].is_none() {
            self.begun += 1;
            self.model.begin(slot, level);
            self.seen[slot].clear();
            self.reals[slot] = Some(Real {
                local: self.stage.begin(level),
                waits: None,
                scans: None,
                publishes: None,
            });
        }
        let phase = self.model.tx(slot).phase;
        let is_idle = self.real(slot).waits.is_none();
        match (op, phase) {
            (Op::Abort, Phase::Active | Phase::Prepared) => self.abort(slot),
            (Op::Publish, Phase::Prepared) => self.publish(slot),
            (Op::Prepare | Op::Publish, Phase::Active) if is_idle => {
                let is_ready = self.prepare(slot) && matches!(op, Op::Publish);
                if is_ready {
                    self.publish(slot);
                }
            }
            (_, Phase::Active) if is_idle => self.work(slot, op),
            _ => {}
        }
    }

    fn work(&mut self, slot: usize, op: Op) {
        let local = self.real(slot).local.clone();
        match op {
            Op::Get(row) => {
                let found = parsed(get(self.container(row), Some(&local), &name(row)));
                assert_eq!(found, self.model.get(slot, row), "{slot} reads {row}");
                self.seen[slot].push(Seen::Read(row, found));
            }
            Op::Put(row) => {
                self.values += 1;
                self.write(slot, row, Some(self.values));
            }
            Op::Delete(row) => self.write(slot, row, None),
            Op::Scan(from, limit) => {
                self.end_scan(slot);
                let expected = self.model.scan(slot, from, limit);
                // Where it begins: what its own transaction writes before it ends is not in it.
                self.seen[slot].push(Seen::Scanned(from, limit, expected.clone()));
                let range = (name(from), limit);
                let scans = scan(
                    self.container(from),
                    Some(&local),
                    (&range.0, None),
                    range.1,
                );
                self.real(slot).scans = Some(Scan {
                    step: scans,
                    from,
                    limit,
                    expected,
                });
                self.poll_scan(slot);
            }
            Op::EndScan => self.end_scan(slot),
            Op::Savepoint => {
                local.savepoint();
                self.model.savepoint(slot);
            }
            Op::RollbackTo(mark) => {
                local.rollback_to(mark);
                self.model.rollback_to(slot, mark);
            }
            Op::Release(mark) => {
                local.release(mark);
                self.model.release(slot, mark);
            }
            Op::Prepare | Op::Publish | Op::Abort | Op::Force | Op::Lose | Op::Checkpoint => {}
        }
    }

    fn poll_scan(&mut self, slot: usize) -> bool {
        let Some(scan) = &mut self.real(slot).scans else {
            return true;
        };
        let Some(found) = scan.step.poll() else {
            return false;
        };
        let (from, limit, expected) = (scan.from, scan.limit, scan.expected.clone());
        self.real(slot).scans = None;
        let found = found.unwrap().into_iter();
        let found: Vec<(Row, u32)> = found
            .map(|(key, value)| (key.parse().unwrap(), value.parse().unwrap()))
            .collect();
        assert_eq!(found, expected, "{slot} scans from {from}");
        // A full page has looked no further than its last row.
        let last = (found.len() == limit).then(|| found[limit - 1].0);
        self.model.scanned(slot, from, last);
        true
    }

    fn end_scan(&mut self, slot: usize) {
        while !self.poll_scan(slot) {}
    }

    fn write(&mut self, slot: usize, row: Row, held: Held) {
        let value = held.map(|held| held.to_string());
        let local = self.real(slot).local.clone();
        let write = put(self.container(row), &local, &name(row), value.as_deref());
        self.real(slot).waits = Some((row, held, write));
        self.poll_write(slot);
    }

    /// Goes on with a write, in both.
    fn poll_write(&mut self, slot: usize) {
        let Some((row, held, write)) = &mut self.real(slot).waits else {
            return;
        };
        let (row, held, ended) = (*row, *held, write.poll());
        let outcome = match &ended {
            None => Outcome::Waits,
            Some(Ok(())) => Outcome::Done,
            Some(Err(refused)) => {
                assert_eq!(refused.code(), &Code::Conflict, "{refused}");
                match refused.message().starts_with("deadlock") {
                    true => Outcome::Deadlock,
                    false => Outcome::Conflict,
                }
            }
        };
        assert_eq!(outcome, self.model.claim(slot, row), "{slot} writes {row}");
        if ended.is_some() {
            self.real(slot).waits = None;
        }
        if outcome == Outcome::Done {
            self.model.write(slot, row, held);
            self.seen[slot].push(Seen::Wrote(row, held));
        }
    }

    fn prepare(&mut self, slot: usize) -> bool {
        // Its scan ends first, as a call does before its transaction commits.
        self.end_scan(slot);
        let local = self.real(slot).local.clone();
        let vote = self.stage.store.prepare(&local);
        let expected = self.model.prepare(slot);
        let found = vote.as_ref().ok().map(|vote| *vote == Vote::Prepared);
        assert_eq!(found, expected, "{slot} prepares: {vote:?}");
        match found {
            None => {
                self.stage.store.abort(&local);
                self.reals[slot] = None;
            }
            Some(false) => self.over(slot),
            Some(true) => {}
        }
        found == Some(true)
    }

    fn over(&mut self, slot: usize) {
        self.reals[slot] = None;
        let seen = std::mem::take(&mut self.seen[slot]);
        self.committed.push(seen);
    }

    fn publish(&mut self, slot: usize) {
        let local = self.real(slot).local.clone();
        self.real(slot).publishes = Some(self.stage.publish(&local));
        self.model.publish(slot);
    }

    fn abort(&mut self, slot: usize) {
        let local = self.real(slot).local.clone();
        self.stage.store.abort(&local);
        self.model.abort(slot);
        self.reals[slot] = None;
    }

    fn journal(&mut self, result: Result<(), LogFailure>) {
        let lost = result.is_err();
        if self.stage.log.end_first(result) {
            self.model.journal(lost);
        }
    }

    /// Whoever can go on does, in the order of the slots.
    fn wake(&mut self) {
        for slot in 0..SLOTS {
            let publishes = self.reals[slot]
                .as_mut()
                .and_then(|real| real.publishes.as_mut());
            if let Some(ended) = publishes.and_then(Step::poll) {
                assert!(
                    self.model.slots[slot].is_none(),
                    "{slot} is visible too early"
                );
                match ended {
                    Ok(()) => self.over(slot),
                    Err(_) => self.reals[slot] = None,
                }
            }
            assert_eq!(
                self.reals[slot].is_some(),
                self.model.slots[slot].is_some(),
                "{slot}"
            );
        }
        for slot in 0..SLOTS {
            if self.reals[slot].is_some() {
                self.poll_write(slot);
            }
        }
    }

    /// Ends everything, and compares what is left.
    pub(super) fn end(&mut self) -> Vec<Held> {
        for slot in 0..SLOTS {
            let phase = self.model.slots[slot].as_ref().map(|tx| tx.phase);
            if matches!(phase, Some(Phase::Active | Phase::Prepared)) {
                self.abort(slot);
                self.wake();
            }
        }
        while self.stage.log.end_first(Ok(())) {
            self.model.journal(false);
            self.wake();
        }
        assert!(self.reals.iter().all(Option::is_none));
        let rows = (0..ROWS).map(|row| {
            let found = parsed(get(self.container(row), None, &name(row)));
            assert_eq!(found, self.model.newest(row), "{row} at the end");
            found
        });
        let rows: Vec<Held> = rows.collect();
        self.check_nothing_left(&rows);
        rows
    }

    /// No lock, no wait, no snapshot and no row is left but those that hold something.
    fn check_nothing_left(&self, rows: &[Held]) {
        let store = &self.stage.store;
        let lock = super::super::super::lock;
        assert!(super::super::super::lock(&store.snapshots).is_empty());
        assert!(super::super::super::lock(&store.waited).is_empty());
        assert!(lock(&store.waits).is_empty());
        // What snapshots have held up goes with a few more writes.
        for _ in 0..60 {
            self.stage.write(&self.containers[0], "z", Some("1"));
            self.stage.write(&self.containers[0], "z", None);
        }
        self.stage.checkpoint(&self.base);
        let held = rows.iter().step_by(2).filter(|held| held.is_some()).count();
        assert_eq!(self.containers[0].order().len(), held);
        assert_eq!(self.containers[1].order().len(), 0);
    }
}
