//! What makes two worlds one for the search.

use std::hash::{Hash, Hasher};

use super::super::*;
use super::world::{Host, Line, World};

/// The same for worlds that differ in the order of their participants only: participants of one kind
/// behave alike, so that what holds for one order holds for all.
pub(super) fn key(world: &World) -> u64 {
    let mut sites: Vec<u64> = (0..world.sites.len())
        .map(|site| site_key(world, site))
        .collect();
    sites.sort_unstable();
    let hasher = &mut Mix(0);
    sites.hash(hasher);
    match &world.host {
        Host::Down => 0.hash(hasher),
        Host::Up(None) => 1.hash(hasher),
        Host::Up(Some(running)) => {
            let coordinator = &running.coordinator;
            let cause = coordinator.cause.as_ref().map(std::mem::discriminant);
            (coordinator.state, coordinator.local, coordinator.logged).hash(hasher);
            (coordinator.answered, cause, running.recording).hash(hasher);
        }
    }
    for line in world.lines() {
        if let Line::Entry(entry) = line {
            (entry.decision, entry.local).hash(hasher);
        }
    }
    let told = match world.told {
        Some(Outcome::RolledBack(_)) => Some(None),
        Some(other) => Some(Some(other)),
        None => None,
    };
    (world.disk.len(), world.tail.len(), world.local, told).hash(hasher);
    (world.reported, world.hazard, world.crashed, world.faults).hash(hasher);
    hasher.finish()
}

/// A participant with everything that others know of it.
fn site_key(world: &World, site: usize) -> u64 {
    let hasher = &mut Mix(0);
    world.sites[site].hash(hasher);
    if let Host::Up(Some(running)) = &world.host {
        let party = running.sites.iter().position(|known| *known == site);
        party
            .map(|party| running.coordinator.members[party])
            .hash(hasher);
        let blamed =
            party.map(|party| Some(Cause::Party(Party(party))) == running.coordinator.cause);
        blamed.hash(hasher);
    }
    for line in world.lines() {
        if let Line::Entry(entry) = line {
            let named = entry.parties.iter().find(|(name, _)| *name == site);
            named.map(|(_, what)| what).hash(hasher);
        }
    }
    hasher.finish()
}

/// SplitMix64 over the words of a value. The default hasher takes half of the walk of a debug build.
struct Mix(u64);

impl Hasher for Mix {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }

    fn write_u64(&mut self, word: u64) {
        let mut mixed = self
            .0
            .wrapping_add(word)
            .wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        self.0 = mixed ^ (mixed >> 31);
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    fn write_isize(&mut self, word: isize) {
        self.write_u64(word as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
