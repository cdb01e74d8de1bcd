//! What was seen to go wrong in the system that the guide comes from, and the test that it does not go wrong here.

use std::collections::BTreeSet;

use serde_json::json;
use weldkit::testing::TestHost;
use weldkit::transaction::{Cell, Containers, Durability, State, Transactions, current};
use weldkit::{CallError, Code, Ctx};

use super::ledger::{add_to_both, plain, told, two_books};
use crate::docs::sources;

/// By place: what went wrong, and the tests that hold here; or why there is nothing that it could happen to.
const SEEN: &[(&str, &str, Holds)] = &[
    (
        "transactions",
        "a participant that is not registered is passed over, and the commit succeeds",
        Holds::Tests(&["a_provider_that_takes_no_part_is_an_error_and_not_passed_over"]),
    ),
    (
        "transactions",
        "an operation that was added and never executed is not run by the commit, which succeeds",
        Holds::Never(
            "there is no list of operations: a call of a plugin is the operation, and it has happened or failed when it returns",
        ),
    ),
    (
        "transactions",
        "when one prepare fails, what was done is not undone, and the failed one is not told",
        Holds::Tests(&[
            "a_no_undoes_everything_tells_everybody_and_leaves_nothing_behind",
            "everybody_is_told_what_the_votes_ask_for",
        ]),
    ),
    (
        "transactions",
        "a transaction that failed stays in the table for ever",
        Holds::Tests(&["a_no_undoes_everything_tells_everybody_and_leaves_nothing_behind"]),
    ),
    (
        "transactions",
        "a phase two that fails leaves some committed and some prepared, and nobody hears of it",
        Holds::Tests(&[
            "the_second_phase_is_repeated_until_it_succeeds",
            "a_decision_is_carried_out_at_the_next_start",
            "no_participant_is_told_to_commit_what_a_crash_could_take_back",
        ]),
    ),
    (
        "transactions",
        "a rollback never tells a participant to abort",
        Holds::Tests(&["an_abort_reaches_everybody_and_is_idempotent"]),
    ),
    (
        "transactions",
        "an operation that asks the manager hangs",
        Holds::Tests(&[
            "a_call_may_ask_for_its_own_transaction_and_begin_others",
            "nothing_of_the_host_is_locked_while_plugin_code_runs",
        ]),
    ),
    (
        "transactions",
        "a timeout of 1 ms is not enforced, and a commit after 50 ms succeeds",
        Holds::Tests(&[
            "a_commit_after_the_deadline_is_refused",
            "a_nearer_deadline_wakes_who_waits_for_a_later_one",
        ]),
    ),
    (
        "transaction error handler",
        "it classifies errors and handles none",
        Holds::Tests(&[
            "a_conflict_is_tried_again_and_nothing_else_is",
            "the_second_phase_is_repeated_until_it_succeeds",
        ]),
    ),
    (
        "transaction error handler",
        "severities, escalation, user intervention as settings",
        Holds::Never(
            "an error says whether the same call may succeed and whether it had an effect; that decides, and `app tx` is where a person does",
        ),
    ),
    (
        "rollback manager",
        "a plan is reported as carried out, and none of it is called",
        Holds::Tests(&[
            "what_was_done_is_undone_in_reverse_when_the_run_fails",
            "what_cannot_be_undone_parks_the_run",
            "a_nested_transaction_undoes_itself_alone",
        ]),
    ),
    (
        "rollback manager",
        "checkpoint and restore are lines in a log",
        Holds::Tests(&[
            "savepoints_are_a_stack_at_every_participant",
            "a_backup_under_load_is_one_commit_with_all_that_was_acknowledged_before_it",
        ]),
    ),
    (
        "state persistence",
        "a state is written over the one before, so that a crash destroys both",
        Holds::Tests(&["a_crash_at_any_point_keeps_what_was_acknowledged_and_no_half"]),
    ),
    (
        "state persistence",
        "there is no checksum",
        Holds::Tests(&[
            "after_a_clean_end_every_flipped_bit_is_refused",
            "a_backup_that_is_damaged_at_any_byte_or_of_a_later_version_is_refused",
        ]),
    ),
    (
        "state persistence",
        "a checkpoint is never written, and nothing goes on from one",
        Holds::Tests(&["a_run_goes_on_after_a_restart_and_does_nothing_twice"]),
    ),
    (
        "state persistence",
        "ids from a clock of milliseconds collide",
        Holds::Tests(&["no_two_transactions_have_one_id"]),
    ),
    (
        "state persistence",
        "flags for compression and encryption do nothing",
        Holds::Never("there are no such flags: the file system of the state folder does both"),
    ),
];

/// What is done about it.
enum Holds {
    /// These tests pass.
    Tests(&'static [&'static str]),
    /// It has no counterpart, for this reason.
    Never(&'static str),
}

#[test]
fn everything_that_went_wrong_there_has_a_test_here_or_a_reason() {
    let sources = sources();
    let mut missing: BTreeSet<&str> = BTreeSet::new();
    for (place, what, holds) in SEEN {
        match holds {
            Holds::Tests(tests) => {
                assert!(!tests.is_empty(), "{place}: {what}");
                let lost = tests
                    .iter()
                    .filter(|name| !sources.contains(&format!("fn {name}(")));
                missing.extend(lost);
            }
            Holds::Never(why) => assert!(why.split(' ').count() > 5, "{place}: {what}"),
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}

/// Asks for transactions from inside of one.
#[weldkit::service(name = "curious", version = "1.0")]
trait Curious {
    /// Looks at its own transaction, lists all, and runs another one inside of it.
    #[method(transactional)]
    async fn ask(&self, ctx: &Ctx) -> Result<usize, CallError>;
    /// How many have asked.
    async fn asked(&self, ctx: &Ctx) -> Result<u64, CallError>;
}

struct Asks(Transactions, Cell<u64>);

#[weldkit::plugin(id = "asks", provides(Curious))]
impl Asks {
    async fn start(transactions: Transactions, containers: Containers) -> weldkit::Result<Self> {
        let asked = containers.cell("asked", Durability::Volatile).await?;
        Ok(Self(transactions, asked))
    }
}

impl Curious for Asks {
    async fn ask(&self, ctx: &Ctx) -> Result<usize, CallError> {
        let own = current(ctx).ok_or_else(|| CallError::internal("outside of a transaction"))?;
        assert_eq!(self.0.status(own)?.state, State::Active);
        let asked = self.1.get(ctx).await?.unwrap_or(0);
        self.1.set(ctx, &(asked + 1)).await?;
        let failed = self.0.transaction(ctx).run(async |ctx: Ctx| {
            self.1.set(&ctx, &1_000).await?;
            Err::<(), _>(CallError::not_found("undone by itself"))
        });
        failed.await.unwrap_err();
        let nested = self.0.transaction(ctx).run(async |ctx: Ctx| {
            assert_eq!(current(&ctx), Some(own));
            Ok::<_, CallError>(self.0.list().len())
        });
        nested.await
    }

    async fn asked(&self, ctx: &Ctx) -> Result<u64, CallError> {
        Ok(self.1.get(ctx).await?.unwrap_or(0))
    }
}

/// A nested transaction that a plugin began was refused, since the call that it began in was under way.
#[tokio::test]
async fn a_call_may_ask_for_its_own_transaction_and_begin_others() {
    let test = TestHost::new(|host| host.plugin::<Asks>()).await.unwrap();
    let asks = test.service::<dyn Curious>().unwrap();
    let open = test
        .transaction()
        .run(async |ctx: Ctx| asks.ask(&ctx).await);
    assert_eq!(open.await.unwrap(), 1);
    assert_eq!(asks.asked(&test.ctx()).await.unwrap(), 1);
    assert_eq!(test.transactions().list(), []);
    test.stop().await.unwrap();
}

#[tokio::test]
async fn a_no_undoes_everything_tells_everybody_and_leaves_nothing_behind() {
    let test = TestHost::new(|host| {
        let host = two_books(host, plain(), json!({ "vote": "no" }));
        host.plugin::<Asks>()
    });
    let test = test.await.unwrap();
    let asks = test.service::<dyn Curious>().unwrap();
    let transaction = test.transaction().allow_volatile().begin().unwrap();
    let ctx = transaction.ctx();
    asks.ask(&ctx).await.unwrap();
    add_to_both(&test, &ctx).await.unwrap();
    transaction.commit().await.unwrap_err();
    assert_eq!(transaction.state(), State::RolledBack);
    assert_eq!(asks.asked(&test.ctx()).await.unwrap(), 0, "it is undone");
    assert_eq!(test.transactions().list(), []);
    // Also who said no.
    assert_eq!(told(&test).await, [["prepare", "abort"]; 2]);
    let late = transaction.commit().await.unwrap_err();
    assert_eq!(*late.code(), Code::InvalidState);
}

#[tokio::test]
async fn no_two_transactions_have_one_id() {
    let state = tempfile::TempDir::new().unwrap();
    let mut ids = BTreeSet::new();
    for _ in 0..3 {
        let host = weldkit::Host::builder().plugin::<weldkit_storage_redb::RedbStorage>();
        let host = host.state(state.path()).start().await.unwrap();
        for _ in 0..500 {
            let transaction = host.transaction().begin().unwrap();
            assert!(ids.insert(transaction.id()), "{}", transaction.id());
            transaction.abort().await.unwrap();
        }
        host.stop().await.unwrap();
    }
}
