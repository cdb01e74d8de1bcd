//! STUB
use super::{Isolation, Vote};
use crate::clock::Clock;
use crate::error::CallError;
use std::time::Instant;
#[derive(Debug)]
pub(crate) struct Store;
#[derive(Debug)]
pub(crate) struct Local;
#[derive(Debug)]
pub(crate) struct Prepared;
impl Store {
    pub(crate) fn new(_: Clock) -> Self {
        Self
    }
    pub(crate) fn begin(&self, _: Isolation, _: Instant) -> Local {
        Local
    }
    pub(crate) fn prepare(&self, _: &Local) -> Result<(Vote, Option<Prepared>), CallError> {
        Ok((Vote::ReadOnly, None))
    }
    pub(crate) fn abort(&self, _: &Local) {}
}
impl Local {
    pub(crate) fn savepoint(&self) {}
    pub(crate) fn rollback_to(&self, _: u32) {}
    pub(crate) fn release(&self, _: u32) {}
}
