//! Serializable by its definition, and by nothing that the model knows: there is an order in which the transactions that
//! have committed, run one after the other, see what they have seen and leave what they have left.

use proptest::prelude::*;

use super::play::{Play, Seen};
use super::{Held, ROWS, SLOTS};
use crate::transaction::Isolation;

/// Runs one transaction; `false` when it would have seen something else.
fn replays(seen: &[Seen], rows: &mut [Held]) -> bool {
    seen.iter().all(|seen| match seen {
        Seen::Read(row, held) => rows[*row] == *held,
        Seen::Wrote(row, held) => {
            rows[*row] = *held;
            true
        }
        Seen::Scanned(from, limit, found) => {
            let all = (*from..ROWS).step_by(2);
            let held = all.filter_map(|row| Some((row, rows[row]?)));
            held.take(*limit).eq(found.iter().copied())
        }
    })
}

/// Whether some order of the rest, after what has led to `rows`, leads to `last`.
fn is_serial(rest: &[&Vec<Seen>], rows: &[Held], last: &[Held]) -> bool {
    if rest.is_empty() {
        return rows == last;
    }
    (0..rest.len()).any(|first| {
        let (mut rows, mut rest) = (rows.to_vec(), rest.to_vec());
        let seen = rest.remove(first);
        replays(seen, &mut rows) && is_serial(&rest, &rows, last)
    })
}

#[test]
fn write_skew_is_in_no_order() {
    let skew = |read, wrote| vec![Seen::Read(read, None), Seen::Wrote(wrote, Some(1))];
    let (one, other) = (skew(0, 1), skew(1, 0));
    let last = [Some(1), Some(1), None, None, None, None];
    assert!(!is_serial(&[&one, &other], &[None; ROWS], &last));
    assert!(is_serial(
        &[&one],
        &[None; ROWS],
        &[None, Some(1), None, None, None, None]
    ));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn serializable_transactions_have_an_order(
        steps in proptest::collection::vec((0..SLOTS, super::run::op()), 1..60),
    ) {
        let mut play = Play::new();
        for (slot, op) in steps {
            // Seven at most: every order of them is tried.
            if play.begun < 7 || play.model.slots[slot].is_some() {
                play.step(slot, Isolation::Serializable, op);
            }
        }
        let last = play.end();
        let all: Vec<_> = play.committed.iter().collect();
        prop_assert!(is_serial(&all, &[None; ROWS], &last), "{:?}", play.committed);
    }
}
