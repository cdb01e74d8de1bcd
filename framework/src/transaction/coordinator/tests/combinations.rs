//! Which calls are made for which parties: each combination of votes, played to its end by
//! participants that answer at once.

use std::collections::VecDeque;

use super::*;

/// A participant: its kind, its vote, and how its commit in one phase ends.
type Plays = (Kind, Ballot, End);

/// `yes`, `read` and `no` are votes; `last` is a last resource, and how its commit ends.
fn plays(word: &str) -> Plays {
    let prepares = |ballot, end| (Kind::Prepares, ballot, end);
    let last = |end| (Kind::LastResource, Ballot::No, end);
    match word {
        "yes" => prepares(Ballot::Prepared, End::Done),
        "read" => prepares(Ballot::ReadOnly, End::Done),
        "no" => prepares(Ballot::No, End::Failed),
        "last" => last(End::Done),
        "last=failed" => last(End::Failed),
        "last=unknown" => last(End::Unknown),
        "last=committed" => last(End::Heuristic(Heuristic::Committed)),
        "last=rolledback" => last(End::Heuristic(Heuristic::RolledBack)),
        "last=mixed" => last(End::Heuristic(Heuristic::Mixed)),
        "last=hazard" => last(End::Heuristic(Heuristic::Hazard)),
        _ => panic!("`{word}` is no participant of a table"),
    }
}

/// Every action of the transaction, in order.
fn play(local: Option<Ballot>, parties: &[Plays], recorded: Recorded) -> String {
    let kinds: Vec<Kind> = parties.iter().map(|plays| plays.0).collect();
    let mut coordinator = enlisted(local.is_some(), &kinds);
    let mut all = Vec::new();
    let mut events = VecDeque::from([Event::Commit]);
    while let Some(event) = events.pop_front() {
        let mut actions = Vec::new();
        coordinator.step(event, &mut actions).unwrap();
        for action in &actions {
            events.extend(match *action {
                Action::PrepareLocal => local.map(Event::LocalVoted),
                Action::Prepare { party } => Some(voted(party.0, parties[party.0].1)),
                Action::Record => Some(Event::Recorded(recorded)),
                Action::Commit { party, phase, .. } => Some(match phase {
                    Phase::One => committed(party.0, 0, parties[party.0].2),
                    Phase::Two => committed(party.0, 0, End::Done),
                }),
                Action::Abort { party, .. } => Some(aborted(party.0, 0, End::Done)),
                _ => None,
            });
        }
        all.extend(actions);
    }
    let ended = coordinator.state().is_ended() || coordinator.state() == State::InDoubt;
    assert!(ended, "{parties:?} stays {}", coordinator.state());
    words(&all)
}

/// Plays a table of `local | participants | calls`.
fn compare(table: &str, recorded: Recorded) {
    for line in table.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        let [local, parties, calls] = columns[..] else {
            panic!("`{line}` has not three columns")
        };
        let local = (local != "-").then(|| plays(local).1);
        let parties: Vec<Plays> = parties.split_whitespace().map(plays).collect();
        assert_eq!(play(local, &parties, recorded), calls, "{line}");
    }
}

#[test]
fn each_combination_of_votes_makes_the_calls_that_it_needs_and_no_other() {
    let alone = "
        -    |              | committed
        yes  |              | local? record publish committed
        read |              | local? committed
        no   |              | local? discard rolledback(local)
        -    | yes          | one:0 committed
        -    | read         | one:0 committed
        -    | no           | one:0 abort:0 rolledback(party(0))
        -    | last         | one:0 committed
        read | yes          | local? one:0 committed
        read | last         | local? one:0 committed
        no   | yes          | local? discard abort:0 rolledback(local)
    ";
    let two_phases = "
        yes  | yes          | local? 0? record publish commit:0 committed end
        yes  | read         | local? 0? record publish committed
        yes  | no           | local? 0? discard abort:0 rolledback(party(0))
        -    | yes yes      | 0? 1? record commit:0 commit:1 committed end
        -    | yes read     | 0? 1? record commit:0 committed end
        -    | read read    | 0? 1? committed
        -    | yes no       | 0? 1? abort:0 abort:1 rolledback(party(1))
        -    | read no      | 0? 1? abort:1 rolledback(party(1))
        -    | no no        | 0? 1? abort:0 abort:1 rolledback(party(0))
        -    | no yes yes   | 0? 1? 2? abort:0 abort:1 abort:2 rolledback(party(0))
        read | yes yes      | local? 0? 1? record commit:0 commit:1 committed end
        read | yes read     | local? 0? 1? record commit:0 committed end
        read | read read    | local? 0? 1? committed
        read | yes no       | local? 0? 1? abort:0 abort:1 rolledback(party(1))
        yes  | yes read yes | local? 0? 1? 2? record publish commit:0 commit:2 committed end
        yes  | read read    | local? 0? 1? record publish committed
        yes  | yes no       | local? 0? 1? discard abort:0 abort:1 rolledback(party(1))
        no   | yes yes      | local? discard abort:0 abort:1 rolledback(local)
    ";
    let last_resource = "
        -    | last yes     | 1? one:0 record commit:1 committed end
        -    | last read    | 1? one:0 committed
        -    | last no      | 1? abort:0 abort:1 rolledback(party(1))
        read | read last    | local? 0? one:1 committed
        read | yes last     | local? 0? one:1 record commit:0 committed end
        yes  | last         | local? one:0 record publish committed
        yes  | read last    | local? 0? one:1 record publish committed
        yes  | last yes     | local? 1? one:0 record publish commit:1 committed end
        yes  | last no      | local? 1? discard abort:0 abort:1 rolledback(party(1))
        no   | yes last     | local? discard abort:0 abort:1 rolledback(local)
    ";
    for table in [alone, two_phases, last_resource] {
        compare(table, Recorded::Durable);
    }
}

/// What is not known to be committed makes nobody else commit.
#[test]
fn the_outcome_of_a_commit_in_one_phase_is_the_outcome() {
    let table = "
        -   | last                | one:0 committed
        -   | last=failed         | one:0 abort:0 rolledback(party(0))
        -   | last=unknown        | one:0 abort:0 keep:0=Hazard heuristic(hazard)
        -   | last=committed      | one:0 committed
        -   | last=rolledback     | one:0 rolledback(party(0))
        -   | last=mixed          | one:0 keep:0=Mixed heuristic(mixed)
        -   | last=hazard         | one:0 keep:0=Hazard heuristic(hazard)
        yes | yes last            | local? 0? one:1 record publish commit:0 committed end
        yes | yes last=failed     | local? 0? one:1 discard abort:0 abort:1 rolledback(party(1))
        yes | yes last=unknown    | local? 0? one:1 discard abort:0 abort:1 keep:1=Hazard heuristic(hazard)
        yes | yes last=committed  | local? 0? one:1 record publish commit:0 committed end
        yes | yes last=rolledback | local? 0? one:1 discard abort:0 rolledback(party(1))
        yes | yes last=mixed      | local? 0? one:1 discard abort:0 keep:1=Mixed heuristic(mixed)
        yes | yes last=hazard     | local? 0? one:1 discard abort:0 keep:1=Hazard heuristic(hazard)
        -   | read last=unknown   | 0? one:1 abort:1 keep:1=Hazard heuristic(hazard)
    ";
    compare(table, Recorded::Durable);
}

#[test]
fn a_record_that_fails_aborts() {
    let table = "
        yes |          | local? record discard rolledback(journal)
        -   | yes yes  | 0? 1? record abort:0 abort:1 rolledback(journal)
        yes | yes read | local? 0? 1? record discard abort:0 rolledback(journal)
        yes | last     | local? one:0 record discard keep:0=Committed heuristic(mixed)
        -   | yes last | 0? one:1 record abort:0 keep:1=Committed heuristic(mixed)
    ";
    compare(table, Recorded::Failed);
}

#[test]
fn a_record_that_nobody_knows_of_leaves_everything_as_it_is() {
    let table = "
        yes |          | local? record indoubt
        -   | yes yes  | 0? 1? record indoubt
        yes | last     | local? one:0 record indoubt
    ";
    compare(table, Recorded::Unknown);
}
