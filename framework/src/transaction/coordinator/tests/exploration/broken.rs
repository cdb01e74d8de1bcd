//! Coordinators with one mistake each, for the exploration to find.

use super::super::*;
use super::site::Request;
use super::world::{Host, World};

/// The mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// None.
    Not,
    /// Tells the participants to commit while the record is being forced.
    CommitsBeforeTheRecord,
    /// Shows the local writes while the record is being forced.
    PublishesBeforeTheRecord,
    /// Tells the caller while the record is being forced.
    AnswersBeforeTheRecord,
    /// Takes a record of which nobody knows for one that failed.
    AbortsAnUnknownRecord,
    /// Takes it that the first participant needs no abort.
    ForgetsToAbortOne,
    /// Takes a failed commit for one that was carried out.
    DoesNotRetry,
    /// Ends in the journal when commits are sent, not when they are carried out.
    EndsTooEarly,
    /// Takes what a participant did by itself for what it was told.
    HidesHeuristics,
    /// Rolls back whatever a restart finds.
    RecoversWithoutJournal,
}

impl Broken {
    /// What it takes an event for.
    pub(super) fn hears(self, event: Event) -> Event {
        let done = |end| match (self, end) {
            (Self::HidesHeuristics, End::Heuristic(_)) | (Self::DoesNotRetry, End::Failed) => {
                End::Done
            }
            (_, end) => end,
        };
        match event {
            Event::Committed {
                party,
                attempt,
                end,
            } => committed(party.0, attempt, done(end)),
            Event::Aborted {
                party,
                attempt,
                end,
            } => aborted(party.0, attempt, done(end)),
            Event::Recorded(Recorded::Unknown) if self == Self::AbortsAnUnknownRecord => {
                Event::Recorded(Recorded::Failed)
            }
            other => other,
        }
    }

    /// What it does in place of `actions`.
    pub(super) fn does(self, mut actions: Vec<Action>, world: &World) -> Vec<Action> {
        let records = actions.contains(&Action::Record);
        let sends = actions.iter().any(|action| {
            matches!(
                action,
                Action::Commit {
                    phase: Phase::Two,
                    ..
                }
            )
        });
        match self {
            Self::CommitsBeforeTheRecord if records => {
                actions.extend(prepared(world).into_iter().map(|party| Action::Commit {
                    party,
                    phase: Phase::Two,
                    attempt: 0,
                }));
            }
            Self::PublishesBeforeTheRecord if records => actions.push(Action::PublishLocal),
            Self::AnswersBeforeTheRecord if records => {
                actions.push(Action::Answer(Outcome::Committed));
            }
            Self::EndsTooEarly if sends => actions.push(Action::End),
            _ => {}
        }
        actions
    }

    /// What it believes without having been told.
    pub(super) fn believes(self, world: &mut World) -> Option<Event> {
        let Host::Up(Some(running)) = &world.host else {
            return None;
        };
        let member = running.coordinator.members.first()?;
        let aborts = member.progress == Progress::Aborting;
        if self != Self::ForgetsToAbortOne || !aborts {
            return None;
        }
        let requests = &mut world.sites[running.sites[0]].requests;
        requests.retain(|(request, _)| !matches!(request, Request::Abort(_)));
        Some(aborted(0, member.attempt, End::Done))
    }

    pub(super) fn recovers_without_journal(self) -> bool {
        self == Self::RecoversWithoutJournal
    }
}

fn prepared(world: &World) -> Vec<Party> {
    match &world.host {
        Host::Up(Some(running)) => {
            let is_prepared = |member: &Member| member.progress == Progress::Prepared;
            running.coordinator.parties(is_prepared).collect()
        }
        Host::Up(None) | Host::Down => Vec::new(),
    }
}
