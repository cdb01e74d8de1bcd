//! Points of a transaction to return to: a stack that every participant keeps at the same height.

use std::sync::Arc;

use super::live::Live;
use super::{AnyParticipant, Mark};
use crate::error::{CallError, Code};
use crate::limit;

/// `around`: the calls that whoever asks is inside of.
impl Live {
    /// Marks a point to return to.
    pub(super) async fn savepoint(&self, name: &str, around: usize) -> Result<(), CallError> {
        self.check_active()?;
        self.check_quiet(around)?;
        let mark = {
            let mut inner = self.inner();
            if let Some(without) = inner.enlisted.iter().find(|e| !e.capabilities.savepoints) {
                return Err(CallError::new(
                    Code::IncompatibleInterface,
                    format!("`{}` has no savepoints", without.instance),
                ));
            }
            if inner.savepoints.len() >= limit::PARTICIPANTS {
                return Err(CallError::limit(format!(
                    "a transaction has at most {} savepoints; release some",
                    limit::PARTICIPANTS
                )));
            }
            inner.savepoints.push(name.into());
            inner.savepoints.len() - 1
        };
        if let Some(local) = self.touched() {
            local.savepoint();
        }
        self.at_every_participant(mark, Mark::Set).await
    }

    /// Undoes what came after the savepoint; the savepoint itself stays.
    pub(super) async fn rollback_to(&self, name: &str, around: usize) -> Result<(), CallError> {
        self.check_active()?;
        self.check_quiet(around)?;
        let mark = self.find_mark(name)?;
        self.inner().savepoints.truncate(mark + 1);
        if let Some(local) = self.touched() {
            local.rollback_to(mark);
        }
        self.at_every_participant(mark, Mark::Return).await
    }

    /// Forgets the savepoint and those after it.
    pub(super) async fn release(&self, name: &str, around: usize) -> Result<(), CallError> {
        self.check_active()?;
        self.check_quiet(around)?;
        let mark = self.find_mark(name)?;
        self.inner().savepoints.truncate(mark);
        if let Some(local) = self.touched() {
            local.release(mark);
        }
        self.at_every_participant(mark, Mark::Release).await
    }

    /// The newest savepoint of that name.
    fn find_mark(&self, name: &str) -> Result<usize, CallError> {
        let inner = self.inner();
        let found = inner.savepoints.iter().rposition(|known| **known == *name);
        found.ok_or_else(|| {
            let known = inner.savepoints.iter().map(|known| &**known);
            let help =
                crate::name::suggest(name, known).unwrap_or_else(|| "none has been set".to_owned());
            CallError::not_found(format!(
                "transaction `{}` has no savepoint `{name}`: {help}",
                self.id
            ))
        })
    }

    /// Tells every participant; one that cannot leaves the transaction in pieces that only an abort mends.
    async fn at_every_participant(&self, mark: usize, what: Mark) -> Result<(), CallError> {
        let enlisted: Vec<(Arc<str>, Arc<dyn AnyParticipant>)> = {
            let inner = self.inner();
            let linked = inner.enlisted.iter();
            linked
                .filter_map(|e| Some((e.instance.clone(), e.participant.clone()?)))
                .collect()
        };
        let branch = self.branch();
        for (instance, participant) in enlisted {
            let told = participant.mark(&branch, height(mark), what).await;
            if let Err(error) = told {
                self.doom(&format!(
                    "`{instance}` lost a savepoint: {}",
                    error.message()
                ));
                return Err(error);
            }
        }
        Ok(())
    }
}

fn height(mark: usize) -> u32 {
    u32::try_from(mark).unwrap_or(u32::MAX)
}
