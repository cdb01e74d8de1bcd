//! A participant that does what its settings say, and writes down everything it is told.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde_json::json;
use weldkit::testing::TestHost;
use weldkit::transaction::{
    Branch, Capabilities, Durability, Fault, Heuristic, HostId, Isolation, Participant, Phase,
    TransactionId, Vote, current,
};
use weldkit::{CallError, Code, Ctx, Host, HostBuilder, Service, Settings};

/// Sums.
#[weldkit::service(name = "ledger", version = "1.0")]
pub(super) trait Ledger {
    /// Adds to an account.
    #[method(transactional)]
    async fn add(&self, ctx: &Ctx, account: String, amount: i64) -> Result<i64, CallError>;
    /// Does what it is told: `panic`, `wait`, `fail`, `internal`.
    #[method(transactional, timeout = "1s")]
    async fn act(&self, ctx: &Ctx, how: String) -> Result<(), CallError>;
    /// What it holds; not part of any transaction.
    async fn told(&self, ctx: &Ctx) -> Result<Vec<String>, CallError>;
}

/// How a ledger behaves.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Nature {
    /// `prepared`, `read_only`, `no`, `conflict`, `panic`, `hang`.
    #[serde(default = "prepared")]
    vote: String,
    /// What each attempt to commit gives, the last one for ever: `ok`, `retry`, `unknown`, `panic`,
    /// `rolled_back`, `committed`.
    #[serde(default)]
    commit: Vec<String>,
    /// The same for abort.
    #[serde(default)]
    abort: Vec<String>,
    /// The same for forget: `ok`, `retry`.
    #[serde(default)]
    forget: Vec<String>,
    #[serde(default = "yes")]
    prepares: bool,
    #[serde(default = "yes")]
    savepoints: bool,
    #[serde(default)]
    only: Option<Isolation>,
}

fn prepared() -> String {
    "prepared".into()
}

fn yes() -> bool {
    true
}

/// A ledger.
#[derive(Debug)]
pub(super) struct Book {
    nature: Nature,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    told: Vec<String>,
    commits: usize,
    aborts: usize,
    forgets: usize,
    sums: BTreeMap<String, i64>,
}

#[weldkit::plugin(id = "book", provides(Ledger), participant)]
impl Book {
    pub(super) fn start(nature: Settings<Nature>) -> weldkit::Result<Self> {
        Ok(Self {
            nature: nature.into_inner(),
            state: Mutex::default(),
        })
    }
}

impl Book {
    fn tell(&self, what: impl Into<String>) {
        self.state.lock().unwrap().told.push(what.into());
    }

    fn outcome(answers: &[String], count: usize) -> Result<(), Fault> {
        let last = answers.len().saturating_sub(1);
        match answers.get(count.min(last)).map_or("ok", String::as_str) {
            "ok" => Ok(()),
            "retry" => Err(Fault::Retry(CallError::unavailable("not now"))),
            "unknown" => Err(Fault::Unknown(CallError::unavailable("lost"))),
            "rolled_back" => Err(Fault::Heuristic(Heuristic::RolledBack)),
            "committed" => Err(Fault::Heuristic(Heuristic::Committed)),
            "panic" => panic!("as told"),
            other => panic!("no such outcome: {other}"),
        }
    }
}

impl Participant for Book {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            isolation: match self.nature.only {
                Some(only) => vec![only],
                None => Isolation::ALL.to_vec(),
            },
            savepoints: self.nature.savepoints,
            durability: Durability::Volatile,
            prepare: self.nature.prepares,
        }
    }

    async fn begin(&self, branch: &Branch) -> Result<(), CallError> {
        self.tell(format!("begin {}", branch.isolation));
        Ok(())
    }

    async fn prepare(&self, _: &Branch) -> Result<Vote, CallError> {
        self.tell("prepare");
        match self.nature.vote.as_str() {
            "prepared" => Ok(Vote::Prepared),
            "read_only" => Ok(Vote::ReadOnly),
            "no" => Err(CallError::new(Code::InvalidState, "the books do not close")),
            "conflict" => Err(CallError::conflict("somebody was faster")),
            "panic" => panic!("while it votes"),
            "hang" => std::future::pending().await,
            other => panic!("no such vote: {other}"),
        }
    }

    async fn commit(&self, _: &Branch, phase: Phase) -> Result<(), Fault> {
        self.tell(format!("commit {phase:?}"));
        let count = {
            let mut state = self.state.lock().unwrap();
            state.commits += 1;
            state.commits - 1
        };
        Self::outcome(&self.nature.commit, count)
    }

    async fn abort(&self, _: &Branch) -> Result<(), Fault> {
        self.tell("abort");
        let count = {
            let mut state = self.state.lock().unwrap();
            state.aborts += 1;
            state.aborts - 1
        };
        Self::outcome(&self.nature.abort, count)
    }

    async fn forget(&self, _: &Branch) -> Result<(), CallError> {
        self.tell("forget");
        let count = {
            let mut state = self.state.lock().unwrap();
            state.forgets += 1;
            state.forgets - 1
        };
        Self::outcome(&self.nature.forget, count)
            .map_err(|fault| CallError::unavailable(fault.to_string()))
    }

    async fn recover(&self, _: HostId) -> Result<Vec<TransactionId>, CallError> {
        Ok(Vec::new())
    }

    async fn savepoint(&self, _: &Branch, mark: u32) -> Result<(), CallError> {
        self.tell(format!("savepoint {mark}"));
        Ok(())
    }

    async fn rollback_to(&self, _: &Branch, mark: u32) -> Result<(), CallError> {
        self.tell(format!("rollback {mark}"));
        Ok(())
    }

    async fn release(&self, _: &Branch, mark: u32) -> Result<(), CallError> {
        self.tell(format!("release {mark}"));
        Ok(())
    }
}

impl Ledger for Book {
    async fn add(&self, ctx: &Ctx, account: String, amount: i64) -> Result<i64, CallError> {
        let tx = current(ctx).map_or("outside", |_| "inside");
        self.tell(format!("add {account} {amount} {tx}"));
        let mut state = self.state.lock().unwrap();
        let sum = state.sums.entry(account).or_default();
        *sum += amount;
        Ok(*sum)
    }

    async fn act(&self, _: &Ctx, how: String) -> Result<(), CallError> {
        match how.as_str() {
            "panic" => panic!("as told"),
            "wait" => std::future::pending().await,
            "fail" => Err(CallError::invalid_parameter("as told")),
            "internal" => Err(CallError::internal("as told")),
            other => panic!("no such act: {other}"),
        }
    }

    async fn told(&self, _: &Ctx) -> Result<Vec<String>, CallError> {
        Ok(self.state.lock().unwrap().told.clone())
    }
}

/// Moves from one ledger to another, and back to the first one from inside the second.
#[weldkit::service(name = "mover", version = "1.0")]
pub(super) trait Mover {
    /// Moves.
    #[method(transactional)]
    async fn shift(&self, ctx: &Ctx, amount: i64, again: u32) -> Result<i64, CallError>;
}

/// Calls itself through the host, `again` times: each call is inside of the turn of the one before.
#[derive(Debug)]
pub(super) struct Circle {
    ledger: Service<dyn Ledger>,
    own: std::sync::OnceLock<Service<dyn Mover>>,
}

#[weldkit::plugin(id = "circle", provides(Mover))]
impl Circle {
    pub(super) fn start(ledger: Service<dyn Ledger>) -> weldkit::Result<Self> {
        Ok(Self {
            ledger,
            own: std::sync::OnceLock::new(),
        })
    }
}

impl Mover for Circle {
    async fn shift(&self, ctx: &Ctx, amount: i64, again: u32) -> Result<i64, CallError> {
        if again > 0
            && let Some(own) = CIRCLE.get().or_else(|| self.own.get())
        {
            return own.shift(ctx, amount, again - 1).await;
        }
        self.ledger.add(ctx, "x".into(), amount).await
    }
}

/// A client of the circle itself, for it to call: a plugin cannot ask for its own service.
pub(super) static CIRCLE: std::sync::OnceLock<Service<dyn Mover>> = std::sync::OnceLock::new();

/// A host with ledgers `book` and `other` of these natures.
pub(super) async fn two(book: serde_json::Value, other: serde_json::Value) -> TestHost {
    TestHost::new(|host| two_books(host, book, other))
        .await
        .unwrap()
}

pub(super) fn two_books(
    host: HostBuilder,
    book: serde_json::Value,
    other: serde_json::Value,
) -> HostBuilder {
    host.plugin::<Book>()
        .instance("other", "book")
        .settings("book", book)
        .settings("other", other)
        .provider("ledger", "book")
        .plugin::<Witness>()
        .provider("witness.ledger", "other")
}

/// Reaches the second ledger.
#[weldkit::service(name = "second", version = "1.0")]
pub(super) trait Second {
    /// Adds there.
    #[method(transactional)]
    async fn add(&self, ctx: &Ctx, account: String, amount: i64) -> Result<i64, CallError>;
    /// What it was told.
    async fn told(&self, ctx: &Ctx) -> Result<Vec<String>, CallError>;
}

/// Passes on to the second ledger.
#[derive(Debug)]
pub(super) struct Witness(Service<dyn Ledger>);

#[weldkit::plugin(id = "witness", provides(Second))]
impl Witness {
    pub(super) fn start(ledger: Service<dyn Ledger>) -> weldkit::Result<Self> {
        Ok(Self(ledger))
    }
}

impl Second for Witness {
    async fn add(&self, ctx: &Ctx, account: String, amount: i64) -> Result<i64, CallError> {
        self.0.add(ctx, account, amount).await
    }

    async fn told(&self, ctx: &Ctx) -> Result<Vec<String>, CallError> {
        self.0.told(ctx).await
    }
}

/// Adds 1 to account `x` of both ledgers.
pub(super) async fn add_to_both(host: &Host, ctx: &Ctx) -> Result<(), CallError> {
    host.service::<dyn Ledger>()
        .unwrap()
        .add(ctx, "x".into(), 1)
        .await?;
    host.service::<dyn Second>()
        .unwrap()
        .add(ctx, "x".into(), 1)
        .await?;
    Ok(())
}

/// What both ledgers were told, calls left out.
pub(super) async fn told(test: &TestHost) -> [Vec<String>; 2] {
    let ctx = test.ctx();
    let both = [
        test.service::<dyn Ledger>()
            .unwrap()
            .told(&ctx)
            .await
            .unwrap(),
        test.service::<dyn Second>()
            .unwrap()
            .told(&ctx)
            .await
            .unwrap(),
    ];
    both.map(|told| {
        told.into_iter()
            .filter(|what| !what.starts_with("add") && !what.starts_with("begin"))
            .collect()
    })
}

/// The natures that most tests take: nothing special.
pub(super) fn plain() -> serde_json::Value {
    json!({})
}
