//! One key: its versions and who may write it next. Pure: no clock, no task, no lock.

use std::sync::Arc;
use std::vec::Drain;

/// A moment of the host's one commit clock.
pub(super) type Timestamp = u64;

/// One transaction's part in the store, unique in the life of the store.
pub(super) type Owner = u64;

/// What a key holds from a moment on; `None`: nothing.
pub(super) type Value = Option<Arc<[u8]>>;

/// The versions of one key, oldest first, and its lock.
#[derive(Debug, Default)]
pub(super) struct Row {
    versions: Vec<(Timestamp, Value)>,
    /// Who has written it and has not ended. A lock that is data: nothing of the host is held meanwhile.
    owner: Option<Owner>,
}

/// Whether a transaction may write a row now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    /// It owns the row from now on.
    Owned,
    /// It has owned the row before.
    Already,
    /// Somebody else does.
    HeldBy(Owner),
    /// The row has a version that its snapshot does not see.
    Newer,
}

impl Row {
    /// What a snapshot sees: the newest version that is not newer. `None` when the row has none of that age.
    pub(super) fn at(&self, snapshot: Timestamp) -> Option<&Value> {
        let seen = self.versions.iter().rev().find(|(ts, _)| *ts <= snapshot);
        seen.map(|(_, value)| value)
    }

    /// Whether a version is newer than the snapshot, visible or not.
    pub(super) fn is_newer_than(&self, snapshot: Timestamp) -> bool {
        self.versions.last().is_some_and(|(ts, _)| *ts > snapshot)
    }

    /// First updater wins: takes the row's lock, unless another has it or, for a snapshot, unless another was faster.
    pub(super) fn claim(&mut self, owner: Owner, snapshot: Option<Timestamp>) -> Claim {
        match self.owner {
            Some(other) if other != owner => return Claim::HeldBy(other),
            Some(_) => return Claim::Already,
            None => {}
        }
        if snapshot.is_some_and(|snapshot| self.is_newer_than(snapshot)) {
            return Claim::Newer;
        }
        self.owner = Some(owner);
        Claim::Owned
    }

    /// Who has its lock.
    pub(super) fn owner(&self) -> Option<Owner> {
        self.owner
    }

    /// Gives the lock back.
    pub(super) fn release(&mut self, owner: Owner) {
        if self.owner == Some(owner) {
            self.owner = None;
        }
    }

    /// Adds a version. Whoever owns the row is the only one to do so, and timestamps only grow.
    pub(super) fn install(&mut self, ts: Timestamp, value: Value) {
        debug_assert!(!self.is_newer_than(ts), "versions come in order");
        self.versions.push((ts, value));
    }

    /// Takes a version out again that never became visible.
    pub(super) fn withdraw(&mut self, ts: Timestamp) -> Vec<(Timestamp, Value)> {
        let gone = self.versions.extract_if(.., |(version, _)| *version == ts);
        gone.collect()
    }

    /// Drops what no snapshot from `oldest` on can see.
    pub(super) fn prune(&mut self, oldest: Timestamp) -> Drain<'_, (Timestamp, Value)> {
        let seen = self.versions.iter().rposition(|(ts, _)| *ts <= oldest);
        self.versions.drain(..seen.unwrap_or(0))
    }

    /// Whether nobody is about to write it.
    pub(super) fn is_free(&self) -> bool {
        self.owner.is_none()
    }

    /// Drops what none of these snapshots sees, nor any that is newer than the last of them. Oldest first.
    pub(super) fn thin(&mut self, snapshots: &[Timestamp]) -> Vec<(Timestamp, Value)> {
        let newest = snapshots.last().copied().unwrap_or(0);
        let until: Vec<Timestamp> = self.versions.iter().skip(1).map(|(ts, _)| *ts).collect();
        let mut until = until.into_iter();
        let gone = self.versions.extract_if(.., |(from, _)| {
            // The last version has nothing after it, and one that ends after the newest snapshot may still be seen.
            until.next().is_some_and(|until| {
                let first = snapshots.partition_point(|snapshot| snapshot < from);
                until <= newest && snapshots.get(first).is_none_or(|seen| *seen >= until)
            })
        });
        gone.collect()
    }

    /// Whether its newest version is of that commit, and something beside it waits for a snapshot to end.
    pub(super) fn is_held_up(&self, committed: Timestamp, has_base: bool) -> bool {
        match self.versions.as_slice() {
            [(ts, None)] => *ts == committed && !has_base,
            [] | [_] => false,
            [.., (ts, _)] => *ts == committed,
        }
    }

    /// How many versions it keeps.
    pub(super) fn len(&self) -> usize {
        self.versions.len()
    }

    /// What is left of it.
    pub(super) fn into_versions(self) -> Vec<(Timestamp, Value)> {
        self.versions
    }

    /// Whether nothing would be lost with the row: nobody owns it, and all it says is that there is nothing. A row over
    /// a base says so against the base, and stays until the base says so too.
    pub(super) fn is_void(&self, oldest: Timestamp, has_base: bool) -> bool {
        let is_gone = match self.versions.as_slice() {
            [] => true,
            [(ts, None)] => !has_base && *ts <= oldest,
            _ => false,
        };
        self.owner.is_none() && is_gone
    }

    /// The newest version that every snapshot from `oldest` on sees: what a base may hold.
    pub(super) fn settled(&self, oldest: Timestamp) -> Option<(Timestamp, &Value)> {
        let settled = self.versions.iter().rev().find(|(ts, _)| *ts <= oldest);
        settled.map(|(ts, value)| (*ts, value))
    }

    /// Drops the versions up to `ts`: the base holds them now.
    pub(super) fn rebase(&mut self, ts: Timestamp) -> Vec<(Timestamp, Value)> {
        let gone = self.versions.extract_if(.., |(version, _)| *version <= ts);
        gone.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        Some(text.as_bytes().into())
    }

    fn row(versions: &[(Timestamp, &str)]) -> Row {
        let mut row = Row::default();
        for (ts, text) in versions {
            row.install(*ts, value(text));
        }
        row
    }

    #[test]
    fn a_snapshot_sees_the_newest_version_that_is_not_newer() {
        let row = row(&[(2, "a"), (5, "b")]);
        for (snapshot, expected) in [
            (1, None),
            (2, Some("a")),
            (4, Some("a")),
            (5, Some("b")),
            (9, Some("b")),
        ] {
            let seen = row.at(snapshot).map(|seen| seen.clone().unwrap());
            assert_eq!(seen.as_deref(), expected.map(str::as_bytes), "{snapshot}");
        }
    }

    #[test]
    fn the_first_updater_wins() {
        let mut row = row(&[(5, "a")]);
        assert_eq!(row.claim(1, Some(4)), Claim::Newer);
        assert_eq!(row.claim(1, Some(5)), Claim::Owned);
        assert_eq!(row.claim(1, None), Claim::Already);
        assert_eq!(row.claim(2, None), Claim::HeldBy(1));
        row.release(2);
        assert_eq!(
            row.claim(2, None),
            Claim::HeldBy(1),
            "only its own lock is given back"
        );
        row.release(1);
        assert_eq!(row.claim(2, None), Claim::Owned);
    }

    #[test]
    fn what_nobody_can_see_goes() {
        let check = |oldest, expected| {
            let mut row = row(&[(2, "a"), (5, "b"), (7, "c")]);
            let gone = row.prune(oldest).len();
            assert_eq!((row.len(), gone), (expected, 3 - expected), "{oldest}");
        };
        for (oldest, expected) in [(1, 3), (2, 3), (5, 2), (6, 2), (7, 1), (9, 1)] {
            check(oldest, expected);
        }
        let mut gone = row(&[(2, "a")]);
        gone.install(5, None);
        drop(gone.prune(5));
        assert!(gone.is_void(5, false));
        assert!(
            !gone.is_void(4, false),
            "a snapshot may still need to see that it went"
        );
        assert!(!gone.is_void(5, true), "the base still has it");
    }
}
