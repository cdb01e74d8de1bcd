//! Publish and subscribe inside of a host: typed events in the envelope of CloudEvents 1.0.
//!
//! ```text
//! publish(T) ─> envelope ─> each subscription's filters ─> its bounded queue ─> Subscriber or handler
//! ```
//!
//! An event is made once and shared; a publisher finds the subscribers in a list that is copied on
//! write, so no lock is held while anything but a queue is touched. Subscribing, unsubscribing and
//! publishing from inside of a handler are like anywhere else.
//!
//! **Order.** What one publisher publishes, one event awaited after the other, reaches each
//! subscriber in that order. Between publishers that do not wait for each other there is none, and
//! two subscribers may see their events interleaved differently.
//!
//! **Not here.** Events are not kept: who subscribes late has missed what was, and a stop of the host
//! loses what is in the queues. A handler that must not lose any takes part in a transaction instead.
//!
//! ```
//! # use weldkit::{Events, EventType, Host, event::Subscription};
//! /// An order was placed.
//! #[weldkit::data]
//! #[derive(Debug)]
//! struct Placed {
//!     /// Its number.
//!     order: u64,
//! }
//!
//! impl EventType for Placed {
//!     const TYPE: &'static str = "shop.order.placed";
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
//! let host = Host::builder().start().await?;
//! let events = host.events();
//! let mut placed = events.subscribe_to::<Placed>(Subscription::new("packing"))?;
//! events.publish(&host.ctx(), "shop", &Placed { order: 7 }).await?;
//!
//! let received = placed.next().await.expect("the host runs")?;
//! assert_eq!(received.data.order, 7);
//! assert_eq!(received.event.source(), "shop");
//! # host.stop().await?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bus;
mod counts;
mod envelope;
mod handler;
mod queue;
mod rules;
#[cfg(feature = "transaction")]
mod service;
mod source;
mod subscriber;
mod subscription;
mod time;
mod wire;

#[cfg(test)]
mod tests;

pub use counts::{Counts, SubscriberCounts};
pub use envelope::{Attribute, Data, Event};
pub use handler::{HANDLER_FAILED, Handler};
#[cfg(feature = "transaction")]
pub use service::EventService;
pub use subscriber::{Received, Subscriber, TypedSubscriber};
pub use subscription::{Overflow, Subscription};
pub use time::Time;

use std::collections::BTreeMap;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::call::{Cancel, Ctx};
use crate::clock::Clock;
use crate::contract::{Schema, input_schema, refused};
use crate::error::CallError;
use crate::limit;

use bus::Bus;

/// A type of Rust that events carry.
pub trait EventType: Serialize + DeserializeOwned + JsonSchema {
    /// The attribute `type` of its events, such as `shop.order.placed`.
    const TYPE: &'static str;

    /// The JSON Schema of what its events carry.
    fn schema() -> Schema {
        input_schema::<Self>()
    }
}

/// The events of a host: publish and subscribe. Cheap to clone; ask for it in the constructor, or
/// take it from [`Host::events`](crate::Host::events).
#[derive(Debug, Clone)]
pub struct Events {
    bus: Arc<Bus>,
    /// The source of what is published without one: the instance.
    source: Arc<str>,
    /// Ends the handlers.
    until: Cancel,
}

impl Events {
    /// Events by hand, for tests.
    pub fn new(clock: Clock) -> Self {
        let bus = Bus::new(clock);
        Self {
            until: bus.stopped.clone(),
            bus: Arc::new(bus),
            source: "weldkit".into(),
        }
    }

    /// The same for an instance: its name is the source, and its handlers end with it.
    pub(crate) fn of(&self, instance: &Arc<str>, until: Cancel) -> Self {
        Self {
            bus: self.bus.clone(),
            source: instance.clone(),
            until,
        }
    }

    /// Makes an event with an id of its own and the present time; the source is the instance when
    /// nothing else is said. [`emit`](Self::emit) publishes it.
    ///
    /// # Errors
    ///
    /// `invalid_parameter` for a type that is empty or has control characters, and for a source that
    /// is no URI reference.
    pub fn event<'a>(
        &self,
        kind: &str,
        source: impl Into<Option<&'a str>>,
        data: impl Into<Option<Data>>,
    ) -> Result<Event, CallError> {
        let source = source.into().unwrap_or(&self.source);
        let mut faults = Vec::new();
        for (pointer, rule) in [
            ("/type", rules::text(kind)),
            ("/source", rules::uri_reference(source)),
        ] {
            faults.extend(rule.err().map(|fault| (pointer.to_owned(), fault)));
        }
        if !faults.is_empty() {
            return Err(refused(faults));
        }
        Ok(Event {
            id: self.bus.id(),
            source: source.to_owned(),
            kind: kind.to_owned(),
            time: Some(self.bus.now()),
            subject: None,
            data_content_type: None,
            data_schema: None,
            extensions: BTreeMap::new(),
            data: data.into(),
        })
    }

    /// Publishes `data`; the source is the instance when nothing else is said. How many subscribers
    /// took it.
    ///
    /// # Errors
    ///
    /// As [`event`](Self::event) and [`emit`](Self::emit); `internal` when `data` is no JSON.
    pub async fn publish<'a, T: EventType>(
        &self,
        ctx: &Ctx,
        source: impl Into<Option<&'a str>>,
        data: &T,
    ) -> Result<usize, CallError> {
        let data = serde_json::to_value(data)
            .map_err(|fault| CallError::internal(format!("`{}` is no JSON: {fault}", T::TYPE)))?;
        let event = self.event(T::TYPE, source, Data::Json(data))?;
        self.emit(ctx, event).await
    }

    /// Publishes an event as it is. How many subscribers took it.
    ///
    /// Whoever has room gets it first; then it waits for the full queues of [`Overflow::Block`]. A
    /// handler that blocks on a queue of its own waits until its deadline.
    ///
    /// # Errors
    ///
    /// - `limit` when it is larger than [`limit::EVENT_BYTES`], or naming the subscribers of
    ///   [`Overflow::Error`] that go without; all others have it.
    /// - `timeout` or `cancelled` when the wait was over first, naming those who go without.
    /// - `unavailable` once the host has stopped.
    pub async fn emit(&self, ctx: &Ctx, event: impl Into<Arc<Event>>) -> Result<usize, CallError> {
        let event = event.into();
        let size = event.size();
        if size > limit::EVENT_BYTES {
            return Err(CallError::limit(format!(
                "`{}` has {size} bytes; an event has at most {}: publish where it is kept in place of it",
                event.kind(),
                limit::EVENT_BYTES
            )));
        }
        self.bus.deliver(ctx, &event).await
    }

    /// Publishes what the host itself has to say; nobody is waited for.
    #[cfg(feature = "monitoring")]
    pub(crate) fn announce(&self, kind: &str, data: serde_json::Value) {
        if let Ok(event) = self.event(kind, None, Data::Json(data)) {
            self.bus.deliver_now(&Arc::new(event));
        }
    }

    /// Whether anybody subscribes: what nobody hears need not be made.
    #[cfg(feature = "orchestration")]
    pub(crate) fn is_heard(&self) -> bool {
        self.bus.is_heard()
    }

    /// Subscribes; it receives what is published from now on.
    ///
    /// # Errors
    ///
    /// `invalid_parameter` with everything that is wrong with the subscription, `limit` beyond
    /// [`limit::SUBSCRIBERS`], `unavailable` once the host has stopped.
    pub fn subscribe(&self, subscription: Subscription) -> Result<Subscriber, CallError> {
        Ok(Subscriber {
            queue: self.bus.add(subscription)?,
            bus: Arc::downgrade(&self.bus),
        })
    }

    /// The same for the events of one type of Rust.
    ///
    /// # Errors
    ///
    /// As [`subscribe`](Self::subscribe).
    pub fn subscribe_to<T: EventType>(
        &self,
        subscription: Subscription,
    ) -> Result<TypedSubscriber<T>, CallError> {
        Ok(TypedSubscriber {
            subscriber: self.subscribe(subscription.of::<T>())?,
            kind: PhantomData,
        })
    }

    /// Subscribes, and runs `handle` for one event after the other, on a task of its own, until the
    /// [`Handler`] is dropped or the instance stops.
    ///
    /// One that fails or panics is counted and reported as an event of the type
    /// [`HANDLER_FAILED`], and goes on with the next event.
    ///
    /// # Errors
    ///
    /// As [`subscribe`](Self::subscribe); `unavailable` outside of a runtime.
    pub fn handle<F, Fut>(
        &self,
        subscription: Subscription,
        handle: F,
    ) -> Result<Handler, CallError>
    where
        F: FnMut(Arc<Event>) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), CallError>> + Send + 'static,
    {
        let here = tokio::runtime::Handle::try_current().ok();
        let Some(runtime) = self.bus.runtime.clone().or(here) else {
            return Err(CallError::unavailable(
                "a handler needs a runtime: call it inside of one",
            ));
        };
        let queue = self.bus.add(subscription)?;
        let handler = Handler {
            queue: queue.clone(),
            bus: Arc::downgrade(&self.bus),
        };
        let (events, until) = (self.clone(), self.until.clone());
        runtime.spawn(async move {
            let ended = queue.clone();
            let bus = Arc::downgrade(&events.bus);
            tokio::select! {
                // One that has ended handles nothing more, even if something waits.
                biased;
                () = until.cancelled() => {}
                () = handler::serve(queue, events, handle) => {}
            }
            // The instance has stopped, whoever still holds its handler.
            if let Some(bus) = bus.upgrade() {
                bus.remove(&ended);
            }
            ended.discard();
        });
        Ok(handler)
    }

    /// What has come of the events so far.
    pub fn counts(&self) -> Counts {
        self.bus.counts()
    }

    /// Ends every subscription and every handler.
    pub(crate) fn close(&self) {
        self.bus.close();
    }
}
