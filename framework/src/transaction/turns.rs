//! One call of a transaction at a time at each instance.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

/// The turns of one transaction, by instance: a handful. A turn is data that outlives every lock: it is
/// held while plugin code runs, and ends with the call that holds it.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<Vec<(Arc<str>, Turn)>>);

/// Whose turn it is at one instance.
type Turn = Arc<tokio::sync::Mutex<()>>;

/// The turn of one call.
pub(super) type Held = OwnedMutexGuard<()>;

impl Turns {
    /// Waits until no other call of the transaction is under way at the instance, first come first served.
    pub(super) async fn take(&self, instance: &Arc<str>) -> Held {
        let turn = self.of(instance);
        match turn.clone().try_lock_owned() {
            Ok(held) => held,
            Err(_) => turn.lock_owned().await,
        }
    }

    fn of(&self, instance: &Arc<str>) -> Turn {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, turn)) = turns.iter().find(|(of, _)| of == instance) {
            return turn.clone();
        }
        let turn = Arc::default();
        turns.push((instance.clone(), Arc::clone(&turn)));
        turn
    }
}
