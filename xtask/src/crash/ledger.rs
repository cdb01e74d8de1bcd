//! What was acknowledged, against what is there.

use std::collections::BTreeMap;

use crate::error::{Error, Problem, Result};

/// The books of all runs.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    kills: u64,
    acknowledged: u64,
    lost: u64,
    doubled: u64,
    /// By client: the last number that must be there.
    last: BTreeMap<u64, u64>,
}

impl Ledger {
    /// A state in which nothing has happened.
    pub(super) fn begin(&mut self) {
        self.last.clear();
    }

    /// A run was killed after these commits, by client and number.
    pub(super) fn killed(&mut self, acknowledged: &[(u64, u64)]) {
        self.kills += 1;
        self.acknowledged += acknowledged.len() as u64;
        for (client, number) in acknowledged {
            self.last.insert(*client, *number);
        }
    }

    /// Compares with what a reader has found. A client has one transfer at a time, so one more than was acknowledged
    /// may be there, and no further.
    ///
    /// # Errors
    /// Every client of which commits are lost, or were done without being asked for.
    pub(super) fn compare(&mut self, found: &[(u64, u64)]) -> Result<()> {
        let mut problems = Vec::new();
        for (client, found) in found {
            let last = self.last.insert(*client, *found).unwrap_or(0);
            let lost = last.saturating_sub(*found);
            let doubled = found.saturating_sub(last + 1);
            self.lost += lost;
            self.doubled += doubled;
            if lost + doubled > 0 {
                problems.push(Problem::new(format!(
                    "client {client} was told of {last} and is at {found}"
                )));
            }
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Error::Failed(problems))
        }
    }

    /// One line for all of it.
    pub(super) fn summary(&self, what: &str) -> String {
        format!(
            "crash: {} kills, {} {what} acknowledged, {} lost, {} doubled",
            self.kills, self.acknowledged, self.lost, self.doubled
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_acknowledged_must_be_there_and_at_most_one_more() {
        let check = |found: u64, expected: &str| {
            let mut ledger = Ledger::default();
            ledger.killed(&[(0, 1), (0, 2)]);
            assert_eq!(
                ledger.compare(&[(0, found)]).is_ok(),
                ledger.lost + ledger.doubled == 0
            );
            assert_eq!(
                ledger.summary("commits"),
                format!("crash: 1 kills, 2 commits acknowledged, {expected}")
            );
        };
        check(1, "1 lost, 0 doubled");
        check(2, "0 lost, 0 doubled");
        check(3, "0 lost, 0 doubled");
        check(4, "0 lost, 1 doubled");
    }

    #[test]
    fn the_next_run_goes_on_from_what_was_found() {
        let mut ledger = Ledger::default();
        ledger.killed(&[(0, 1)]);
        ledger.compare(&[(0, 2)]).unwrap();
        ledger.killed(&[]);
        ledger.compare(&[(0, 3)]).unwrap();
        ledger.killed(&[]);
        ledger.compare(&[(0, 2)]).unwrap_err();
        ledger.begin();
        ledger.killed(&[]);
        ledger.compare(&[(0, 1)]).unwrap();
    }
}
