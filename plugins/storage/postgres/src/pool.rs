//! The connections: at most so many, each with one user at a time, waited for with a bound.
//!
//! A call takes one for its statement, an open transaction from its first call to its end. Invariant: whoever uses a
//! connection holds a permit, and gives it back only when the connection is idle again or closed, so that the server
//! never sees more of them than the settings allow. Outcomes have one more connection ([`crate::outcomes`]).

use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::fault::{Fault, Kind};
use crate::session::{Connector, Session};
use crate::statements::Sql;

/// The connections of one instance.
#[derive(Debug)]
pub(crate) struct Pool {
    connector: Connector,
    sql: Sql,
    connections: u32,
    wait: Duration,
    permits: Arc<Semaphore>,
    /// Held to push and to pop only.
    idle: Mutex<Vec<Session>>,
    /// Why the last attempt to connect failed, when it did.
    trouble: Mutex<Option<String>>,
}

impl Pool {
    pub(crate) fn new(
        connector: Connector,
        sql: Sql,
        connections: u32,
        wait: Duration,
    ) -> Arc<Self> {
        Arc::new(Self {
            connector,
            sql,
            connections,
            wait,
            permits: Arc::new(Semaphore::new(connections as usize)),
            idle: Mutex::default(),
            trouble: Mutex::default(),
        })
    }

    /// A connection for one user.
    pub(crate) async fn lease(self: &Arc<Self>) -> Result<Lease, Fault> {
        let waiting = Arc::clone(&self.permits).acquire_owned();
        let permit = match tokio::time::timeout(self.wait, waiting).await {
            Ok(Ok(permit)) => permit,
            Ok(Err(_)) => return Err(Fault::new(Kind::Lost, "the storage is stopped")),
            Err(_) => return Err(self.exhausted()),
        };
        let (session, is_new) = match self.pop() {
            Some(session) => (session, false),
            None => (self.connect().await?, true),
        };
        Ok(Lease {
            pool: Arc::clone(self),
            is_new,
            held: Some((session, permit)),
        })
    }

    fn exhausted(&self) -> Fault {
        Fault::new(
            Kind::Busy,
            format!(
                "all {} connections were in use for {} ms; each open transaction holds one: end them sooner, or raise `connections`",
                self.connections,
                self.wait.as_millis()
            ),
        )
    }

    /// A connection beyond those that are counted; for the one of the outcomes.
    pub(crate) async fn connect(&self) -> Result<Session, Fault> {
        let connected = self.connector.session(&self.sql).await;
        let trouble = connected.as_ref().err().filter(|fault| fault.is_lost());
        *lock(&self.trouble) = trouble.map(|fault| fault.reason.clone());
        connected
    }

    /// Why the server cannot be reached, when the last attempt failed.
    pub(crate) fn trouble(&self) -> Option<String> {
        lock(&self.trouble).clone()
    }

    /// The newest idle one: those that are not needed grow old, and the server may end them.
    fn pop(&self) -> Option<Session> {
        let mut idle = lock(&self.idle);
        std::iter::from_fn(|| idle.pop()).find(Session::is_clean)
    }

    /// Refuses new users and ends what is idle; what is in use ends with its user.
    pub(crate) fn close(&self) {
        self.permits.close();
        for session in std::mem::take(&mut *lock(&self.idle)) {
            session.end_later(());
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.permits.is_closed()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that can panic runs under these locks.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One connection in use. Dropped, it goes back, or is ended when it is not as it was.
#[derive(Debug)]
pub(crate) struct Lease {
    pool: Arc<Pool>,
    is_new: bool,
    /// There until the drop.
    held: Option<(Session, OwnedSemaphorePermit)>,
}

impl Deref for Lease {
    type Target = Session;

    fn deref(&self) -> &Session {
        let (session, _) = self.held.as_ref().expect("it is taken by the drop alone");
        session
    }
}

impl Lease {
    /// Whether it was made for this user.
    pub(crate) fn is_new(&self) -> bool {
        self.is_new
    }

    /// Ends the connection, and waits until it has ended: what it held is free then.
    pub(crate) async fn end(mut self) {
        if let Some((session, permit)) = self.held.take() {
            session.end().await;
            drop(permit);
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some((session, permit)) = self.held.take() else {
            return;
        };
        if session.is_clean() && !self.pool.is_closed() {
            lock(&self.pool.idle).push(session);
        } else {
            session.end_later(permit);
        }
    }
}
