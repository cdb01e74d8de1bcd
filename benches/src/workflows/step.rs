use std::sync::LazyLock;

use super::bed::Bed;
use crate::{Bound, Case, Claim, Subject, clock};

static BED: LazyLock<Bed> = LazyLock::new(|| Bed::start(None));

const CALL: &str = "the call by itself, isolated";
const STEP: &str = "a step of a run that is kept nowhere";

/// What a step costs beside the call that it makes.
pub(super) fn subject() -> Subject {
    let bed = &*BED;
    let ctx = bed.host.ctx();
    let call = async move || {
        let input = br#"{"number":7}"#.to_vec();
        let answer = bed.host.call_apart(&ctx, "stepping.next", input).await;
        answer.expect("the provider answers");
    };
    let steps = move |times: u64| clock::time(|| bed.runtime.block_on(bed.run(times, false)));
    Subject {
        title: "workflow step, not durable",
        cases: vec![
            Case::awaited(CALL, &bed.runtime, call),
            Case::timed(STEP, steps),
        ],
        claims: vec![Claim::new(STEP, Bound::AtMostMore(2_000.0), CALL)],
    }
}
