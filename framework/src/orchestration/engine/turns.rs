//! Runs of one key: so many at once, the others wait for their turn.

use std::sync::{Arc, Weak};

use tokio::sync::Semaphore;

use super::store::Head;
use super::{Workflows, lock};
use crate::limit;

/// The turns of every key for which there are runs.
pub(super) type Turns = std::collections::BTreeMap<String, Weak<Semaphore>>;

impl Workflows {
    /// The turns of the runs that share the key of this one, if it has one.
    pub(super) fn turns(&self, head: &Head) -> Option<Arc<Semaphore>> {
        let name = name(head)?;
        let mut all = lock(&self.0.turns);
        if let Some(known) = all.get(&name).and_then(Weak::upgrade) {
            return Some(known);
        }
        let turns = Arc::new(Semaphore::new(limit::RUNS_PER_KEY));
        all.insert(name, Arc::downgrade(&turns));
        Some(turns)
    }

    /// Forgets the turns of a key when no other run has it.
    pub(super) fn leave_turns(&self, head: &Head) {
        if let Some(name) = name(head) {
            let mut all = lock(&self.0.turns);
            if all
                .get(&name)
                .is_some_and(|turns| turns.strong_count() == 0)
            {
                all.remove(&name);
            }
        }
    }
}

/// A key counts within the workflow, whatever its version.
fn name(head: &Head) -> Option<String> {
    let key = head.key.as_ref()?;
    let id = &head.definition;
    Some(format!("{}/{}/{key}", id.namespace, id.name))
}
