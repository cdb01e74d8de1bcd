//! One connection: how it comes to be, what is known of it, and how it ends.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use futures_core::Stream;
use tokio::runtime::Handle;
use tokio::task::{JoinHandle, JoinSet};
use tokio_postgres::types::{FromSqlOwned, ToSql};
use tokio_postgres::{Client, Config, NoTls, Row, RowStream, Statement, ToStatement};

use crate::fault::{Fault, Kind};
use crate::statements::{Sql, Statements};

/// The SQLSTATE of a server that does not take connections yet.
const CANNOT_CONNECT_NOW: &str = "57P03";
/// How long a server that starts up is asked again, between two attempts.
const STARTING_UP: Duration = Duration::from_millis(100);
/// How long a connection that is given up has to end in order before its socket is closed.
const END: Duration = Duration::from_secs(2);

/// What every session asks first. A session whose `synchronous_commit` is off would acknowledge what a crash can take;
/// single statements are to see what is committed, whatever the role's default is.
const GREETING: &str = "SELECT pg_backend_pid(),
    (SELECT (extract(epoch FROM backend_start) * 1000000)::bigint FROM pg_stat_activity WHERE pid = pg_backend_pid()),
    concat_ws(' ', extract(epoch FROM pg_postmaster_start_time()),
        (SELECT extract(epoch FROM stats_reset) FROM pg_stat_bgwriter)),
    CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', false) END,
    set_config('default_transaction_isolation', 'read committed', false)";

/// What goes into the places of a statement.
pub(crate) type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

/// How connections are made.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    pub(crate) config: Config,
    /// The server as messages name it.
    pub(crate) place: String,
    pub(crate) timeout: Duration,
    /// Where sockets are driven, whichever runtime a caller comes from.
    pub(crate) runtime: Handle,
}

/// The server process at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Backend {
    pub(crate) pid: i32,
    /// Microseconds since 1970: a number of a process is used again.
    pub(crate) started: i64,
}

/// One connection with its statements.
pub(crate) struct Session {
    client: Client,
    pub(crate) statements: Statements,
    pub(crate) backend: Backend,
    /// Differs after a restart or a crash of the server.
    pub(crate) incarnation: String,
    driver: JoinHandle<()>,
    runtime: Handle,
    /// A statement was sent and nobody has waited for its answer yet.
    under_way: AtomicBool,
    in_transaction: AtomicBool,
    /// It says at the server which host it works for.
    is_named: AtomicBool,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Session({})", self.backend.pid)
    }
}

impl Connector {
    /// A bare connection; dropping the client ends it.
    pub(crate) async fn connect(&self) -> Result<(Client, JoinHandle<()>), Fault> {
        // As a task of the host's runtime: the socket belongs to where it is made. A set of one ends with its owner.
        let mut connecting = JoinSet::new();
        connecting.spawn_on(
            connect(self.config.clone(), self.runtime.clone()),
            &self.runtime,
        );
        let connected = tokio::time::timeout(self.timeout, connecting.join_next()).await;
        let fault = match connected {
            Ok(Some(Ok(Ok(connected)))) => return Ok(connected),
            Ok(Some(Ok(Err(fault)))) => fault,
            Ok(Some(Err(ended))) => Fault::new(Kind::Lost, ended.to_string()),
            Ok(None) | Err(_) => Fault::new(Kind::Lost, "it does not answer in time"),
        };
        Err(Fault {
            reason: format!("{} cannot be reached: {}", self.place, fault.reason),
            ..fault
        })
    }

    /// A session that can work.
    pub(crate) async fn session(&self, sql: &Sql) -> Result<Session, Fault> {
        let (client, driver) = self.connect().await?;
        let opening = async {
            let (greeting, statements) =
                tokio::try_join!(client.query_one(GREETING, &[]), sql.prepare(&client))?;
            Ok::<_, tokio_postgres::Error>((greeting, statements))
        };
        let opened = tokio::time::timeout(self.timeout, opening).await;
        let (greeting, statements) = opened.map_err(|_| {
            Fault::new(
                Kind::Lost,
                format!("{} does not answer in time", self.place),
            )
        })??;
        Ok(Session {
            backend: Backend {
                pid: greeting.try_get(0)?,
                started: greeting.try_get(1)?,
            },
            incarnation: greeting.try_get(2)?,
            client,
            statements,
            driver,
            runtime: self.runtime.clone(),
            under_way: AtomicBool::new(false),
            in_transaction: AtomicBool::new(false),
            is_named: AtomicBool::new(false),
        })
    }
}

/// Rows that come one by one.
pub(crate) struct Rows<'a> {
    session: &'a Session,
    rows: Pin<Box<RowStream>>,
}

impl Rows<'_> {
    /// The next one; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Row>, Fault> {
        let row = poll_fn(|cx| self.rows.as_mut().poll_next(cx)).await;
        let row = row.transpose().map_err(Fault::from);
        if !matches!(row, Ok(Some(_))) {
            self.session.under_way.store(false, Relaxed);
        }
        row
    }
}

/// Connects, as often as a server that starts up or recovers asks for it.
async fn connect(config: Config, runtime: Handle) -> Result<(Client, JoinHandle<()>), Fault> {
    loop {
        match config.connect(NoTls).await.map_err(Fault::from) {
            Err(fault) if fault.state == CANNOT_CONNECT_NOW => {
                tokio::time::sleep(STARTING_UP).await;
            }
            Err(fault) => return Err(fault),
            Ok((client, connection)) => {
                // How it ends is seen by whoever waits for an answer.
                let driver = runtime.spawn(async move { drop(connection.await) });
                return Ok((client, driver));
            }
        }
    }
}

impl Session {
    /// Waits for the answer to a statement. Dropped before it has come, the session is marked.
    async fn run<T>(
        &self,
        statement: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Fault> {
        self.under_way.store(true, Relaxed);
        let answer = statement.await;
        self.under_way.store(false, Relaxed);
        answer.map_err(Fault::from)
    }

    /// The rows of a statement.
    pub(crate) async fn rows(
        &self,
        statement: &(impl ToStatement + ?Sized),
        parameters: Parameters<'_>,
    ) -> Result<Vec<Row>, Fault> {
        self.run(self.client.query(statement, parameters)).await
    }

    /// The rows of a statement one by one, as they come: no more of them are held than a few. Dropped before their end,
    /// the session is marked as given up.
    pub(crate) async fn stream(
        &self,
        statement: &Statement,
        parameters: Parameters<'_>,
    ) -> Result<Rows<'_>, Fault> {
        self.under_way.store(true, Relaxed);
        let parameters = parameters.iter().copied();
        let rows = self.client.query_raw(statement, parameters).await;
        if rows.is_err() {
            self.under_way.store(false, Relaxed);
        }
        Ok(Rows {
            session: self,
            rows: Box::pin(rows?),
        })
    }

    /// The one row of a statement, when there is one.
    pub(crate) async fn row(
        &self,
        statement: &(impl ToStatement + ?Sized),
        parameters: Parameters<'_>,
    ) -> Result<Option<Row>, Fault> {
        self.run(self.client.query_opt(statement, parameters)).await
    }

    /// The one value of the one row of a statement.
    pub(crate) async fn value<T: FromSqlOwned>(
        &self,
        statement: &(impl ToStatement + ?Sized),
        parameters: Parameters<'_>,
    ) -> Result<T, Fault> {
        let row = self
            .run(self.client.query_one(statement, parameters))
            .await?;
        Ok(row.try_get(0)?)
    }

    /// A statement without parameters and rows, such as `COMMIT`.
    pub(crate) async fn command(&self, sql: &str) -> Result<(), Fault> {
        self.run(self.client.batch_execute(sql)).await
    }

    /// Opens a transaction. Before the first one the connection takes a name: after a crash of the host it is known by it,
    /// should the server still work for it.
    pub(crate) async fn begin(&self, level: &str, name: &str) -> Result<(), Fault> {
        if !self.is_named.load(Relaxed) {
            self.command(&format!("SET application_name = '{name}'"))
                .await?;
            self.is_named.store(true, Relaxed);
        }
        // From here on nobody else gets it, also when this future is dropped half-way.
        self.set_in_transaction(true);
        self.command(&format!("BEGIN ISOLATION LEVEL {level} READ WRITE"))
            .await
    }

    /// Notes that a transaction is open, or that none is.
    pub(crate) fn set_in_transaction(&self, is_open: bool) {
        self.in_transaction.store(is_open, Relaxed);
    }

    /// Whether a statement was given up before its answer came.
    pub(crate) fn is_given_up(&self) -> bool {
        self.under_way.load(Relaxed)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Whether the next one can use it.
    pub(crate) fn is_clean(&self) -> bool {
        !self.is_closed() && !self.is_given_up() && !self.in_transaction.load(Relaxed)
    }

    /// Ends it: a statement under way is cancelled at the server, and so is what it holds. Waits until the socket is closed.
    pub(crate) async fn end(self) {
        let cancel = self.is_given_up().then(|| self.client.cancel_token());
        let Self { client, driver, .. } = self;
        let abort = driver.abort_handle();
        let ending = async move {
            if let Some(cancel) = cancel {
                // It may have ended by itself; what matters is that it ends.
                drop(cancel.cancel_query(NoTls).await);
            }
            drop(client);
            drop(driver.await);
        };
        if tokio::time::timeout(END, ending).await.is_err() {
            abort.abort();
        }
    }

    /// The same on its own, for where nobody can wait; `held` is kept until it has ended.
    pub(crate) fn end_later<T: Send + 'static>(self, held: T) {
        let runtime = self.runtime.clone();
        runtime.spawn(async move {
            self.end().await;
            drop(held);
        });
    }
}
