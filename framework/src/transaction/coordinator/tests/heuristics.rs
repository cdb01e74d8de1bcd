//! Participants that decide by themselves.

use Heuristic::{Committed, Hazard, Mixed, RolledBack};

use super::*;

/// Two participants that prepared, told to commit; and two that are told to abort.
fn told(decision: Decision) -> Coordinator {
    let mut coordinator = enlisted(false, &[Kind::Prepares, Kind::Prepares]);
    let events: &[Event] = match decision {
        Decision::Commit => &[
            Event::Commit,
            voted(0, Ballot::Prepared),
            voted(1, Ballot::Prepared),
            DURABLE,
        ],
        Decision::Abort => &[Event::Abort],
    };
    for event in events {
        coordinator.step(*event, &mut Vec::new()).unwrap();
    }
    coordinator
}

#[test]
fn what_participants_did_against_a_commit_is_told_and_kept() {
    let table: &[(Heuristic, End, State)] = &[
        (Committed, End::Done, State::Committed),
        (Committed, End::Heuristic(Committed), State::Committed),
        (RolledBack, End::Done, State::HeuristicMixed),
        (
            RolledBack,
            End::Heuristic(RolledBack),
            State::HeuristicRolledBack,
        ),
        (RolledBack, End::Heuristic(Hazard), State::HeuristicHazard),
        (Mixed, End::Done, State::HeuristicMixed),
        (Hazard, End::Done, State::HeuristicHazard),
        (Hazard, End::Heuristic(Mixed), State::HeuristicMixed),
    ];
    for (first, second, state) in table {
        against(Decision::Commit, *first, *second, *state);
    }
}

#[test]
fn what_participants_did_against_an_abort_is_told_and_kept() {
    let table: &[(Heuristic, End, State)] = &[
        (RolledBack, End::Done, State::RolledBack),
        (Committed, End::Done, State::HeuristicMixed),
        (
            Committed,
            End::Heuristic(Committed),
            State::HeuristicCommitted,
        ),
        (Committed, End::Heuristic(Hazard), State::HeuristicHazard),
        (Hazard, End::Done, State::HeuristicHazard),
        (Mixed, End::Done, State::HeuristicMixed),
    ];
    for (first, second, state) in table {
        against(Decision::Abort, *first, *second, *state);
    }
}

/// One participant has decided by itself; the other answers so.
fn against(decision: Decision, first: Heuristic, second: End, state: State) {
    let case = format!("{decision:?} {first:?} {second:?}");
    let mut coordinator = told(decision);
    let mut hear = |party, end| {
        let event = match decision {
            Decision::Commit => committed(party, 0, end),
            Decision::Abort => aborted(party, 0, end),
        };
        step(&mut coordinator, event)
    };
    let kept = match first == decision.heuristic() {
        true => String::new(),
        false => format!("keep:0={first:?}"),
    };
    assert_eq!(hear(0, End::Heuristic(first)), kept, "{case}");
    let said = hear(1, second);
    assert_eq!(coordinator.state(), state, "{case}: {said}");
    let answer = match state.as_str().strip_prefix("heuristic_") {
        Some(what) => format!("heuristic({})", what.replace('_', "")),
        None => state.as_str().replace('_', ""),
    };
    assert!(said.contains(&answer), "{case}: {said}");
    assert_eq!(
        said.ends_with("end"),
        state == State::Committed,
        "{case}: {said}"
    );
}

#[test]
fn known_damage_comes_before_possible_damage() {
    let mut coordinator = enlisted(false, &[Kind::Prepares; 3]);
    coordinator.step(Event::Abort, &mut Vec::new()).unwrap();
    let events = [
        (aborted(0, 0, End::Heuristic(Hazard)), "keep:0=Hazard"),
        (aborted(1, 0, End::Heuristic(Committed)), "keep:1=Committed"),
        (aborted(2, 0, End::Done), "heuristic(mixed)"),
    ];
    check(coordinator, &events, State::HeuristicMixed);
}

#[test]
fn a_heuristic_outcome_is_kept_until_it_is_forgotten() {
    let events = [
        (
            committed(0, 0, End::Heuristic(RolledBack)),
            "keep:0=RolledBack",
        ),
        (committed(1, 0, End::Failed), "commit:1/1 heuristic(mixed)"),
        (
            Event::Forget,
            "a transaction that is committing cannot take Forget: nothing before can have caused it",
        ),
        (committed(1, 1, End::Done), ""),
        (Event::Commit, "heuristic(mixed)"),
        (Event::Abort, "heuristic(mixed)"),
        (Event::Expire, ""),
        (Event::Forget, "forget:0 end"),
        (Event::Forget, "forget:0 end"),
    ];
    check(told(Decision::Commit), &events, State::HeuristicMixed);
}

#[test]
fn what_a_participant_did_by_itself_counts_whichever_attempt_it_answers() {
    let events = [
        (committed(0, 0, End::Failed), "commit:0/1"),
        (
            committed(0, 0, End::Heuristic(RolledBack)),
            "keep:0=RolledBack",
        ),
        (committed(0, 1, End::Done), ""),
        (committed(1, 0, End::Done), "heuristic(mixed)"),
    ];
    check(told(Decision::Commit), &events, State::HeuristicMixed);
}

#[test]
fn an_operator_says_what_a_participant_did_that_does_not_answer() {
    let events = [
        (committed(0, 0, End::Failed), "commit:0/1"),
        (committed(1, 0, End::Done), "committed"),
        (committed(0, 1, End::Heuristic(Committed)), "end"),
    ];
    check(told(Decision::Commit), &events, State::Committed);
}
