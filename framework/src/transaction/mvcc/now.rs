//! A single write outside of any transaction, where nobody is in its way: no private write set, no lock that is data.

use std::sync::Arc;
use std::sync::atomic::Ordering::Release;

use super::{Container, Store, lock};
use crate::transaction::Durability;

impl Store {
    /// Writes a key of a volatile container and makes it visible, all at once: a transaction of its own that cannot fail.
    ///
    /// # Errors
    ///
    /// The value, where somebody is in its way and it has to be written as every other.
    pub(crate) fn put_now(
        &self,
        container: &Container,
        key: &[u8],
        value: Arc<[u8]>,
    ) -> Result<(), Arc<[u8]>> {
        if container.durability == Durability::Durable {
            return Err(value);
        }
        // As in every commit: under this lock nobody else gets a timestamp, prepares or checks what it has read.
        let mut commits = lock(&self.commits);
        if !commits.is_quiet() {
            return Err(value);
        }
        let ts = commits.next();
        container.write_now(key, (ts, value), || {
            self.visible.store(ts, Release);
            self.oldest()
        })?;
        commits.take(ts);
        Ok(())
    }
}
