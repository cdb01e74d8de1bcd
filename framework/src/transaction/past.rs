//! What is kept of a transaction that has ended: little, since every transaction leaves it.

use std::sync::Arc;

use super::live::Live;
use super::{Isolation, Participation, State, Status, TransactionId};
use crate::security::Principal;

/// A transaction that has ended.
pub(super) struct Past {
    pub(super) id: TransactionId,
    principal: Principal,
    isolation: Isolation,
    state: State,
    participants: Vec<Arc<str>>,
    savepoints: Vec<Arc<str>>,
    /// Whether it did anything in containers.
    touched: bool,
    reason: Option<String>,
}

impl Live {
    /// What is kept of it.
    pub(super) fn past(&self) -> Past {
        let inner = self.inner();
        let enlisted = inner.enlisted.iter();
        Past {
            id: self.id,
            principal: self.terms.principal.clone(),
            isolation: self.terms.isolation,
            state: inner.coordinator.state(),
            participants: enlisted.map(|known| known.instance.clone()).collect(),
            savepoints: inner.savepoints.clone(),
            touched: self.touched().is_some(),
            reason: inner.reason.clone(),
        }
    }
}

impl Past {
    /// Who began it, and everything that is known of it.
    pub(super) fn tell(&self) -> (Principal, Status) {
        let named = self.participants.iter().map(|instance| &**instance);
        let participants = named.chain(self.touched.then_some("containers"));
        let participants = participants.map(|instance| Participation {
            instance: instance.to_owned(),
            is_waiting: false,
            heuristic: None,
        });
        let status = Status {
            transaction: self.id,
            state: self.state,
            principal: Some(self.principal.as_str().to_owned()),
            isolation: Some(self.isolation),
            remaining_ms: None,
            participants: participants.collect(),
            savepoints: super::log::shown(&self.savepoints),
            reason: self.reason.clone(),
        };
        (self.principal.clone(), status)
    }
}
