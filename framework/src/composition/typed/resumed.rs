//! Streams that go on after a crash: an item comes with a receipt, and the source is read again from behind the last item
//! whose receipt was acknowledged.
//!
//! ```text
//! Positions::read ──> last acknowledged position ──> source ──> item, receipt ──> made durable ──> acknowledge
//! ```
//!
//! What is between the last acknowledged item and a crash comes a second time: each item arrives **at least once**.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::call::{Ctx, Stream};
use crate::contract::ServiceError;
use crate::error::{CallError, Code, Result};
use crate::limit;
use crate::transaction::{Containers, Durability, Map};

/// How far sources have been read, kept durably: of each, by its name, the position behind the last acknowledged item.
///
/// ```no_run
/// use weldkit::composition::typed::{Delivery, Positions};
/// use weldkit::{CallError, Ctx, Stream};
///
/// # fn lines(file: &str, from: u64) -> Stream<(u64, String), CallError> { unimplemented!() }
/// # async fn store(ctx: &Ctx, line: String) -> Result<(), CallError> { unimplemented!() }
/// async fn load(positions: &Positions<u64>, ctx: &Ctx, file: &'static str) -> Result<(), CallError> {
///     let from_there = |behind: Option<u64>| lines(file, behind.unwrap_or(0));
///     let mut items = positions.read(ctx, file, from_there, |(number, _)| number + 1).await?;
///     while let Some(delivery) = items.next().await {
///         let Delivery { item: (_, line), receipt } = delivery?;
///         store(ctx, line).await?; // durable when it returns
///         receipt.acknowledge(ctx).await?;
///     }
///     Ok(())
/// }
/// ```
pub struct Positions<P>(Map<String, P>);

impl<P> Clone for Positions<P> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<P> fmt::Debug for Positions<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Positions").field(&self.0).finish()
    }
}

impl<P: Serialize + DeserializeOwned + Clone + Send + 'static> Positions<P> {
    /// Those that a plugin keeps under a name of its own.
    ///
    /// # Errors
    ///
    /// When what is kept of them cannot be opened.
    pub async fn open(containers: &Containers, name: &str) -> Result<Self> {
        containers.map(name, Durability::Durable).await.map(Self)
    }

    /// The items behind the last acknowledged one. `open` reads the source from a position, or from its start; `behind`
    /// is the position behind an item. A source has one reader at a time.
    ///
    /// # Errors
    ///
    /// When the position cannot be read. The stream ends with `limit` when [`limit::STREAM_ITEMS`] items wait for their
    /// acknowledgement.
    pub async fn read<T, E>(
        &self,
        ctx: &Ctx,
        source: &str,
        open: impl FnOnce(Option<P>) -> Stream<T, E>,
        behind: impl Fn(&T) -> P + Send + 'static,
    ) -> Result<Stream<Delivery<T, P>, E>, CallError>
    where
        T: 'static,
        E: ServiceError,
    {
        let source = source.to_owned();
        let items = open(self.0.get(ctx, &source).await?);
        Ok(Stream::new(Deliveries {
            items,
            behind: Box::new(behind),
            source: Arc::new(Source {
                kept: self.0.clone(),
                name: source,
                open: Mutex::default(),
                writing: tokio::sync::Mutex::default(),
            }),
            is_over: false,
        }))
    }

    /// Lets a source be read from its start again; `false` when nothing of it was acknowledged.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub async fn forget(&self, ctx: &Ctx, source: &str) -> Result<bool, CallError> {
        self.0.delete(ctx, &source.to_owned()).await
    }
}

/// An item and its receipt.
#[derive(Debug)]
pub struct Delivery<T, P> {
    /// The item.
    pub item: T,
    /// To be acknowledged when what was made of the item is durable.
    pub receipt: Receipt<P>,
}

/// Says of one item that it need not come again; dropped, it does.
pub struct Receipt<P> {
    source: Arc<Source<P>>,
    number: u64,
}

impl<P> fmt::Debug for Receipt<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receipt")
            .field("source", &self.source.name)
            .field("number", &self.number)
            .finish()
    }
}

impl<P: Serialize + DeserializeOwned + Clone + Send + 'static> Receipt<P> {
    /// What was made of the item is durable. Items may be acknowledged in any order: the position moves when every
    /// earlier one is as well, and is durable when this returns.
    ///
    /// # Errors
    ///
    /// `invalid_state` in a transaction, which may still be given up; when the position cannot be written.
    pub async fn acknowledge(self, ctx: &Ctx) -> Result<(), CallError> {
        if ctx.transaction().is_some() {
            let message = "an item is acknowledged when what was made of it is durable: commit the transaction first";
            return Err(CallError::new(Code::InvalidState, message));
        }
        self.source.open().done(self.number);
        // One writer at a time, so that the position never goes back.
        let _writing = self.source.writing.lock().await;
        let Some((count, position)) = self.source.open().reached() else {
            return Ok(());
        };
        let Source { kept, name, .. } = &*self.source;
        kept.put(ctx, name, &position).await?;
        self.source.open().drop_first(count);
        Ok(())
    }
}

/// One reading of a source.
struct Source<P> {
    kept: Map<String, P>,
    name: String,
    open: Mutex<Open<P>>,
    writing: tokio::sync::Mutex<()>,
}

impl<P> Source<P> {
    fn open(&self) -> MutexGuard<'_, Open<P>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The items that have come and are not behind the kept position: the position behind each, and whether it is done.
struct Open<P> {
    /// The number of the first.
    first: u64,
    items: VecDeque<(P, bool)>,
}

impl<P> Default for Open<P> {
    fn default() -> Self {
        Self {
            first: 0,
            items: VecDeque::new(),
        }
    }
}

impl<P: Clone> Open<P> {
    /// The number of one more, if there is room.
    fn add(&mut self, position: P) -> Option<u64> {
        let number = self.first + self.items.len() as u64;
        let has_room = self.items.len() < limit::STREAM_ITEMS;
        has_room.then(|| {
            self.items.push_back((position, false));
            number
        })
    }

    fn done(&mut self, number: u64) {
        let place = number
            .checked_sub(self.first)
            .and_then(|place| usize::try_from(place).ok());
        if let Some((_, is_done)) = place.and_then(|place| self.items.get_mut(place)) {
            *is_done = true;
        }
    }

    /// How many of the first are done, and the position behind them.
    fn reached(&self) -> Option<(usize, P)> {
        let done = self.items.iter().take_while(|(_, is_done)| *is_done);
        let (last, (position, _)) = done.enumerate().last()?;
        Some((last + 1, position.clone()))
    }

    fn drop_first(&mut self, count: usize) {
        self.items.drain(..count);
        self.first += count as u64;
    }
}

struct Deliveries<T, P, E> {
    items: Stream<T, E>,
    behind: Box<dyn Fn(&T) -> P + Send>,
    source: Arc<Source<P>>,
    is_over: bool,
}

impl<T, P: Clone, E: ServiceError> Deliveries<T, P, E> {
    fn delivered(&self, item: T) -> Result<Delivery<T, P>, E> {
        let position = (self.behind)(&item);
        let Some(number) = self.source.open().add(position) else {
            let message = format!(
                "{} items of `{}` wait for their acknowledgement",
                limit::STREAM_ITEMS,
                self.source.name
            );
            return Err(CallError::limit(message).into());
        };
        let source = self.source.clone();
        let receipt = Receipt { source, number };
        Ok(Delivery { item, receipt })
    }
}

// Nothing in it is ever pinned.
impl<T, P, E> Unpin for Deliveries<T, P, E> {}

impl<T, P: Clone, E: ServiceError> futures_core::Stream for Deliveries<T, P, E> {
    type Item = Result<Delivery<T, P>, E>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        let next = match ready!(Pin::new(&mut self.items).poll_next(cx)) {
            Some(Ok(item)) => self.delivered(item),
            Some(Err(error)) => Err(error),
            None => return Poll::Ready(None),
        };
        self.is_over = next.is_err();
        Poll::Ready(Some(next))
    }
}
