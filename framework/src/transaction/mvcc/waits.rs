//! Who waits for whom. Pure: a cycle is found when the wait that would close it begins.

use std::collections::BTreeMap;

use super::row::Owner;

/// Each transaction waits for at most one other: calls of one transaction at one row come one at a time,
/// and a second wait of the same transaction is kept beside the first.
#[derive(Debug, Default)]
pub(super) struct Waits(BTreeMap<Owner, Vec<Owner>>);

impl Waits {
    /// Notes that `waiter` waits for `holder`, unless that closes a circle: then the circle, from `waiter` on.
    pub(super) fn begin(&mut self, waiter: Owner, holder: Owner) -> Result<(), Vec<Owner>> {
        let mut path = vec![waiter];
        if self.leads(holder, waiter, &mut path) {
            return Err(path);
        }
        self.0.entry(waiter).or_default().push(holder);
        Ok(())
    }

    /// The wait is over.
    pub(super) fn end(&mut self, waiter: Owner, holder: Owner) {
        if let Some(holders) = self.0.get_mut(&waiter) {
            if let Some(at) = holders.iter().position(|known| *known == holder) {
                holders.swap_remove(at);
            }
            if holders.is_empty() {
                self.0.remove(&waiter);
            }
        }
    }

    /// Whether `from` waits for `to`, directly or over others. No circle exists before, so this ends.
    fn leads(&self, from: Owner, to: Owner, path: &mut Vec<Owner>) -> bool {
        path.push(from);
        if from == to {
            return true;
        }
        let holders = self.0.get(&from).into_iter().flatten();
        for holder in holders {
            if self.leads(*holder, to, path) {
                return true;
            }
        }
        path.pop();
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_that_closes_a_circle_is_refused_and_names_it() {
        let mut waits = Waits::default();
        for (waiter, holder) in [(1, 2), (2, 3), (4, 2), (1, 5)] {
            assert_eq!(waits.begin(waiter, holder), Ok(()));
        }
        assert_eq!(waits.begin(3, 1), Err(vec![3, 1, 2, 3]));
        assert_eq!(waits.begin(3, 4), Err(vec![3, 4, 2, 3]));
        assert_eq!(waits.begin(2, 2), Err(vec![2, 2]));
        waits.end(1, 2);
        assert_eq!(waits.begin(3, 1), Ok(()), "the circle was broken");
        assert_eq!(waits.begin(5, 3), Err(vec![5, 3, 1, 5]));
    }
}
