use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

#[cfg(feature = "transaction")]
use crate::clock::{self, Clock};
use crate::error::{Error, ErrorKind, Result};
use crate::registry::StateFolder;
#[cfg(feature = "transaction")]
use crate::transaction::{self, Backup, Ground, Transactions};

/// The state folder of a host. One process at a time: the lock ends with the process.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
    lock: Arc<Mutex<Option<File>>>,
}

impl Folder {
    /// A folder that is neither made nor locked yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            lock: Arc::default(),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a process has locked the folder. Makes nothing.
    pub fn is_held(&self) -> bool {
        let own = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let file = File::open(self.path.join("lock"));
        own.is_some()
            || file.is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
    }

    /// Makes and locks the folder, once.
    ///
    /// # Errors
    ///
    /// When it cannot be made or written, or another process has it.
    pub fn open(&self) -> Result<()> {
        let mut lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        if lock.is_some() {
            return Ok(());
        }
        let shown = self.path.display();
        let unusable = |fault: std::io::Error| {
            Error::new(
                ErrorKind::State,
                format!(
                    "cannot use the state folder `{shown}`: {fault}; choose another with `--state DIR`"
                ),
            )
        };
        std::fs::create_dir_all(&self.path).map_err(unusable)?;
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.path.join("lock"))
            .map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::new(
                    ErrorKind::State,
                    format!(
                        "another process uses the state folder `{shown}`; stop it, or choose another with `--state DIR`"
                    ),
                ));
            }
            Err(TryLockError::Error(fault)) => return Err(unusable(fault)),
        }
        *lock = Some(file);
        Ok(())
    }
}

impl Folder {
    /// Whether we have it already.
    pub(super) fn is_open(&self) -> bool {
        let lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        lock.is_some()
    }

    /// Lets it go, for others: whoever writes to it has ended.
    pub(super) fn release(&self) {
        let mut lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        drop(lock.take());
    }
}

#[cfg(feature = "transaction")]
impl Folder {
    /// Backs up what an earlier host has kept here, as [`Transactions::backup`] does. No plugin starts.
    ///
    /// # Errors
    ///
    /// A folder in which nothing is kept, one that another process has; as [`Transactions::backup`].
    pub async fn backup(&self, into: impl AsRef<Path>) -> Result<Backup> {
        if !self.path.join(Transactions::JOURNAL).exists() {
            return Err(Error::new(
                ErrorKind::State,
                format!(
                    "no host has kept anything in `{}` yet; choose another with `--state DIR`",
                    self.path.display()
                ),
            ));
        }
        let own = self.clone();
        let open = move || Ok(Ground::new(StateFolder::open(&own)?, None));
        let transactions = Transactions::new(Clock::System, Box::new(open));
        let made = transactions.backup(into).await;
        transactions.close().await;
        let closed = transactions
            .put_away(clock::now() + crate::limit::STOP)
            .await;
        transactions.abandon();
        let made = made?;
        closed.map(|()| made)
    }

    /// Puts a backup into this folder, which holds nothing yet, and opens what it has put there. A host can start on
    /// it then.
    ///
    /// The host keeps its id: a participant outside of it, such as a database, takes it for the original and finishes
    /// what was under way. Do not let both run with one database.
    ///
    /// # Errors
    ///
    /// A folder that is not empty or that a host has, a backup of a later version, and every damage of it.
    pub async fn restore(&self, from: impl AsRef<Path>) -> Result<Backup> {
        self.open()?;
        transaction::restore(from.as_ref(), &self.path).await
    }
}

impl StateFolder for Folder {
    fn open(&self) -> Result<PathBuf> {
        Folder::open(self)?;
        Ok(self.path.clone())
    }
}
