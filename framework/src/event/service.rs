//! The events of a host as a service, for whoever is not in its process.

use super::{Event, Events, Overflow, Subscription};
use crate::call::{Ctx, Stream};
use crate::contract::Json;
use crate::error::CallError;
use crate::limit;

/// The events of this host.
#[weldkit::service(name = "weldkit.events", version = "1.0")]
pub trait EventService {
    /// What is published from now on, each as a CloudEvent of version 1.0.
    ///
    /// A reader that is too slow misses the oldest; publishers do not wait for it.
    #[method(read_only, timeout = "24h")]
    fn tail(
        &self,
        ctx: &Ctx,
        /// Types, or `a.b.*` for those that begin so; every type when there is none.
        #[serde(default)]
        types: Vec<String>,
        /// Sources; every source when there is none.
        #[serde(default)]
        sources: Vec<String>,
    ) -> Stream<Json, CallError>;
}

impl EventService for Events {
    fn tail(&self, _: &Ctx, types: Vec<String>, sources: Vec<String>) -> Stream<Json, CallError> {
        let mut subscription = Subscription::new("tail")
            .capacity(limit::EVENT_QUEUE)
            .overflow(Overflow::DropOldest);
        subscription = types.into_iter().fold(subscription, Subscription::kind);
        subscription = sources.into_iter().fold(subscription, Subscription::source);
        let mut subscriber = match self.subscribe(subscription) {
            Ok(subscriber) => subscriber,
            Err(refused) => return Stream::from_iter([Err(refused)]),
        };
        Stream::channel(1, move |sender| async move {
            while let Some(event) = subscriber.next().await {
                if !sender.send(item(&event)).await {
                    return;
                }
            }
        })
    }
}

fn item(event: &Event) -> Result<Json, CallError> {
    serde_json::to_value(event)
        .map_err(|fault| CallError::internal(format!("an event is no JSON: {fault}")))
}
