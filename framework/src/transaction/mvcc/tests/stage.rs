//! What the tests of the store stand on.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::ops::Bound;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::super::local::Key;
use super::super::row::Value;
use super::super::{
    Base, Container, Done, KeyRange, Local, Log, LogFailure, LogRoom, Most, Piece, Store,
};
use crate::call::BoxFuture;
use crate::clock::{Clock, ManualClock};
use crate::error::CallError;
use crate::transaction::{Durability, Isolation, Vote};

/// How long the transactions of these tests may last.
pub(super) const DEADLINE: Duration = Duration::from_secs(30);

/// Something under way, which goes on when a test says so.
pub(super) struct Step<T>(BoxFuture<'static, T>);

impl<T> Step<T> {
    pub(super) fn new(future: impl Future<Output = T> + Send + 'static) -> Self {
        Self(Box::pin(future))
    }

    /// Goes on as far as it can without anybody else; `None` when it waits.
    pub(super) fn poll(&mut self) -> Option<T> {
        match self
            .0
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            Poll::Ready(answer) => Some(answer),
            Poll::Pending => None,
        }
    }

    /// The answer of something that has nobody to wait for, only bases to read.
    pub(super) fn end(mut self) -> T {
        let mut answers = (0..1_000).map(|_| self.poll());
        answers
            .find_map(|answer| answer)
            .expect("nobody is in its way")
    }
}

/// A future that has nobody to wait for.
pub(super) fn now<T>(future: impl Future<Output = T> + Send + 'static) -> T {
    Step::new(future).end()
}

/// A store, its journal and its clock.
pub(super) struct Stage {
    pub(super) store: Arc<Store>,
    pub(super) clock: ManualClock,
    pub(super) log: Arc<TestLog>,
}

impl Stage {
    pub(super) fn new() -> Self {
        let clock = ManualClock::default();
        let store = Store::new(Clock::Manual(clock.clone()));
        let log = Arc::new(TestLog::default());
        store.log_to(Arc::new(log.clone()));
        Self { store, clock, log }
    }

    pub(super) fn volatile(&self, name: &str) -> Arc<Container> {
        self.store.container(name, Durability::Volatile, || None)
    }

    pub(super) fn durable(&self, name: &str, base: &TestBase) -> Arc<Container> {
        let base: Arc<dyn Base> = Arc::new(base.clone());
        self.store
            .container(name, Durability::Durable, || Some(base))
    }

    pub(super) fn begin(&self, isolation: Isolation) -> Arc<Local> {
        let deadline = Clock::Manual(self.clock.clone()).now() + DEADLINE;
        Arc::new(self.store.begin(isolation, deadline))
    }

    /// The second half of a commit, up to the journal.
    pub(super) fn publish(&self, local: &Arc<Local>) -> Step<Result<(), LogFailure>> {
        let (store, local) = (self.store.clone(), local.clone());
        let mut step = Step::new(async move { store.commit(&local, None).await });
        let ended = step.poll();
        match ended {
            Some(result) => Step::new(std::future::ready(result)),
            None => step,
        }
    }

    /// A whole commit, forced to disk.
    pub(super) fn commit(&self, local: &Arc<Local>) -> Result<(), CallError> {
        match self.store.prepare(local) {
            Ok(Vote::ReadOnly) => Ok(()),
            Ok(Vote::Prepared) => {
                let published = self.publish(local);
                self.log.force();
                assert_eq!(published.end(), Ok(()));
                Ok(())
            }
            Err(refused) => {
                self.store.abort(local);
                Err(refused)
            }
        }
    }

    /// Writes in a transaction of its own.
    pub(super) fn write(&self, container: &Arc<Container>, name: &str, value: Option<&str>) {
        let local = self.begin(Isolation::ReadCommitted);
        put(container, &local, name, value).end().unwrap();
        self.commit(&local).unwrap();
    }

    /// Moves to the base what every snapshot sees, and says up to which commit that is.
    pub(super) fn checkpoint(&self, base: &TestBase) -> u64 {
        let (at, settled) = self.store.settled();
        for (key, _, value) in settled.values().flatten() {
            base.apply(key, value);
        }
        self.store.rebased(&settled);
        at
    }
}

pub(super) fn key(name: &str) -> Key {
    name.as_bytes().into()
}

pub(super) fn text(value: &Value) -> Option<String> {
    let value = value.as_ref()?;
    Some(String::from_utf8(value.to_vec()).unwrap())
}

pub(super) fn put(
    container: &Arc<Container>,
    local: &Arc<Local>,
    name: &str,
    value: Option<&str>,
) -> Step<Result<(), CallError>> {
    let (container, local, key) = (container.clone(), local.clone(), key(name));
    let value = value.map(|value| value.as_bytes().into());
    Step::new(async move { container.put(&local, key, value).await })
}

pub(super) fn get(
    container: &Arc<Container>,
    local: Option<&Arc<Local>>,
    name: &str,
) -> Option<String> {
    let (container, local, key) = (container.clone(), local.cloned(), key(name));
    let found = now(async move { container.get(local.as_deref(), &key).await });
    text(&found.unwrap())
}

/// Pairs as text.
pub(super) type Pairs = Vec<(String, String)>;

pub(super) fn scan(
    container: &Arc<Container>,
    local: Option<&Arc<Local>>,
    range: (&str, Option<&str>),
    limit: usize,
) -> Step<Result<Pairs, CallError>> {
    let (container, local) = (container.clone(), local.cloned());
    let range = KeyRange {
        from: key(range.0),
        until: range.1.map(key),
    };
    Step::new(async move {
        let pairs = container.page(local.as_deref(), &range, limit).await?;
        let pairs = pairs.into_iter();
        Ok(pairs
            .map(|(key, value)| (text(&Some(key)).unwrap(), text(&Some(value)).unwrap()))
            .collect())
    })
}

/// A base in memory. A read happens at once and its answer takes a moment, so that a test can do something in between.
#[derive(Clone, Default)]
pub(super) struct TestBase(Arc<Mutex<BTreeMap<Key, Arc<[u8]>>>>);

impl TestBase {
    pub(super) fn copy(&self) -> Self {
        Self(Arc::new(Mutex::new(self.0.lock().unwrap().clone())))
    }

    pub(super) fn pairs(&self) -> Pairs {
        let pairs = self.0.lock().unwrap();
        let shown = |value: &Arc<[u8]>| text(&Some(value.clone())).unwrap();
        pairs
            .iter()
            .map(|(key, value)| (shown(key), shown(value)))
            .collect()
    }

    pub(super) fn apply(&self, key: &Key, value: &Value) {
        let mut pairs = self.0.lock().unwrap();
        match value {
            Some(value) => pairs.insert(key.clone(), value.clone()),
            None => pairs.remove(key),
        };
    }
}

/// Is pending once.
#[derive(Default)]
struct Moment(bool);

impl Future for Moment {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        match std::mem::replace(&mut self.0, true) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

impl Base for TestBase {
    fn get<'a>(&'a self, key: &'a [u8]) -> BoxFuture<'a, Result<Option<Arc<[u8]>>, CallError>> {
        Box::pin(async move {
            let found = self.0.lock().unwrap().get(key).cloned();
            Moment::default().await;
            Ok(found)
        })
    }

    fn range<'a>(
        &'a self,
        range: (Bound<&'a [u8]>, Bound<&'a [u8]>),
        most: Most,
    ) -> BoxFuture<'a, Result<Piece, CallError>> {
        Box::pin(async move {
            let found = {
                let pairs = self.0.lock().unwrap();
                let found = pairs.range::<[u8], _>(range);
                most.take(found.map(|(key, value)| Ok((key.clone(), value.clone()))))
            };
            Moment::default().await;
            found
        })
    }
}

/// A journal that forces when a test says so.
#[derive(Default)]
pub(super) struct TestLog(Mutex<Journal>);

#[derive(Default)]
struct Journal {
    durable: Vec<Vec<u8>>,
    waiting: VecDeque<(Vec<u8>, Done)>,
    /// Refuses what it is given, at once, as a journal does that has failed.
    refuses: bool,
}

impl TestLog {
    /// Makes everything durable that was appended.
    pub(super) fn force(&self) {
        while self.end_first(Ok(())) {}
    }

    /// Ends the first record that waits; `false` when none does.
    pub(super) fn end_first(&self, result: Result<(), LogFailure>) -> bool {
        let mut journal = self.0.lock().unwrap();
        let Some((record, done)) = journal.waiting.pop_front() else {
            return false;
        };
        if result.is_ok() {
            journal.durable.push(record);
        }
        drop(journal);
        told(done, result);
        true
    }

    pub(super) fn refuse(&self) {
        self.0.lock().unwrap().refuses = true;
    }

    pub(super) fn records(&self) -> Vec<Vec<u8>> {
        self.0.lock().unwrap().durable.clone()
    }
}

impl Log for Arc<TestLog> {
    fn reserve(&self, _: usize) -> BoxFuture<'_, Result<Box<dyn LogRoom>, LogFailure>> {
        let room: Box<dyn LogRoom> = Box::new(TestRoom(self.clone()));
        Box::pin(std::future::ready(Ok(room)))
    }
}

/// Tells, and wakes whoever waits for it.
fn told(done: Done, result: Result<(), LogFailure>) {
    let mut wakers = Vec::new();
    done(result, &mut wakers);
    wakers.into_iter().for_each(Waker::wake);
}

struct TestRoom(Arc<TestLog>);

impl LogRoom for TestRoom {
    fn append(self: Box<Self>, _: u64, record: Vec<u8>, done: Done) {
        let mut journal = self.0.0.lock().unwrap();
        if journal.refuses {
            drop(journal);
            let failed = LogFailure::Failed("the journal has failed".to_owned());
            told(done, Err(failed));
            return;
        }
        journal.waiting.push_back((record, done));
    }
}
