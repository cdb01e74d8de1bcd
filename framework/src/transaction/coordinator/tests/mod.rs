mod combinations;
mod errors;
mod exploration;
mod heuristics;
mod orders;
mod purity;
mod recovery;

use std::fmt::Write;

use super::*;
use crate::transaction::Phase;

/// `action` in one word, for tables: `0?` asks participant 0 to prepare, `one:0` commits it in one phase.
fn word(action: Action) -> String {
    match action {
        Action::PrepareLocal => "local?".into(),
        Action::PublishLocal => "publish".into(),
        Action::DiscardLocal => "discard".into(),
        Action::Prepare { party } => format!("{}?", party.0),
        Action::Record => "record".into(),
        Action::Commit {
            party,
            phase: Phase::One,
            attempt: 0,
        } => format!("one:{}", party.0),
        Action::Commit { party, attempt, .. } => repeated("commit", party, attempt),
        Action::Abort { party, attempt } => repeated("abort", party, attempt),
        Action::Keep { party, heuristic } => format!("keep:{}={heuristic:?}", party.0),
        Action::Forget { party } => format!("forget:{}", party.0),
        Action::End => "end".into(),
        Action::Answer(outcome) => {
            let words = format!("{outcome:?}").to_lowercase();
            words
                .replace("party(party(0))", "party(0)")
                .replace("party(party(1))", "party(1)")
        }
    }
}

fn repeated(what: &str, party: Party, attempt: u32) -> String {
    match attempt {
        0 => format!("{what}:{}", party.0),
        n => format!("{what}:{}/{n}", party.0),
    }
}

fn words(actions: &[Action]) -> String {
    let mut line = String::new();
    for action in actions {
        write!(line, "{} ", word(*action)).expect("a string takes everything");
    }
    line.trim_end().into()
}

/// A transaction with the local store or without, and with participants of these kinds.
fn enlisted(local: bool, kinds: &[Kind]) -> Coordinator {
    let mut coordinator = Coordinator::new();
    if local {
        coordinator.enlist_local().unwrap();
    }
    for kind in kinds {
        coordinator.enlist(*kind).unwrap();
    }
    coordinator
}

fn step(coordinator: &mut Coordinator, event: Event) -> String {
    let mut actions = Vec::new();
    match coordinator.step(event, &mut actions) {
        Ok(()) => words(&actions),
        Err(illegal) => {
            assert!(
                actions.is_empty(),
                "{event:?} is illegal and wants {actions:?}"
            );
            illegal.to_string()
        }
    }
}

/// Feeds events one after the other and compares the actions of each, and the state after the last.
fn check(mut coordinator: Coordinator, events: &[(Event, &str)], state: State) -> Coordinator {
    for (nth, (event, expected)) in events.iter().enumerate() {
        let told = step(&mut coordinator, *event);
        assert_eq!(told, *expected, "event {nth}: {event:?}");
    }
    assert_eq!(coordinator.state(), state, "after {events:?}");
    coordinator
}

fn voted(party: usize, ballot: Ballot) -> Event {
    let party = Party(party);
    Event::Voted { party, ballot }
}

fn committed(party: usize, attempt: u32, end: End) -> Event {
    let party = Party(party);
    Event::Committed {
        party,
        attempt,
        end,
    }
}

fn aborted(party: usize, attempt: u32, end: End) -> Event {
    let party = Party(party);
    Event::Aborted {
        party,
        attempt,
        end,
    }
}

const DURABLE: Event = Event::Recorded(Recorded::Durable);
