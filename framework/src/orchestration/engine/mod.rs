//! Runs workflows: performs what a [`Run`] wants done, and keeps what has happened before it counts.

mod cloud_event;
mod counts;
mod drive;
mod group;
mod inbox;
mod known;
mod lifecycle;
mod live;
mod perform;
mod resume;
mod runs;
mod store;
mod task;
mod terms;
mod turns;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::sync::{OnceCell, Semaphore, mpsc};

use crate::call::{BoxFuture, Ctx};
use crate::clock::{self, Clock};
use crate::error::{CallError, Code, Result};
use crate::event::{self, Events, Subscription};
use crate::limit;
use crate::security::Principal;
use crate::transaction::{Containers, Transactions};

use super::definition::DefinitionId;
use super::run::{Run, Secrets, Start, Step, Workflow};
use cloud_event::cloud_event;
use drive::Drive;
use known::Known;
pub(super) use known::compile;
use live::Live;
use store::{Head, Store};
use turns::Turns;

pub use terms::{Status, Terms};

/// What runs need of their host.
pub(crate) trait Caller: Send + Sync {
    /// A root `Ctx` of a principal, given up when the host stops; nothing once the host is gone.
    fn ctx(&self, principal: &Principal) -> Option<Ctx>;

    /// Calls a method on a task of its own.
    fn call<'a>(
        &'a self,
        ctx: &'a Ctx,
        method: &'a str,
        input: Vec<u8>,
    ) -> BoxFuture<'a, Result<Vec<u8>, CallError>>;

    /// What a method looks like: another text when its contract is another one. Nothing when nobody provides it.
    fn shape(&self, method: &str) -> Option<String>;

    /// What a secret holds.
    fn secret(&self, name: &str) -> Option<String>;
}

/// The workflows of a host: their definitions and their runs. Cheap to clone.
#[derive(Clone)]
pub struct Workflows(Arc<Inner>);

struct Inner {
    transactions: Transactions,
    events: Events,
    clock: Clock,
    caller: OnceLock<Box<dyn Caller>>,
    store: OnceCell<Store>,
    lifecycle: mpsc::Sender<(Ctx, event::Event)>,
    /// Whether events of the host are handed to runs.
    hears: AtomicBool,
    turns: Mutex<Turns>,
    /// What methods look like.
    shapes: Mutex<BTreeMap<String, String>>,
    /// Durable runs that have ended, the oldest first.
    over: Mutex<VecDeque<String>>,
    /// Those of them that wait for an operator.
    parked: Mutex<BTreeSet<String>>,
    /// Lifecycle events so far.
    told: AtomicU64,
    counts: counts::Counts,
    known: Mutex<Known>,
    live: Mutex<BTreeMap<Arc<str>, Arc<Live>>>,
    /// Bounds the calls that are under way.
    steps: Semaphore,
    /// One start of a given id at a time: the second finds the first.
    starting: tokio::sync::Mutex<()>,
}

impl Workflows {
    pub(crate) fn new(transactions: Transactions, events: Events, clock: Clock) -> Self {
        let (lifecycle, publish) = lifecycle::publisher(events.clone());
        tokio::spawn(publish);
        Self(Arc::new(Inner {
            transactions,
            lifecycle,
            hears: AtomicBool::new(false),
            turns: Mutex::default(),
            shapes: Mutex::default(),
            over: Mutex::default(),
            parked: Mutex::default(),
            told: AtomicU64::new(0),
            counts: counts::Counts::default(),
            events,
            clock,
            caller: OnceLock::new(),
            store: OnceCell::new(),
            known: Mutex::default(),
            live: Mutex::default(),
            steps: Semaphore::new(limit::RUN_STEPS),
            starting: tokio::sync::Mutex::default(),
        }))
    }

    /// The host takes calls: runs of an earlier start go on.
    ///
    /// # Errors
    ///
    /// When what is kept of them cannot be read.
    pub(crate) async fn open(&self, caller: Box<dyn Caller>, is_there: bool) -> Result<()> {
        drop(self.0.caller.set(caller));
        if is_there {
            self.resume_all().await?;
        }
        Ok(())
    }

    /// Hands every event of the host to the runs that listen, from the first that does.
    fn listen(&self) -> Result<(), CallError> {
        if self.0.hears.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        let subscription = Subscription::new("workflows");
        let mut events = self.0.events.subscribe(subscription)?;
        let engine = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            while let Some(event) = events.next().await {
                let Some(inner) = engine.upgrade() else {
                    return;
                };
                if let Ok(event) = serde_json::to_value(&*event) {
                    Self(inner).deliver(Arc::new(event)).await;
                }
            }
        });
        Ok(())
    }

    fn caller(&self) -> Result<&dyn Caller, CallError> {
        let caller = self.0.caller.get();
        let caller =
            caller.ok_or_else(|| CallError::unavailable("the host has not started yet"))?;
        Ok(&**caller)
    }

    async fn store(&self) -> Result<&Store, CallError> {
        let containers = Containers::new(self.0.transactions.clone(), "weldkit".into());
        let opened = self
            .0
            .store
            .get_or_try_init(|| Store::open(&containers))
            .await;
        opened.map_err(|fault| CallError::unavailable(fault.to_string()))
    }

    fn ctx_of(&self, principal: &Principal) -> Result<Ctx, CallError> {
        let ctx = self.caller()?.ctx(principal);
        ctx.ok_or_else(|| CallError::unavailable("the host is gone"))
    }

    /// The host stops: what is under way stays as it is kept, and goes on at the next start.
    pub(crate) fn close(&self) {
        for live in std::mem::take(&mut *lock(&self.0.live)).values() {
            live.leave();
        }
    }

    /// A `Ctx` for what runs keep.
    fn own_ctx(&self) -> Result<Ctx, CallError> {
        self.ctx_of(&Principal::operator())
    }

    /// Starts a run of a registered workflow on behalf of `ctx`.
    ///
    /// # Errors
    ///
    /// `not_found` with the nearest name; `limit` when too many run; what the disk gives. A durable run is kept when
    /// this returns.
    pub async fn start(
        &self,
        ctx: &Ctx,
        id: &DefinitionId,
        terms: Terms,
    ) -> Result<Status, CallError> {
        self.start_as(ctx.principal(), id, terms).await
    }

    async fn start_as(
        &self,
        principal: &Principal,
        id: &DefinitionId,
        terms: Terms,
    ) -> Result<Status, CallError> {
        let (workflow, text) = self.find(id)?;
        // Before anything is kept.
        self.secrets(&workflow)?;
        let _alone;
        let run: Arc<str> = match terms.id {
            Some(id) => {
                _alone = self.0.starting.lock().await;
                checked(id)?.into()
            }
            None => format!("{:016x}", clock::random()).into(),
        };
        if let Some(status) = self.find_run(&run).await? {
            return Ok(status);
        }
        if lock(&self.0.live).len() >= limit::RUNS {
            return Err(CallError::limit(format!(
                "{} runs are under way already",
                limit::RUNS
            )));
        }
        let mut head = Head {
            definition: workflow.definition().id.clone(),
            document: String::new(),
            input: Arc::new(terms.input),
            key: terms.key,
            principal: principal.as_str().into(),
            started_ms: self.0.clock.unix_ms(),
            contracts: self.contracts(&workflow),
            ended: None,
        };
        if terms.durable {
            let (ctx, store) = (self.own_ctx()?, self.store().await?);
            head.document = store.keep_document(&ctx, &head.definition, &text).await?;
            store.put_head(&ctx, &run, &head).await?;
        }
        let (driving, step) = self.prepare(run, workflow, head, terms.durable)?;
        let status = driving.live.status();
        driving.set_going(step, Vec::new());
        Ok(status)
    }

    /// Makes a run known, and what sets it going.
    fn prepare(
        &self,
        id: Arc<str>,
        workflow: Arc<Workflow>,
        head: Head,
        durable: bool,
    ) -> Result<(Box<Drive>, Step), CallError> {
        let secrets = self.secrets(&workflow)?;
        let start = Start {
            id: id.clone(),
            input: head.input.clone(),
            at_ms: head.started_ms,
            secrets,
        };
        let hears = workflow.hears().clone();
        let (run, step) = Run::begin(workflow, start);
        let live = Live::new(id.clone(), &head, durable, hears);
        lock(&self.0.live).insert(id, live.clone());
        Ok((Drive::new(self.clone(), live, head, run), step))
    }

    /// The secrets that a document names.
    fn secrets(&self, workflow: &Workflow) -> Result<Secrets, CallError> {
        let caller = self.caller()?;
        let (mut secrets, mut wrong) = (BTreeMap::new(), Vec::new());
        for name in &workflow.definition().secrets {
            match caller.secret(name) {
                None => wrong.push(format!(
                    "the secret `{name}` is not set: set `WELDKIT_SECRET_{name}` in the environment of the host"
                )),
                Some(word) if word.len() < limit::SECRET_BYTES => wrong.push(format!(
                    "the secret `{name}` is shorter than {} bytes: it could not be kept out of what is shown",
                    limit::SECRET_BYTES
                )),
                Some(word) => drop(secrets.insert(name.to_string(), word)),
            }
        }
        if wrong.is_empty() {
            Ok(Secrets::new(&secrets))
        } else {
            Err(CallError::new(Code::InvalidState, wrong.join("; ")))
        }
    }

    fn ended(&self, live: &Arc<Live>) {
        if !live.is_durable() {
            // Nothing else remembers it: the last of them stay to be asked.
            let mut all = lock(&self.0.live);
            let over = |live: &&Arc<Live>| !live.is_durable() && live.status().is_over();
            let kept = all.values().filter(over).count();
            if kept > limit::RUNS_ENDED
                && let Some(oldest) = all.values().find(over).map(|live| live.id.clone())
            {
                all.remove(&oldest);
            }
            return;
        }
        if live.status().state == "parked" {
            lock(&self.0.parked).insert(live.id.to_string());
        }
        lock(&self.0.live).remove(&live.id);
    }
}

/// An id that can be a key and an argument.
fn checked(id: String) -> Result<String, CallError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:~".contains(&byte);
    if id.is_empty() || id.len() > limit::RUN_ID || !id.bytes().all(fits) {
        return Err(CallError::invalid_parameter(format!(
            "`{id}` is no id of a run: 1 to {} letters, digits, `-`, `_`, `.`, `:` and `~`",
            limit::RUN_ID
        )));
    }
    Ok(id)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Workflows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workflows")
            .field("known", &self.known())
            .finish_non_exhaustive()
    }
}
