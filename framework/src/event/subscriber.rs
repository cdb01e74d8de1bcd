//! The reading end of a subscription.

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};

use super::bus::Bus;
use super::queue::Queue;
use super::{Data, Event, EventType};
use crate::error::CallError;

/// Receives the events of one subscription. Dropping it ends the subscription.
#[derive(Debug)]
pub struct Subscriber {
    pub(super) queue: Arc<Queue>,
    pub(super) bus: Weak<Bus>,
}

impl Subscriber {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.queue.name
    }

    /// The next event; nothing once the host has stopped. Giving up the wait loses no event.
    pub async fn next(&mut self) -> Option<Arc<Event>> {
        poll_fn(|cx| self.queue.poll(cx)).await
    }
}

impl futures_core::Stream for Subscriber {
    type Item = Arc<Event>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Arc<Event>>> {
        self.queue.poll(cx)
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        if let Some(bus) = self.bus.upgrade() {
            bus.remove(&self.queue);
        }
        self.queue.discard();
    }
}

/// Receives the events of one type of Rust. Dropping it ends the subscription.
pub struct TypedSubscriber<T> {
    pub(super) subscriber: Subscriber,
    pub(super) kind: PhantomData<fn() -> T>,
}

/// An event and what it carries.
#[derive(Debug, Clone)]
pub struct Received<T> {
    /// The envelope, shared with all subscribers.
    pub event: Arc<Event>,
    /// What it carries.
    pub data: T,
}

impl<T: EventType> TypedSubscriber<T> {
    /// Its name.
    pub fn name(&self) -> &str {
        self.subscriber.name()
    }

    /// The next event; nothing once the host has stopped.
    ///
    /// # Errors
    ///
    /// `invalid_parameter` for one that does not carry a `T`. The next one may.
    pub async fn next(&mut self) -> Option<Result<Received<T>, CallError>> {
        self.subscriber.next().await.map(Received::read)
    }
}

impl<T: EventType> Received<T> {
    fn read(event: Arc<Event>) -> Result<Self, CallError> {
        let data = event.read::<T>()?;
        Ok(Self { event, data })
    }
}

impl Event {
    /// What it carries, as a `T`.
    ///
    /// # Errors
    ///
    /// `invalid_parameter` when it is of another type, or does not carry a `T`.
    pub fn read<T: EventType>(&self) -> Result<T, CallError> {
        let refused = |why: String| {
            CallError::invalid_parameter(format!(
                "event `{}` of `{}` carries no `{}`: {why}",
                self.id,
                self.source,
                T::TYPE
            ))
            .pointer("/data")
        };
        if self.kind != T::TYPE {
            return Err(refused(format!("its type is `{}`", self.kind)));
        }
        match &self.data {
            Some(Data::Json(value)) => {
                T::deserialize(value).map_err(|fault| refused(fault.to_string()))
            }
            Some(Data::Bytes(_)) => Err(refused("it carries bytes".to_owned())),
            None => {
                T::deserialize(&serde_json::Value::Null).map_err(|fault| refused(fault.to_string()))
            }
        }
    }
}

impl<T: EventType> futures_core::Stream for TypedSubscriber<T> {
    type Item = Result<Received<T>, CallError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let event = ready!(self.subscriber.queue.poll(cx));
        Poll::Ready(event.map(Received::read))
    }
}

impl<T> fmt::Debug for TypedSubscriber<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.subscriber.fmt(f)
    }
}
