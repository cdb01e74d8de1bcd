//! On which connection a call works: that of its transaction, or one of its own.

use tokio::sync::OwnedMutexGuard;
use weldkit::Ctx;
use weldkit::transaction::current;
use weldkit_storage::StorageError;

use crate::PostgresStorage;
use crate::branch::Branch;
use crate::documents::Xid;
use crate::fault::Fault;
use crate::pool::Lease;
use crate::session::Session;

/// The way of one call to the server.
pub(crate) enum Access {
    /// Outside of any transaction: each statement is one of its own.
    Alone(Box<Lease>),
    /// Inside of the transaction of the caller.
    Inside(OwnedMutexGuard<Branch>),
}

impl PostgresStorage {
    pub(crate) async fn access(&self, ctx: &Ctx) -> Result<Access, StorageError> {
        match current(ctx) {
            None => {
                let lease = self.pool.lease().await;
                Ok(Access::Alone(Box::new(
                    lease.map_err(|fault| fault.alone(false))?,
                )))
            }
            Some(transaction) => {
                let mut branch = self.branches.enter(transaction).await?;
                branch.check().map_err(Fault::inside)?;
                Ok(Access::Inside(branch))
            }
        }
    }
}

impl Access {
    pub(crate) fn session(&self) -> &Session {
        match self {
            Self::Alone(lease) => lease,
            Self::Inside(branch) => branch
                .lease
                .as_ref()
                .expect("an open branch has a connection"),
        }
    }

    /// What the caller of a read is told.
    pub(crate) fn read<T>(self, answer: Result<T, Fault>) -> Result<T, StorageError> {
        match self {
            Self::Alone(_) => answer.map_err(|fault| fault.alone(false)),
            Self::Inside(mut branch) => branch.note(answer).map_err(Fault::inside),
        }
    }

    /// What the caller of a write is told; `true` when it has changed something.
    pub(crate) fn wrote(self, answer: Result<Option<Xid>, Fault>) -> Result<bool, StorageError> {
        let xid = match self {
            Self::Alone(_) => answer.map_err(|fault| fault.alone(true))?,
            Self::Inside(mut branch) => {
                let xid = branch.note(answer).map_err(Fault::inside)?;
                branch.xid = branch.xid.or(xid);
                xid
            }
        };
        Ok(xid.is_some())
    }
}
