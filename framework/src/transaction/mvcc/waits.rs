//! Who waits for whom. Pure: a cycle is found when the wait that would close it begins.

use std::collections::{BTreeMap, BTreeSet};

use super::row::Owner;

/// Whom each transaction waits for, and for which row. Several at once, where several of its calls are under way.
#[derive(Debug, Default)]
pub(super) struct Waits(BTreeMap<Owner, Vec<(Owner, String)>>);

impl Waits {
    /// Notes that `waiter` waits for `holder` at a row, unless that closes a circle: then the rows of the circle, from
    /// this one on.
    pub(super) fn begin(
        &mut self,
        waiter: Owner,
        holder: Owner,
        row: String,
    ) -> Result<(), Vec<String>> {
        if let Some(mut path) = self.path(holder, waiter) {
            path.insert(0, row);
            return Err(path);
        }
        self.0.entry(waiter).or_default().push((holder, row));
        Ok(())
    }

    /// The wait is over.
    pub(super) fn end(&mut self, waiter: Owner, holder: Owner) {
        if let Some(holders) = self.0.get_mut(&waiter) {
            if let Some(at) = holders.iter().position(|(known, _)| *known == holder) {
                holders.swap_remove(at);
            }
            if holders.is_empty() {
                self.0.remove(&waiter);
            }
        }
    }

    /// Whether nobody waits.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The rows over which `from` waits for `to`, directly or over others.
    fn path(&self, from: Owner, to: Owner) -> Option<Vec<String>> {
        // Depth first, with a stack of its own: a chain may be as long as there are transactions.
        let mut path: Vec<(Owner, usize)> = vec![(from, 0)];
        let mut seen = BTreeSet::from([from]);
        while let Some((at, next)) = path.last_mut() {
            if *at == to {
                path.pop();
                let row = |(at, next): (Owner, usize)| self.0[&at][next - 1].1.clone();
                return Some(path.into_iter().map(row).collect());
            }
            let holder = self.0.get(at).and_then(|holders| holders.get(*next));
            *next += 1;
            match holder {
                Some((holder, _)) if seen.insert(*holder) => path.push((*holder, 0)),
                Some(_) => {}
                None => drop(path.pop()),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(waits: &mut Waits, waiter: Owner, holder: Owner) -> Result<(), Vec<String>> {
        waits.begin(waiter, holder, format!("{waiter}-{holder}"))
    }

    #[test]
    fn the_wait_that_closes_a_circle_is_refused_and_names_it() {
        let mut waits = Waits::default();
        for (waiter, holder) in [(1, 2), (2, 3), (4, 2), (1, 5)] {
            assert_eq!(begin(&mut waits, waiter, holder), Ok(()));
        }
        let mut check = |waiter, holder, rows: &[&str]| {
            assert_eq!(begin(&mut waits, waiter, holder).unwrap_err(), rows);
        };
        check(3, 1, &["3-1", "1-2", "2-3"]);
        check(3, 4, &["3-4", "4-2", "2-3"]);
        check(2, 2, &["2-2"]);
        waits.end(1, 2);
        assert_eq!(begin(&mut waits, 3, 1), Ok(()), "the circle was broken");
        let circle = begin(&mut waits, 5, 3).unwrap_err();
        assert_eq!(circle, ["5-3", "3-1", "1-5"]);
    }

    #[test]
    fn a_long_chain_and_many_ways_are_walked_once() {
        let mut waits = Waits::default();
        for n in 0..2_000 {
            assert_eq!(begin(&mut waits, n, n + 1), Ok(()));
        }
        // Two ways at each step: every path by itself would be 2 to the 100.
        for n in 0..100 {
            assert_eq!(begin(&mut waits, n, n + 2), Ok(()));
        }
        let circle = begin(&mut waits, 2_000, 0).unwrap_err();
        assert!(circle.len() >= 1_900, "{}", circle.len());
    }
}
