//! The open database and what becomes of it: shared by calls, given up after a failure, opened again, released.
//!
//! All work on the file runs on the blocking pool; callers wait without holding a worker.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::Database;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use weldkit::{Error, ErrorKind, Health};
use weldkit_storage::StorageError;

use crate::documents::Fault;
use crate::open::Opener;

/// Reads that run at once; further ones wait.
const READERS_MAX: u32 = 16;

/// One file.
///
/// Invariant: whoever works on the database holds a permit, so who holds all of them holds the file alone.
pub(crate) struct Store {
    opener: Opener,
    /// Held to look and to swap only, never while the file is worked on.
    state: Mutex<State>,
    writer: Arc<Semaphore>,
    readers: Arc<Semaphore>,
}

enum State {
    Open(Arc<Database>),
    /// Closed after a failure. One that may pass, such as a full disk, is followed by an attempt to open again.
    Broken {
        reason: String,
        may_pass: bool,
    },
    Stopped,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("health", &self.health())
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the file. Blocks.
    pub(crate) fn open(opener: Opener) -> Result<Self, Error> {
        let state = Mutex::new(State::Open(Arc::new(opener()?)));
        let (writer, readers) = (
            Arc::new(Semaphore::new(1)),
            Arc::new(Semaphore::new(READERS_MAX as usize)),
        );
        Ok(Self {
            opener,
            state,
            writer,
            readers,
        })
    }

    /// Runs a read beside others.
    pub(crate) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Database) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StorageError> {
        self.run(permit(&self.readers, 1).await?, work).await
    }

    /// Runs a write alone.
    pub(crate) async fn write<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Database) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StorageError> {
        self.run(permit(&self.writer, 1).await?, work).await
    }

    async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        mut permit: OwnedSemaphorePermit,
        work: impl FnOnce(&Database) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StorageError> {
        if self.should_reopen() {
            let kind = Arc::clone(permit.semaphore());
            // Back first: whoever opens the file takes all permits.
            drop(permit);
            self.reopen().await?;
            permit = self::permit(&kind, 1).await?;
        }
        let store = Arc::clone(self);
        blocking(move || {
            // The permit goes with the work, which goes on when the caller has given up waiting.
            let _permit = permit;
            let answer = work(&*store.database()?);
            answer.map_err(|fault| store.judge(fault))
        })
        .await
    }

    fn should_reopen(&self) -> bool {
        matches!(&*self.lock(), State::Broken { may_pass: true, .. })
    }

    /// Opens the file again once nobody works on it any more.
    async fn reopen(self: &Arc<Self>) -> Result<(), StorageError> {
        let permits = self.all_permits().await?;
        let store = Arc::clone(self);
        blocking(move || {
            let _permits = permits;
            if store.should_reopen() {
                let database = (store.opener)().map_err(|error| StorageError::Unavailable {
                    reason: error.to_string(),
                })?;
                *store.lock() = State::Open(Arc::new(database));
            }
            Ok(())
        })
        .await
    }

    /// Waits for all work to end and releases the file, whatever else still holds this store.
    pub(crate) async fn stop(self: &Arc<Self>) -> Result<(), Error> {
        let permits = self.all_permits().await?;
        let state = std::mem::replace(&mut *self.lock(), State::Stopped);
        let close = move || {
            let _permits = permits;
            match state {
                State::Open(database) => Arc::into_inner(database).map_or(Ok(()), Database::close),
                State::Broken { .. } | State::Stopped => Ok(()),
            }
        };
        let closed = blocking(close).await;
        closed.map_err(|error| {
            Error::new(
                ErrorKind::Stop,
                format!("the storage file was not closed cleanly: {error}"),
            )
        })
    }

    async fn all_permits(
        &self,
    ) -> Result<(OwnedSemaphorePermit, OwnedSemaphorePermit), StorageError> {
        // Always in this order, so that two who want all never wait for each other.
        Ok((
            permit(&self.writer, 1).await?,
            permit(&self.readers, READERS_MAX).await?,
        ))
    }

    fn database(&self) -> Result<Arc<Database>, StorageError> {
        match &*self.lock() {
            State::Open(database) => Ok(Arc::clone(database)),
            State::Broken { reason, .. } => Err(StorageError::Unavailable {
                reason: reason.clone(),
            }),
            State::Stopped => Err(StorageError::Unavailable {
                reason: "it is stopped".into(),
            }),
        }
    }

    /// What the caller is told about a fault. After a fault of the file the database is given up: redb refuses to go on,
    /// and what is in memory may no longer be what is on disk.
    fn judge(&self, fault: Fault) -> StorageError {
        let error = match fault {
            Fault::Refused(error) => return error,
            Fault::Database(error) => error,
        };
        let mut state = self.lock();
        if let State::Broken { reason, .. } = &*state {
            // Another call met the failure first; this one only felt it.
            return StorageError::Unavailable {
                reason: reason.clone(),
            };
        }
        let reason = error.to_string();
        let may_pass = is_full(&error);
        *state = State::Broken {
            reason: reason.clone(),
            may_pass,
        };
        if may_pass {
            StorageError::Full { reason }
        } else {
            StorageError::Failed { reason }
        }
    }

    /// Ready, or why not.
    pub(crate) fn health(&self) -> Health {
        match &*self.lock() {
            State::Open(_) => Health::Ready,
            State::Broken {
                reason,
                may_pass: true,
            } => Health::Degraded(reason.clone()),
            State::Broken {
                reason,
                may_pass: false,
            } => Health::Failed(reason.clone()),
            State::Stopped => Health::Failed("it is stopped".into()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a write found no room. redb writes new pages before the one that makes them current, so a write that finds
/// no room leaves everything as it was; a sync that fails is marked as something else by the backend.
fn is_full(error: &redb::Error) -> bool {
    use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error, redb::Error::Io(error) if matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge))
}

async fn permit(
    semaphore: &Arc<Semaphore>,
    count: u32,
) -> Result<OwnedSemaphorePermit, StorageError> {
    let permit = Arc::clone(semaphore).acquire_many_owned(count).await;
    permit.map_err(|_| StorageError::Unavailable {
        reason: "it is stopped".into(),
    })
}

/// Runs on the blocking pool; a panic goes on in the caller, where the host contains it.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match spawn_blocking(work).await {
        Ok(answer) => answer,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => panic!("the runtime ends: {error}"),
        },
    }
}

#[cfg(test)]
mod tests;
