//! What a restart does, from what the journal and the participants say.

use super::*;
use crate::transaction::TransactionId;

type Name = &'static str;

fn id(number: u64) -> TransactionId {
    TransactionId { run: 7, number }
}

fn entry(decision: Decision, local: bool, parties: &[(Name, Option<Heuristic>)]) -> Entry<Name> {
    Entry {
        decision,
        local,
        parties: parties.to_vec(),
    }
}

/// Each transaction that goes on: its number, its parties, its state and its first actions.
fn resumed(recovery: Recovery<Name>) -> Vec<(u64, Vec<Name>, State, String)> {
    let line = |resumed: Resumed<Name>| {
        let state = resumed.coordinator.state();
        (
            resumed.transaction.number,
            resumed.parties,
            state,
            words(&resumed.actions),
        )
    };
    recovery.resume().map(line).collect()
}

#[test]
fn a_decision_without_an_end_commits_and_a_branch_without_a_decision_aborts() {
    let mut recovery = Recovery::new();
    recovery.entry(
        id(1),
        entry(Decision::Commit, false, &[("bank", None), ("shop", None)]),
    );
    recovery.entry(id(2), entry(Decision::Commit, false, &[("bank", None)]));
    recovery.end(id(2));
    // The bank has committed already and says nothing of it; it is told all the same.
    recovery.branch(id(1), "shop");
    recovery.branch(id(3), "bank");
    recovery.branch(id(3), "shop");
    recovery.branch(id(3), "shop");
    let expected = [
        (
            1,
            vec!["bank", "shop"],
            State::Committing,
            "commit:0 commit:1".into(),
        ),
        (
            3,
            vec!["bank", "shop"],
            State::Aborting,
            "abort:0 abort:1".into(),
        ),
    ];
    assert_eq!(resumed(recovery), expected);
}

#[test]
fn a_recovered_transaction_goes_on_until_everybody_has_answered() {
    let mut actions = Vec::new();
    let entry = entry(Decision::Commit, true, &[("bank", None), ("shop", None)]);
    let coordinator = Coordinator::recovered(&entry, &mut actions);
    let events = [
        (committed(0, 0, End::Failed), "commit:0/1"),
        (committed(1, 0, End::Done), ""),
        (Event::Commit, "committed"),
        (committed(0, 1, End::Done), "end"),
    ];
    check(coordinator, &events, State::Committed);

    let presumed = super::Entry {
        decision: Decision::Abort,
        local: false,
        parties: vec![("bank", None)],
    };
    let coordinator = Coordinator::recovered(&presumed, &mut actions);
    let events = [
        (aborted(0, 0, End::Failed), "abort:0/1"),
        (Event::Commit, "rolledback(crash)"),
        // Nothing was recorded, so nothing ends in the journal.
        (aborted(0, 1, End::Done), ""),
    ];
    check(coordinator, &events, State::RolledBack);
}

#[test]
fn what_was_kept_is_still_kept_after_a_restart() {
    let own = Some(Heuristic::RolledBack);
    let mut recovery = Recovery::new();
    recovery.entry(
        id(1),
        entry(Decision::Commit, false, &[("bank", None), ("shop", None)]),
    );
    recovery.entry(
        id(1),
        entry(Decision::Commit, false, &[("bank", own), ("shop", None)]),
    );
    recovery.entry(
        id(2),
        entry(
            Decision::Abort,
            true,
            &[("bank", Some(Heuristic::Committed))],
        ),
    );
    recovery.entry(id(3), entry(Decision::Commit, false, &[("bank", own)]));
    // They remember until they are told to forget.
    recovery.branch(id(1), "bank");
    recovery.branch(id(2), "bank");
    recovery.branch(id(2), "shop");
    recovery.entry(
        id(4),
        entry(Decision::Abort, false, &[("bank", Some(Heuristic::Hazard))]),
    );
    recovery.end(id(4));
    let expected = [
        (
            1,
            vec!["bank", "shop"],
            State::Committing,
            "commit:1".into(),
        ),
        (2, vec!["bank", "shop"], State::Aborting, "abort:1".into()),
        (3, vec!["bank"], State::HeuristicRolledBack, String::new()),
    ];
    assert_eq!(resumed(recovery), expected);
}

/// Most transactions of a journal are local: a replay of a million must not hold a million.
#[test]
fn a_record_with_nobody_to_tell_is_not_held() {
    let mut recovery = Recovery::new();
    let done = Some(Heuristic::Committed);
    recovery.entry(id(1), entry(Decision::Commit, true, &[]));
    recovery.entry(id(2), entry(Decision::Commit, true, &[("last", done)]));
    recovery.entry(id(3), entry(Decision::Commit, true, &[("bank", None)]));
    recovery.entry(id(3), entry(Decision::Commit, true, &[("bank", done)]));
    assert_eq!(resumed(recovery), []);
}

#[test]
fn a_kept_abort_ends_when_it_is_forgotten() {
    let kept = entry(
        Decision::Abort,
        false,
        &[("bank", Some(Heuristic::Committed)), ("shop", None)],
    );
    let mut actions = Vec::new();
    let coordinator = Coordinator::recovered(&kept, &mut actions);
    assert_eq!(words(&actions), "abort:1");
    let events = [
        (aborted(1, 0, End::Done), ""),
        (Event::Forget, "forget:0 end"),
    ];
    check(coordinator, &events, State::HeuristicMixed);
}

#[test]
fn a_branch_that_the_decision_does_not_name_is_aborted() {
    let mut recovery = Recovery::new();
    recovery.entry(id(1), entry(Decision::Commit, false, &[("bank", None)]));
    recovery.branch(id(1), "bank");
    recovery.branch(id(1), "shop");
    let expected = [
        (1, vec!["bank"], State::Committing, "commit:0".into()),
        (1, vec!["shop"], State::Aborting, "abort:0".into()),
    ];
    assert_eq!(resumed(recovery), expected);
}

/// A plugin that is not linked any more is not called; the transaction waits for it by name.
#[test]
fn a_participant_that_is_not_linked_any_more_is_waited_for() {
    let decided = entry(Decision::Commit, false, &[("bank", None), ("gone", None)]);
    let coordinator = Coordinator::recovered(&decided, &mut Vec::new());
    let events = [(committed(0, 0, End::Done), "")];
    let mut coordinator = check(coordinator, &events, State::Committing);
    assert_eq!(coordinator.waiting().collect::<Vec<_>>(), [Party(1)]);
    // An operator has looked: it had been rolled back by hand.
    let says = committed(1, 0, End::Heuristic(Heuristic::RolledBack));
    assert_eq!(step(&mut coordinator, says), "keep:1=RolledBack");
    assert_eq!(coordinator.state(), State::HeuristicMixed);
}

/// The journal's entry at each action that writes one, read back by a restart.
#[test]
fn an_entry_says_who_is_left() {
    let mut coordinator = enlisted(true, &[Kind::Prepares, Kind::LastResource, Kind::Prepares]);
    for event in [
        Event::Commit,
        Event::LocalVoted(Ballot::Prepared),
        voted(0, Ballot::ReadOnly),
        voted(2, Ballot::Prepared),
        committed(1, 0, End::Done),
    ] {
        coordinator.step(event, &mut Vec::new()).unwrap();
    }
    let last = (Party(1), Some(Heuristic::Committed));
    let at_the_decision = Entry {
        decision: Decision::Commit,
        local: true,
        parties: vec![last, (Party(2), None)],
    };
    assert_eq!(coordinator.entry(), at_the_decision);
    for event in [DURABLE, committed(2, 0, End::Heuristic(Heuristic::Hazard))] {
        coordinator.step(event, &mut Vec::new()).unwrap();
    }
    let kept = coordinator.entry();
    assert_eq!(kept.parties, [last, (Party(2), Some(Heuristic::Hazard))]);
    let again = Coordinator::recovered(&kept, &mut Vec::new());
    assert_eq!(again.state(), coordinator.state());
}
