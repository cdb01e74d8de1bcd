use std::collections::BTreeSet;

use serde::Serialize;

use super::engine::Seat;
use super::{Durability, Isolation, Transactions};

/// What an instance of a running host gives to a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Offer {
    /// The levels that it gives.
    pub isolation: Vec<Isolation>,
    /// Whether it has savepoints.
    pub savepoints: bool,
    /// Whether what it commits survives a crash: of each of its containers, or of its own resource. Nothing where it keeps nothing
    /// itself.
    pub durability: BTreeSet<Durability>,
    /// Whether it has a resource of its own, outside of the containers of the host.
    pub participant: bool,
}

impl Transactions {
    /// What an instance gives to a transaction; `None` when it takes no part in any.
    pub fn offer(&self, instance: &str) -> Option<Offer> {
        Some(match self.engine.seat(instance)? {
            Seat::Inside => Offer {
                isolation: Isolation::ALL.to_vec(),
                savepoints: true,
                durability: self.engine.store.durability_of(instance),
                participant: false,
            },
            Seat::Participant(_, can) => Offer {
                isolation: can.isolation.clone(),
                savepoints: can.savepoints,
                durability: BTreeSet::from([can.durability]),
                participant: true,
            },
        })
    }
}
