//! What is refused, and in which words.

use super::*;

/// A transaction in each state.
fn in_every_state() -> Vec<Coordinator> {
    let yes = Event::LocalVoted(Ballot::Prepared);
    let read = Event::LocalVoted(Ballot::ReadOnly);
    let own = |what| committed(0, 0, End::Heuristic(what));
    let one = [Kind::Prepares];
    let prepared = voted(0, Ballot::Prepared);
    let unknown = Event::Recorded(Recorded::Unknown);
    let mut all = vec![
        after(&[], &[]),
        after(&[], &[Event::RollbackOnly]),
        after(&[], &[Event::Commit]),
        after(&[], &[Event::Commit, yes]),
        after(&one, &[Event::Commit, yes, prepared, DURABLE]),
        after(&[], &[Event::Commit, yes, DURABLE]),
        after(&one, &[Event::Abort]),
        after(&[], &[Event::Abort]),
        after(&one, &[Event::Commit, read, own(Heuristic::Mixed)]),
        after(&one, &[Event::Commit, read, own(Heuristic::Hazard)]),
        after(&[], &[Event::Commit, yes, unknown]),
    ];
    for (decision, what) in [
        (Decision::Commit, Heuristic::RolledBack),
        (Decision::Abort, Heuristic::Committed),
    ] {
        let entry = Entry {
            decision,
            local: false,
            parties: vec![("a", Some(what))],
        };
        all.push(Coordinator::recovered(&entry, &mut Vec::new()));
    }
    let mut reached: Vec<State> = all.iter().map(Coordinator::state).collect();
    reached.sort();
    assert_eq!(reached, State::ALL);
    all
}

/// A transaction with the local store and these participants, after these events.
fn after(kinds: &[Kind], events: &[Event]) -> Coordinator {
    let mut coordinator = enlisted(true, kinds);
    for event in events {
        coordinator.step(*event, &mut Vec::new()).unwrap();
    }
    coordinator
}

#[test]
fn calls_savepoints_and_participants_come_while_it_is_active_only() {
    for mut coordinator in in_every_state() {
        let state = coordinator.state();
        let refused = match state {
            State::Active => None,
            state => Some(Refused::State(state)),
        };
        assert_eq!(coordinator.admit().err(), refused);
        let before = coordinator.clone();
        assert_eq!(coordinator.enlist(Kind::Prepares).err(), refused);
        assert_eq!(coordinator.enlist_local().err(), refused);
        if let Some(refused) = refused {
            assert_eq!(coordinator, before, "a refusal changes nothing");
            let told = refused.to_string();
            assert!(
                told.starts_with(&format!("the transaction is {state}: ")),
                "{told}"
            );
        }
    }
}

#[test]
fn one_participant_at_most_cannot_prepare() {
    let mut coordinator = enlisted(false, &[Kind::Prepares, Kind::LastResource]);
    let first = Party(1);
    let refused = coordinator.enlist(Kind::LastResource).unwrap_err();
    assert_eq!(refused, Refused::LastResource { first });
    assert_eq!(coordinator.enlist(Kind::Prepares), Ok(Party(2)));
}

#[test]
fn participants_are_bounded() {
    let mut coordinator = enlisted(true, &[Kind::Prepares; limit::PARTICIPANTS]);
    assert_eq!(coordinator.enlist(Kind::Prepares), Err(Refused::Full));
    assert_eq!(
        coordinator.enlist_local(),
        Ok(()),
        "the local store is no participant"
    );
    assert_eq!(coordinator.admit(), Ok(()));
}

/// Everything that a driver could say of three places, one of which nobody enlisted.
fn every_event() -> Vec<Event> {
    let mut events = vec![
        Event::Commit,
        Event::Abort,
        Event::RollbackOnly,
        Event::Expire,
        Event::Forget,
    ];
    let ballots = [Ballot::Prepared, Ballot::ReadOnly, Ballot::No];
    events.extend(ballots.map(Event::LocalVoted));
    events.extend([Recorded::Durable, Recorded::Failed, Recorded::Unknown].map(Event::Recorded));
    let ends = [
        End::Done,
        End::Failed,
        End::Unknown,
        End::Heuristic(Heuristic::Committed),
        End::Heuristic(Heuristic::RolledBack),
        End::Heuristic(Heuristic::Mixed),
        End::Heuristic(Heuristic::Hazard),
    ];
    for party in 0..3 {
        events.extend(ballots.map(|ballot| voted(party, ballot)));
        for (attempt, end) in [0, 1]
            .into_iter()
            .flat_map(|attempt| ends.map(|end| (attempt, end)))
        {
            events.extend([committed(party, attempt, end), aborted(party, attempt, end)]);
        }
    }
    events
}

/// Not only what a correct driver does: whatever is fed in whatever order, nothing panics, what is
/// illegal changes nothing and says so, and what was decided and answered stays.
#[test]
fn every_event_in_every_state_is_taken_or_refused() {
    let events = every_event();
    let mut seen = std::collections::BTreeSet::new();
    let mut todo = Vec::new();
    for local in [false, true] {
        for kinds in [
            &[][..],
            &[Kind::Prepares],
            &[Kind::LastResource],
            &[Kind::Prepares, Kind::Prepares],
            &[Kind::Prepares, Kind::LastResource],
        ] {
            todo.push(enlisted(local, kinds));
        }
    }
    let mut reached = std::collections::BTreeSet::new();
    while let Some(before) = todo.pop() {
        let far = before.members.iter().any(|member| member.attempt > 2);
        if far || !seen.insert(format!("{before:?}")) {
            continue;
        }
        reached.insert(before.state());
        for event in &events {
            let mut after = before.clone();
            let mut actions = Vec::new();
            match after.step(*event, &mut actions) {
                Ok(()) => check_progress(&before, *event, &after, &actions),
                Err(illegal) => {
                    assert_eq!((&after, actions.len()), (&before, 0), "{illegal}");
                    let named = format!(
                        "a transaction that is {} cannot take {event:?}",
                        before.state()
                    );
                    assert!(illegal.to_string().starts_with(&named), "{illegal}");
                }
            }
            todo.push(after);
        }
    }
    assert_eq!(reached.into_iter().collect::<Vec<_>>(), State::ALL);
}

fn check_progress(before: &Coordinator, event: Event, after: &Coordinator, actions: &[Action]) {
    let case = || format!("{before:?} {event:?} {after:?} {actions:?}");
    let answers = actions
        .iter()
        .filter(|action| matches!(action, Action::Answer(_)));
    let asked = matches!(event, Event::Commit | Event::Abort);
    assert!(
        answers.count() <= usize::from(asked || !before.answered),
        "{}",
        case()
    );
    if before.state().is_decided() {
        assert!(after.state().is_decided(), "{}", case());
        assert_eq!(before.decision(), after.decision(), "{}", case());
    }
    if before.logged && !after.state().is_heuristic() && after.state().is_ended() {
        let ends_now = actions.contains(&Action::End);
        assert!(ends_now || before.state().is_ended(), "{}", case());
    }
    let ended = after.state().is_ended();
    assert!(!ended || after.waiting().next().is_none(), "{}", case());
    assert!(!ended || after.answered, "{}", case());
}

#[test]
fn the_words_of_states_are_those_of_json() {
    for state in State::ALL {
        let json = serde_json::to_string(&state).unwrap();
        assert_eq!(json, format!("\"{state}\""));
        assert_eq!(serde_json::from_str::<State>(&json).unwrap(), state);
    }
}
