//! One transaction at this database: its connection, and how far it has come.
//!
//! ```text
//! Open <-> Failed            Failed: the server takes nothing but a return to a savepoint, or the end
//!   |-> Preparing -> Prepared -> gone
//!   |-> Committing -> gone    Preparing, Committing: sent, and no answer yet; a lost connection leaves it there
//!   '-> Undone                nothing is left at the server
//! ```

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;
use weldkit::transaction::TransactionId;
use weldkit::{CallError, Code};

use crate::documents::Xid;
use crate::fault::{Fault, Kind};
use crate::pool::Lease;
use crate::session::Backend;

/// How far a branch has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// It takes calls.
    Open,
    /// A statement was refused, and with it all since the last savepoint.
    Failed(Fault),
    /// `PREPARE TRANSACTION` was sent.
    Preparing,
    /// It waits for its outcome, whatever happens to us.
    Prepared,
    /// `COMMIT` was sent.
    Committing,
    /// The server has rolled it back, or it never began.
    Undone(Fault),
}

/// One transaction at this database.
#[derive(Debug)]
pub(crate) struct Branch {
    /// Its name at the server.
    pub(crate) gid: String,
    pub(crate) state: State,
    /// Its connection, as long as there is one.
    pub(crate) lease: Option<Lease>,
    /// Its number at the server, from its first change on; without one there is nothing to prepare.
    pub(crate) xid: Option<Xid>,
    /// Whom it talked to: the same again, should the connection be lost.
    pub(crate) peer: Option<Peer>,
}

/// The other end of a connection, which outlives it.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    pub(crate) backend: Backend,
    pub(crate) incarnation: String,
}

impl Branch {
    /// One that has not begun: aborting it means nothing.
    pub(crate) fn new(gid: String) -> Self {
        Self {
            gid,
            state: State::Undone(Fault::new(Kind::Lost, "the branch was not opened")),
            lease: None,
            xid: None,
            peer: None,
        }
    }

    /// It has begun on a connection.
    pub(crate) fn open(&mut self, lease: Lease) {
        self.peer = Some(Peer {
            backend: lease.backend,
            incarnation: lease.incarnation.clone(),
        });
        self.lease = Some(lease);
        self.state = State::Open;
    }

    /// Checks that the branch takes calls, savepoints and its end.
    ///
    /// # Errors
    /// What has become of it, when it does not.
    pub(crate) fn check(&mut self) -> Result<(), Fault> {
        self.notice();
        match &self.state {
            State::Open => Ok(()),
            State::Failed(fault) => Err(Fault {
                reason: format!(
                    "an earlier statement of the transaction failed: {}",
                    fault.reason
                ),
                ..fault.clone()
            }),
            State::Undone(fault) => Err(fault.clone()),
            State::Preparing | State::Prepared | State::Committing => Err(Fault::new(
                Kind::Refused,
                "the transaction is ending and takes no calls any more",
            )),
        }
    }

    /// Sends a command on its connection.
    pub(crate) async fn command(&self, sql: &str) -> Result<(), Fault> {
        match &self.lease {
            Some(lease) => lease.command(sql).await,
            None => Err(lost()),
        }
    }

    /// Makes it ready to return to a savepoint: what failed came after it and goes with it. A call that was given up may
    /// still run at the server, and is not forgiven.
    pub(crate) fn forgive(&mut self) {
        self.notice();
        let is_quiet = self
            .lease
            .as_ref()
            .is_some_and(|lease| !lease.is_given_up());
        if let (State::Failed(_), true) = (&self.state, is_quiet) {
            self.state = State::Open;
        }
    }

    /// What is seen without asking: a call that was given up half-way, a connection that has gone.
    fn notice(&mut self) {
        let (Some(lease), State::Open | State::Failed(_)) = (&self.lease, &self.state) else {
            return;
        };
        if lease.is_closed() {
            self.undone(lost());
        } else if lease.is_given_up() && self.state == State::Open {
            self.state = State::Failed(Fault::new(
                Kind::Refused,
                "a call was given up before its answer came",
            ));
        }
    }

    /// Notes how a statement of the branch went.
    pub(crate) fn note<T>(&mut self, answer: Result<T, Fault>) -> Result<T, Fault> {
        match answer {
            Err(fault) if fault.is_lost() => {
                let fault = Fault {
                    reason: format!("{}: {}", lost().reason, fault.reason),
                    ..fault
                };
                self.undone(fault.clone());
                Err(fault)
            }
            Err(fault) => {
                self.state = State::Failed(fault.clone());
                Err(fault)
            }
            Ok(answer) => Ok(answer),
        }
    }

    /// Nothing is left of it at the server.
    pub(crate) fn undone(&mut self, why: Fault) {
        self.lease = None;
        self.state = State::Undone(why);
    }

    /// Its connection is in no transaction any more.
    pub(crate) fn is_idle(&self) {
        if let Some(lease) = &self.lease {
            lease.set_in_transaction(false);
        }
    }
}

fn lost() -> Fault {
    Fault::new(
        Kind::Lost,
        "the connection of the transaction is lost, and the server has rolled it back; begin it again",
    )
}

/// A branch, for one user at a time.
pub(crate) type Held = Arc<tokio::sync::Mutex<Branch>>;

/// The branches of one instance that have begun and not ended.
#[derive(Debug, Default)]
pub(crate) struct Branches(Mutex<BTreeMap<TransactionId, Held>>);

impl Branches {
    fn with<T>(&self, work: impl FnOnce(&mut BTreeMap<TransactionId, Held>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes one in.
    pub(crate) fn insert(&self, id: TransactionId, branch: Branch) -> Held {
        let held = Arc::new(tokio::sync::Mutex::new(branch));
        self.with(|branches| branches.insert(id, held.clone()));
        held
    }

    pub(crate) fn find(&self, id: TransactionId) -> Option<Held> {
        self.with(|branches| branches.get(&id).cloned())
    }

    /// Forgets one that has ended.
    pub(crate) fn remove(&self, id: TransactionId) {
        self.with(|branches| branches.remove(&id));
    }

    /// Forgets all of them: what is not prepared is rolled back with its connection.
    pub(crate) fn clear(&self) {
        drop(self.with(std::mem::take));
    }

    /// One for a call.
    ///
    /// # Errors
    /// `invalid_state` when it is not here.
    pub(crate) async fn enter(
        &self,
        id: TransactionId,
    ) -> Result<OwnedMutexGuard<Branch>, CallError> {
        match self.find(id) {
            Some(held) => Ok(held.lock_owned().await),
            None => Err(unknown(id)),
        }
    }
}

/// The branch of a transaction that has ended, or that another instance held.
pub(crate) fn unknown(id: TransactionId) -> CallError {
    CallError::new(
        Code::InvalidState,
        format!(
            "transaction `{id}` is not open here: it has ended, or the instance was replaced since"
        ),
    )
}
