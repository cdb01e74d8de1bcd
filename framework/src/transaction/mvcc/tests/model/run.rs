//! Four transactions at mixed levels.

use proptest::prelude::*;

use super::play::{Op, Play};
use super::{ROWS, SLOTS};
use crate::transaction::Isolation;

pub(super) fn op() -> impl Strategy<Value = Op> {
    let row = 0..ROWS;
    prop_oneof![
        4 => row.clone().prop_map(Op::Get),
        5 => row.clone().prop_map(Op::Put),
        2 => row.clone().prop_map(Op::Delete),
        3 => (row, 1_usize..5).prop_map(|(from, limit)| Op::Scan(from, limit)),
        1 => Just(Op::EndScan),
        2 => Just(Op::Prepare),
        4 => Just(Op::Publish),
        1 => Just(Op::Abort),
        4 => Just(Op::Force),
        1 => Just(Op::Checkpoint),
    ]
}

fn any_op() -> impl Strategy<Value = Op> {
    prop_oneof![
        20 => op(),
        1 => Just(Op::Savepoint),
        1 => (0_usize..3).prop_map(Op::RollbackTo),
        1 => (0_usize..3).prop_map(Op::Release),
        1 => Just(Op::Lose),
    ]
}

fn level() -> impl Strategy<Value = Isolation> {
    proptest::sample::select(&Isolation::ALL[..])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_interleaving_is_as_the_model_has_it(
        steps in proptest::collection::vec((0..SLOTS, level(), any_op()), 1..80),
    ) {
        let mut play = Play::new();
        for (slot, level, op) in steps {
            play.step(slot, level, op);
        }
        play.end();
    }
}
