//! What becomes of branches without a connection of their own: found after a restart, or whose connection was lost.
//!
//! One connection beyond the pool, used by one at a time: an outcome never waits for transactions that wait for it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};

use crate::documents::Xid;
use crate::fault::{Fault, Kind};
use crate::pool::Pool;
use crate::session::{Backend, Session};

/// How often what is still in progress is asked for again.
const ASKED_MAX: u32 = 40;
/// The pause in between: the server has lost its client and ends the transaction soon.
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// The SQLSTATE of a transaction number that has not been given yet.
const IN_THE_FUTURE: &str = "22023";

/// The outcome of a branch that was prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Commit,
    Abort,
}

/// What the server did with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It was there, and has this outcome now.
    Now,
    /// It was not there.
    Before,
}

/// What became of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Committed,
    Aborted,
    /// The server cannot say.
    Unknown,
}

/// The branches at the server, as whoever is responsible for them sees them.
#[derive(Debug)]
pub(crate) struct Outcomes {
    pool: Arc<Pool>,
    session: Mutex<Option<Session>>,
}

impl Outcomes {
    pub(crate) fn new(pool: Arc<Pool>) -> Self {
        Self {
            pool,
            session: Mutex::default(),
        }
    }

    /// The connection, which answers: a command on it is not repeated.
    async fn session(&self) -> Result<MappedMutexGuard<'_, Session>, Fault> {
        let mut held = self.session.lock().await;
        if let Some(session) = held.take() {
            if session.is_clean() && session.command("").await.is_ok() {
                *held = Some(session);
            } else {
                session.end_later(());
            }
        }
        if held.is_none() {
            if self.pool.is_closed() {
                return Err(Fault::new(Kind::Lost, "the storage is stopped"));
            }
            *held = Some(self.pool.connect().await?);
        }
        Ok(MutexGuard::map(held, |held| {
            held.as_mut().expect("it is there since the line before")
        }))
    }

    /// Gives a prepared branch its outcome.
    pub(crate) async fn finish(&self, end: End, gid: &str) -> Result<Ended, Fault> {
        finish(&*self.session().await?, end, gid).await
    }

    /// What became of a transaction whose commit was not answered.
    pub(crate) async fn fate(&self, xid: Xid, incarnation: &str) -> Result<Fate, Fault> {
        for _ in 0..ASKED_MAX {
            let session = self.session().await?;
            let is_same = session.incarnation == incarnation;
            let told = status(&session, xid).await?;
            drop(session);
            match (told.as_deref(), is_same) {
                (Some("committed"), true) => return Ok(Fate::Committed),
                (Some("aborted"), _) => return Ok(Fate::Aborted),
                (Some("in progress"), true) => tokio::time::sleep(ASK_AGAIN).await,
                // A server that has crashed may have given the number of a transaction that left no trace to another
                // one, which is in progress or has committed since.
                (Some("in progress"), false) => return Ok(Fate::Aborted),
                _ => return Ok(Fate::Unknown),
            }
        }
        Ok(Fate::Unknown)
    }

    /// Makes sure that the server process of a lost connection is gone; `false` while it is still there, told to go.
    pub(crate) async fn is_gone(&self, backend: Backend) -> Result<bool, Fault> {
        let session = self.session().await?;
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1
            AND (extract(epoch FROM backend_start) * 1000000)::bigint = $2";
        let told = session.row(sql, &[&backend.pid, &backend.started]).await?;
        Ok(told.is_none())
    }

    /// Waits until the server has no transaction open for connections of this name: those of a host that has crashed end
    /// by themselves. Not for long, since an instance that is being replaced may have some, and means to end them.
    pub(crate) async fn quiet(&self, name: &str) -> Result<(), Fault> {
        let sql = "SELECT count(*) FROM pg_stat_activity
            WHERE application_name = $1 AND state <> 'idle' AND usename = current_user AND datname = current_database()";
        for _ in 0..ASKED_MAX {
            let working: i64 = self.session().await?.value(sql, &[&name]).await?;
            if working == 0 {
                break;
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
        Ok(())
    }

    /// The prepared branches of our own database and role whose names start so.
    pub(crate) async fn prepared(&self, prefix: &str) -> Result<Vec<String>, Fault> {
        let session = self.session().await?;
        let sql = "SELECT gid FROM pg_prepared_xacts WHERE database = current_database()
            AND owner = current_user AND starts_with(gid, $1) ORDER BY prepared";
        let rows = session.rows(sql, &[&prefix]).await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    /// Every prepared branch of this server that a host has made, the oldest first: name, age in seconds, database, owner.
    pub(crate) async fn all_prepared(&self) -> Result<Vec<(String, i64, String, String)>, Fault> {
        let session = self.session().await?;
        let sql =
            "SELECT gid, extract(epoch FROM now() - prepared)::bigint, database::text, owner::text
            FROM pg_prepared_xacts WHERE starts_with(gid, 'weldkit:') ORDER BY prepared";
        let rows = session.rows(sql, &[]).await?;
        let read = |row: &tokio_postgres::Row| {
            Ok((
                row.try_get(0)?,
                row.try_get(1)?,
                row.try_get(2)?,
                row.try_get(3)?,
            ))
        };
        rows.iter().map(read).collect()
    }

    /// Ends the connection.
    pub(crate) async fn close(&self) {
        if let Some(session) = self.session.lock().await.take() {
            session.end().await;
        }
    }
}

/// Gives a prepared branch its outcome, on any session that is in no transaction.
pub(crate) async fn finish(session: &Session, end: End, gid: &str) -> Result<Ended, Fault> {
    let verb = match end {
        End::Commit => "COMMIT",
        End::Abort => "ROLLBACK",
    };
    match session.command(&format!("{verb} PREPARED '{gid}'")).await {
        Ok(()) => Ok(Ended::Now),
        Err(fault) if fault.kind == Kind::Missing => Ok(Ended::Before),
        Err(fault) => Err(fault),
    }
}

/// In the words of the server; nothing when the transaction is too old to be known.
async fn status(session: &Session, xid: Xid) -> Result<Option<String>, Fault> {
    let sql = "SELECT pg_xact_status($1::bigint::text::xid8)";
    match session.value(sql, &[&xid]).await {
        Ok(status) => Ok(status),
        // Its number lies in the future: the server has crashed before the transaction left a trace.
        Err(fault) if fault.state == IN_THE_FUTURE => Ok(Some("aborted".into())),
        Err(fault) => Err(fault),
    }
}
