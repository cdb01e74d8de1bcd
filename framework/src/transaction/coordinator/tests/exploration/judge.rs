//! What must hold once nothing is under way any more.

use super::super::*;
use super::site::{Branch, Sender};
use super::world::{Line, Violation, World};

/// None: something is under way.
pub(super) fn judge(world: &World) -> Option<Result<(), Violation>> {
    let quiet = world.sites.iter().all(|site| {
        let mut requests = site.requests.iter();
        let waits = requests.any(|(_, sender)| *sender == Sender::Waits);
        let open = matches!(site.branch, Branch::Active | Branch::Prepared);
        site.answers.is_empty() && !waits && !open
    });
    (world.is_idle() && quiet && !world.has_unheard_of()).then(|| judge_end(world))
}

fn judge_end(world: &World) -> Result<(), Violation> {
    let local = match world.local {
        None | Some(Some(Ballot::ReadOnly)) => None,
        Some(_) if world.is_decided() => Some(Heuristic::Committed),
        Some(_) => Some(Heuristic::RolledBack),
    };
    let effects = || {
        world
            .sites
            .iter()
            .filter_map(|site| site.effect)
            .chain(local)
    };
    let all = |what| effects().all(|effect| effect == what);
    if world.reported || world.hazard {
        return Ok(());
    }
    if !all(Heuristic::Committed) && !all(Heuristic::RolledBack) {
        return Err("some committed and some rolled back, and nobody was told");
    }
    if waits_for_an_end(world) {
        return Err("the journal waits for an end for ever");
    }
    match world.told {
        Some(Outcome::Committed) if !all(Heuristic::Committed) => {
            Err("the caller was told that it is committed, and it is not")
        }
        Some(Outcome::RolledBack(_)) if !all(Heuristic::RolledBack) => {
            Err("the caller was told that it is rolled back, and it is not")
        }
        Some(Outcome::Heuristic(_)) => Err("a heuristic outcome was told and not kept"),
        None if !world.crashed => Err("the caller was told nothing"),
        None | Some(_) => Ok(()),
    }
}

/// A record that names nobody who must be told needs no end.
fn waits_for_an_end(world: &World) -> bool {
    match world.lines().last() {
        Some(Line::Entry(entry)) => entry.parties.iter().any(|(_, what)| what.is_none()),
        Some(Line::End) | None => false,
    }
}
