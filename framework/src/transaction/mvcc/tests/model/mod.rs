//! Random interleavings against a naive model, which keeps every commit for ever and looks through all of them.

mod play;
mod run;
mod serial;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::transaction::Isolation;

/// A container and a key in it: even ones are in memory, odd ones in the journal.
pub(super) type Row = usize;

/// What it holds.
pub(super) type Held = Option<u32>;

/// One commit.
type Writes = BTreeMap<Row, Held>;

/// How many rows, and transactions at a time.
pub(super) const ROWS: usize = 6;
pub(super) const SLOTS: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Active,
    Prepared,
    Publishing,
}

#[derive(Debug, Clone)]
pub(super) struct Tx {
    pub(super) level: Isolation,
    pub(super) phase: Phase,
    snapshot: Option<usize>,
    writes: Writes,
    marks: Vec<Writes>,
    locks: BTreeSet<Row>,
    /// Rows whose every holder it has seen, and not its own.
    reads: BTreeSet<Row>,
    /// What it waits for.
    pub(super) waits: Option<Row>,
}

/// What a write comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    Waits,
    Conflict,
    Deadlock,
}

/// A commit that is not visible yet, and whether it is durable.
struct Pending {
    slot: usize,
    writes: Writes,
    is_durable: bool,
}

#[derive(Default)]
pub(super) struct Model {
    history: Vec<Writes>,
    pending: VecDeque<Pending>,
    pub(super) slots: [Option<Tx>; SLOTS],
}

impl Model {
    pub(super) fn begin(&mut self, slot: usize, level: Isolation) {
        self.slots[slot] = Some(Tx {
            level,
            phase: Phase::Active,
            snapshot: None,
            writes: Writes::new(),
            marks: Vec::new(),
            locks: BTreeSet::new(),
            reads: BTreeSet::new(),
            waits: None,
        });
    }

    pub(super) fn tx(&mut self, slot: usize) -> &mut Tx {
        self.slots[slot].as_mut().expect("it was begun")
    }

    /// The moment that a read sees.
    fn sees(&mut self, slot: usize) -> usize {
        let newest = self.history.len();
        let tx = self.tx(slot);
        match tx.level {
            Isolation::ReadCommitted => newest,
            Isolation::RepeatableRead | Isolation::Serializable => {
                *tx.snapshot.get_or_insert(newest)
            }
        }
    }

    /// What everybody sees that comes now.
    pub(super) fn newest(&self, row: Row) -> Held {
        self.held(row, self.history.len())
    }

    fn held(&self, row: Row, at: usize) -> Held {
        let commits = self.history[..at].iter().rev();
        commits
            .filter_map(|writes| writes.get(&row))
            .next()
            .copied()
            .flatten()
    }

    pub(super) fn get(&mut self, slot: usize, row: Row) -> Held {
        let at = self.sees(slot);
        if let Some(own) = self.tx(slot).writes.get(&row) {
            return *own;
        }
        self.tx(slot).reads.insert(row);
        self.held(row, at)
    }

    /// The rows of one container from one on, at most `limit`; what is looked at is noted by [`Model::scanned`].
    pub(super) fn scan(&mut self, slot: usize, from: Row, limit: usize) -> Vec<(Row, u32)> {
        let at = self.sees(slot);
        let writes = self.tx(slot).writes.clone();
        let rows = (from..ROWS).step_by(2);
        let held = rows.filter_map(|row| {
            let held = writes
                .get(&row)
                .copied()
                .unwrap_or_else(|| self.held(row, at));
            Some((row, held?))
        });
        held.take(limit).collect()
    }

    pub(super) fn scanned(&mut self, slot: usize, from: Row, last: Option<Row>) {
        let last = last.unwrap_or(ROWS);
        let rows = (from..ROWS).step_by(2).filter(|row| *row <= last);
        self.tx(slot).reads.extend(rows);
    }

    fn is_newer(&self, row: Row, at: usize) -> bool {
        let pending = self.pending.iter().map(|pending| &pending.writes);
        let mut later = self.history[at..].iter().chain(pending);
        later.any(|writes| writes.contains_key(&row))
    }

    fn holder(&self, row: Row) -> Option<usize> {
        let locks = |slot: &usize| {
            self.slots[*slot]
                .as_ref()
                .is_some_and(|tx| tx.locks.contains(&row))
        };
        (0..SLOTS).find(locks)
    }

    /// Takes a row's lock.
    pub(super) fn claim(&mut self, slot: usize, row: Row) -> Outcome {
        let at = self.sees(slot);
        let level = self.tx(slot).level;
        self.tx(slot).waits = None;
        match self.holder(row) {
            Some(holder) if holder == slot => Outcome::Done,
            Some(mut holder) => {
                // A row that has just been given back has no holder, until whoever waits for it is woken.
                while let Some(next) = self.tx(holder).waits.and_then(|row| self.holder(row)) {
                    holder = next;
                    if holder == slot {
                        return Outcome::Deadlock;
                    }
                }
                self.tx(slot).waits = Some(row);
                Outcome::Waits
            }
            None if level != Isolation::ReadCommitted && self.is_newer(row, at) => {
                Outcome::Conflict
            }
            None => {
                self.tx(slot).locks.insert(row);
                Outcome::Done
            }
        }
    }

    pub(super) fn write(&mut self, slot: usize, row: Row, held: Held) {
        self.tx(slot).writes.insert(row, held);
    }

    pub(super) fn savepoint(&mut self, slot: usize) {
        let tx = self.tx(slot);
        tx.marks.push(tx.writes.clone());
    }

    pub(super) fn rollback_to(&mut self, slot: usize, mark: usize) {
        let tx = self.tx(slot);
        if let Some(writes) = tx.marks.get(mark).cloned() {
            tx.marks.truncate(mark + 1);
            tx.writes = writes;
        }
    }

    pub(super) fn release(&mut self, slot: usize, mark: usize) {
        self.tx(slot).marks.truncate(mark);
    }

    /// `None`: refused; otherwise whether it has anything to commit. One that has not is over.
    pub(super) fn prepare(&mut self, slot: usize) -> Option<bool> {
        let tx = self.tx(slot).clone();
        if tx.writes.is_empty() {
            self.slots[slot] = None;
            return Some(false);
        }
        let others = |phase: Phase| {
            let others = self
                .slots
                .iter()
                .enumerate()
                .filter(move |(other, _)| *other != slot);
            others
                .filter_map(|(_, tx)| tx.as_ref())
                .filter(move |tx| tx.phase == phase)
        };
        let is_checked = tx.level == Isolation::Serializable;
        let has_changed = |row: &Row| {
            self.is_newer(*row, tx.snapshot.unwrap_or(self.history.len()))
                || others(Phase::Prepared).any(|other| other.locks.contains(row))
        };
        let spoils = |other: &Tx| {
            other.level == Isolation::Serializable
                && other.reads.iter().any(|row| tx.writes.contains_key(row))
        };
        let refused =
            is_checked && tx.reads.iter().any(has_changed) || others(Phase::Prepared).any(spoils);
        match refused {
            true => {
                self.slots[slot] = None;
                None
            }
            false => {
                self.tx(slot).phase = Phase::Prepared;
                Some(true)
            }
        }
    }

    /// Hands a commit to the journal, or past it.
    pub(super) fn publish(&mut self, slot: usize) {
        let tx = self.tx(slot);
        tx.phase = Phase::Publishing;
        let writes = std::mem::take(&mut tx.writes);
        let is_durable = writes.keys().all(|row| row % 2 == 0);
        self.pending.push_back(Pending {
            slot,
            writes,
            is_durable,
        });
        self.appear();
    }

    /// The journal is done with its first record.
    pub(super) fn journal(&mut self, lost: bool) {
        let first = self.pending.iter_mut().find(|pending| !pending.is_durable);
        if let Some(first) = first {
            first.is_durable = true;
            if lost {
                first.writes.clear();
            }
        }
        self.appear();
    }

    fn appear(&mut self) {
        while self.pending.front().is_some_and(|first| first.is_durable) {
            let first = self.pending.pop_front().expect("it was just seen");
            self.history.push(first.writes);
            self.slots[first.slot] = None;
        }
    }

    pub(super) fn abort(&mut self, slot: usize) {
        self.slots[slot] = None;
    }
}
