//! Who asks when, who answers late, twice or not at all.

use super::*;

const TWO: &[Kind] = &[Kind::Prepares, Kind::Prepares];
const NO: Ballot = Ballot::No;
const YES: Ballot = Ballot::Prepared;

#[test]
fn commit_and_abort_are_idempotent() {
    let committed_one = [
        (Event::Commit, "one:0"),
        (Event::Commit, ""),
        (Event::Abort, ""),
        (committed(0, 0, End::Done), "committed"),
        (Event::Commit, "committed"),
        (Event::Abort, "committed"),
    ];
    check(
        enlisted(false, &[Kind::Prepares]),
        &committed_one,
        State::Committed,
    );

    let aborted_two = [
        (Event::Abort, "abort:0 abort:1"),
        (Event::Abort, ""),
        (Event::Commit, ""),
        (aborted(0, 0, End::Done), ""),
        (aborted(1, 0, End::Done), "rolledback(asked)"),
        (Event::Commit, "rolledback(asked)"),
        (Event::Abort, "rolledback(asked)"),
    ];
    check(enlisted(false, TWO), &aborted_two, State::RolledBack);

    let answered_while_told = [
        (Event::Commit, "0? 1?"),
        (voted(0, YES), ""),
        (voted(1, YES), "record"),
        (Event::Abort, ""),
        (DURABLE, "commit:0 commit:1"),
        (committed(0, 0, End::Done), ""),
        (committed(1, 0, End::Failed), "commit:1/1 committed"),
        (Event::Commit, "committed"),
        (Event::Abort, "committed"),
    ];
    check(
        enlisted(false, TWO),
        &answered_while_told,
        State::Committing,
    );

    let in_doubt = [
        (Event::Commit, "local?"),
        (Event::LocalVoted(YES), "record"),
        (Event::Recorded(Recorded::Unknown), "indoubt"),
        (Event::Commit, "indoubt"),
        (Event::Abort, "indoubt"),
        (Event::Expire, ""),
    ];
    check(enlisted(true, &[]), &in_doubt, State::InDoubt);
}

#[test]
fn a_deadline_aborts_before_the_decision_and_means_nothing_after_it() {
    let late_commit = [
        (Event::Expire, "discard abort:0"),
        (Event::Commit, ""),
        (aborted(0, 0, End::Done), "rolledback(deadline)"),
        (Event::Commit, "rolledback(deadline)"),
        (Event::Expire, ""),
    ];
    check(
        enlisted(true, &[Kind::Prepares]),
        &late_commit,
        State::RolledBack,
    );

    let while_preparing = [
        (Event::Commit, "0? 1?"),
        (voted(0, YES), ""),
        (Event::Expire, "abort:0 abort:1"),
    ];
    check(enlisted(false, TWO), &while_preparing, State::Aborting);

    let while_the_local_store_is_asked = [
        (Event::Commit, "local?"),
        (Event::Expire, "discard rolledback(deadline)"),
        (Event::LocalVoted(YES), ""),
    ];
    check(
        enlisted(true, &[]),
        &while_the_local_store_is_asked,
        State::RolledBack,
    );

    let while_deciding = [
        (Event::Commit, "0? 1?"),
        (voted(1, YES), ""),
        (voted(0, YES), "record"),
        (Event::Expire, ""),
        (DURABLE, "commit:0 commit:1"),
        (Event::Expire, ""),
    ];
    check(enlisted(false, TWO), &while_deciding, State::Committing);

    let while_one_decides = [
        (Event::Commit, "one:0"),
        (Event::Expire, ""),
        (committed(0, 0, End::Done), "committed"),
    ];
    check(
        enlisted(false, &[Kind::LastResource]),
        &while_one_decides,
        State::Committed,
    );
}

#[test]
fn rollback_only_leaves_no_other_way() {
    let doomed = [
        (Event::RollbackOnly, ""),
        (Event::RollbackOnly, ""),
        (Event::Commit, "discard rolledback(rollbackonly)"),
    ];
    check(enlisted(true, &[]), &doomed, State::RolledBack);
    let asked_for = [
        (Event::RollbackOnly, ""),
        (Event::Abort, "discard rolledback(asked)"),
    ];
    check(enlisted(true, &[]), &asked_for, State::RolledBack);
    let expired = [
        (Event::RollbackOnly, ""),
        (Event::Expire, "discard rolledback(deadline)"),
    ];
    check(enlisted(true, &[]), &expired, State::RolledBack);
    let while_preparing = [
        (Event::Commit, "0? 1?"),
        (Event::RollbackOnly, "abort:0 abort:1"),
    ];
    check(enlisted(false, TWO), &while_preparing, State::Aborting);
}

#[test]
fn a_no_aborts_all_and_a_vote_that_comes_late_is_answered_with_an_abort() {
    let outstanding = [
        (Event::Commit, "local?"),
        (Event::LocalVoted(YES), "0? 1? 2?"),
        (voted(0, YES), ""),
        // All of them: who is prepared, who said no and who has not answered.
        (voted(1, NO), "discard abort:0 abort:1 abort:2"),
        // The abort is on its way.
        (voted(2, YES), ""),
        (aborted(0, 0, End::Done), ""),
        (aborted(1, 0, End::Done), ""),
        (aborted(2, 0, End::Done), "rolledback(party(1))"),
        // Nothing is on its way any more.
        (voted(2, Ballot::ReadOnly), ""),
        (voted(2, NO), ""),
        (voted(2, YES), "abort:2/1"),
        (aborted(2, 0, End::Done), ""),
        (aborted(2, 1, End::Failed), "abort:2/2"),
        (aborted(2, 2, End::Done), ""),
    ];
    let three = [Kind::Prepares; 3];
    check(enlisted(true, &three), &outstanding, State::RolledBack);
}

#[test]
fn phase_two_is_repeated_until_it_is_done() {
    let never_gives_up = [
        (Event::Commit, "0? 1?"),
        (voted(0, YES), ""),
        (voted(1, YES), "record"),
        (DURABLE, "commit:0 commit:1"),
        (committed(1, 0, End::Failed), "commit:1/1"),
        // The caller has waited for one attempt at each.
        (committed(0, 0, End::Unknown), "commit:0/1 committed"),
        (committed(1, 1, End::Failed), "commit:1/2"),
        // Answers to an attempt that was given up.
        (committed(1, 0, End::Failed), ""),
        (committed(1, 1, End::Done), ""),
        (committed(1, 2, End::Done), ""),
        (committed(1, 2, End::Done), ""),
        (committed(0, 1, End::Done), "end"),
        (committed(0, 1, End::Failed), ""),
    ];
    let ended = check(enlisted(false, TWO), &never_gives_up, State::Committed);
    assert_eq!(ended.waiting().count(), 0);

    let aborting = [
        (Event::Abort, "abort:0 abort:1"),
        (aborted(0, 0, End::Failed), "abort:0/1"),
        (aborted(1, 0, End::Done), "rolledback(asked)"),
        (aborted(0, 1, End::Unknown), "abort:0/2"),
    ];
    let mut aborting = check(enlisted(false, TWO), &aborting, State::Aborting);
    assert_eq!(aborting.waiting().collect::<Vec<_>>(), [Party(0)]);
    assert_eq!(step(&mut aborting, aborted(0, 2, End::Done)), "");
    assert_eq!(aborting.state(), State::RolledBack);
}

#[test]
fn what_is_said_twice_counts_once() {
    let votes = [
        (Event::Commit, "0? 1?"),
        (voted(0, YES), ""),
        (voted(0, YES), ""),
        (voted(0, NO), ""),
        (voted(1, Ballot::ReadOnly), "record"),
        (voted(1, YES), ""),
        (DURABLE, "commit:0"),
        (voted(0, YES), ""),
        (committed(0, 0, End::Done), "committed end"),
        (voted(0, YES), ""),
    ];
    check(enlisted(false, TWO), &votes, State::Committed);
    let one_phase = [
        (Event::Commit, "one:0"),
        (committed(0, 0, End::Failed), "abort:0"),
        (committed(0, 0, End::Failed), ""),
        (aborted(0, 0, End::Done), "rolledback(party(0))"),
    ];
    check(
        enlisted(false, &[Kind::Prepares]),
        &one_phase,
        State::RolledBack,
    );
}

#[test]
fn the_delay_grows_to_a_bound() {
    let millis = |attempt| delay(attempt).as_millis();
    assert_eq!([0, 1, 2, 3, 4].map(millis), [0, 10, 20, 40, 80]);
    for attempt in [12, 13, 32, 33, 64, u32::MAX] {
        assert!(delay(attempt) <= limit::PHASE_TWO_DELAY_MAX);
        assert!(delay(attempt) >= delay(attempt - 1));
    }
    assert_eq!(delay(u32::MAX), limit::PHASE_TWO_DELAY_MAX);
}
