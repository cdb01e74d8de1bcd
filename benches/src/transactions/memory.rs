use std::hint::black_box;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use weldkit::transaction::{AnyParticipant, Branch, HostId, Isolation, Phase};

use super::Bed;
use super::bed::{Left, LeftHand, Right, RightHand};
use crate::{Bound, Case, Claim, Subject, clock};

static BED: LazyLock<Bed> = LazyLock::new(Bed::volatile);

const BARE: &str = "the same calls, by hand";
const TWO_PHASES: &str = "begin, two calls, commit";

/// Two participants that do nothing: the floor makes the very calls that a transaction makes of them.
pub(super) fn two_phases() -> Subject {
    let bed = &*BED;
    let parties: [Arc<dyn AnyParticipant>; 2] = [Arc::new(LeftHand), Arc::new(RightHand)];
    let branch = Branch {
        host: HostId::default(),
        transaction: "00000001-1".parse().expect("the text of an id"),
        isolation: Isolation::RepeatableRead,
        deadline: clock::now() + Duration::from_secs(3_600),
    };
    let bare = async move || {
        let (parties, branch) = (black_box(&parties), black_box(&branch));
        for party in parties {
            party.begin(branch).await.ok();
        }
        bed.left.touch_left(&bed.ctx).await.ok();
        bed.right.touch_right(&bed.ctx).await.ok();
        for party in parties {
            black_box(party.clone().prepare(branch.clone()).await.ok());
        }
        for party in parties {
            black_box(party.clone().commit(branch.clone(), Phase::Two).await.ok());
        }
    };
    let ours = async move || {
        let transaction = bed.host.transaction().begin().expect("there is room");
        let ctx = transaction.ctx();
        bed.left.touch_left(&ctx).await.expect("it takes part");
        bed.right.touch_right(&ctx).await.expect("it takes part");
        transaction.commit().await.expect("both are ready");
    };
    Subject {
        title: "in-memory 2PC, two participants",
        cases: vec![
            Case::awaited(BARE, &bed.runtime, bare),
            Case::awaited(TWO_PHASES, &bed.runtime, ours),
        ],
        claims: vec![
            Claim::new(TWO_PHASES, Bound::AtMostTimes(5.0), BARE),
            Claim::alone(TWO_PHASES, 1_000.0),
        ],
    }
}

const RUN: &str = "run, one put";
const BY_ITSELF: &str = "one put by itself";

/// One small write in a container that is kept in memory.
pub(super) fn one_put() -> Subject {
    let bed = &*BED;
    let run = async move || {
        let done = bed
            .host
            .transaction()
            .run(async |ctx| bed.map.put(&ctx, b"account/17", b"100".to_vec()).await);
        done.await.expect("nobody is in its way");
    };
    let alone = async move || {
        let put = bed.map.put(&bed.ctx, b"account/18", b"100".to_vec());
        put.await.expect("nobody is in its way");
    };
    Subject {
        title: "transaction of one put, memory",
        cases: vec![
            Case::awaited(BY_ITSELF, &bed.runtime, alone),
            Case::awaited(RUN, &bed.runtime, run),
        ],
        claims: vec![Claim::alone(RUN, 2_000.0)],
    }
}
