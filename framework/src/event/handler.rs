//! A function that is run for each event of a subscription.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::Poll;

use serde_json::json;

use super::bus::Bus;
use super::queue::Queue;
use super::{Data, Event, Events, SubscriberCounts};
use crate::error::{CallError, Code};

/// The type of the event that tells of a handler that failed.
pub const HANDLER_FAILED: &str = "weldkit.handler_failed";

/// A handler at work. Dropping it ends its subscription; the event in its hands is handled still.
#[derive(Debug)]
pub struct Handler {
    pub(super) queue: Arc<Queue>,
    pub(super) bus: Weak<Bus>,
}

impl Handler {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.queue.name
    }

    /// Ends its subscription, as dropping it does; what waits already is handled still.
    #[cfg(feature = "composition")]
    pub(crate) fn close(&self) {
        if let Some(bus) = self.bus.upgrade() {
            bus.remove(&self.queue);
        }
        self.queue.close();
    }

    /// What it has done.
    pub fn counts(&self) -> SubscriberCounts {
        self.queue.counts()
    }
}

impl Drop for Handler {
    fn drop(&mut self) {
        if let Some(bus) = self.bus.upgrade() {
            bus.remove(&self.queue);
        }
        self.queue.discard();
    }
}

/// Runs `handle` for one event after another until the queue is closed.
pub(super) async fn serve<F, Fut>(queue: Arc<Queue>, events: Events, mut handle: F)
where
    F: FnMut(Arc<Event>) -> Fut + Send,
    Fut: Future<Output = Result<(), CallError>> + Send,
{
    while let Some(event) = poll_fn(|cx| queue.poll(cx)).await {
        let failed = match catch_unwind(AssertUnwindSafe(|| handle(event.clone()))) {
            Ok(handling) => contained(handling).await,
            Err(panic) => Err(panicked(&*panic)),
        };
        if let Err(fault) = failed {
            queue.fail();
            report(&events, &queue.name, &event, &fault);
        }
    }
}

/// The outcome of `handling`; a panic of it, or of its destructor, is an error.
async fn contained(
    handling: impl Future<Output = Result<(), CallError>> + Send,
) -> Result<(), CallError> {
    let mut handling: Option<Pin<Box<_>>> = Some(Box::pin(handling));
    poll_fn(move |cx| {
        let polled = catch_unwind(AssertUnwindSafe(|| {
            let polled = match &mut handling {
                Some(handling) => handling.as_mut().poll(cx),
                None => Poll::Ready(Ok(())),
            };
            if polled.is_ready() {
                handling = None;
            }
            polled
        }));
        polled.unwrap_or_else(|panic| {
            let fault = panicked(&*panic);
            // One that panics again while it goes has told enough.
            drop(catch_unwind(AssertUnwindSafe(|| handling = None)));
            Poll::Ready(Err(fault))
        })
    })
    .await
}

fn panicked(panic: &(dyn Any + Send)) -> CallError {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "it gave no reason".to_owned());
    CallError::new(Code::Panicked, format!("the handler panicked: {text}"))
}

/// Publishes that `handler` failed on `event`. A handler that fails on such a report is counted, and
/// not reported, so that one bad handler does not feed itself.
fn report(events: &Events, handler: &str, event: &Event, fault: &CallError) {
    if event.kind() == HANDLER_FAILED {
        return;
    }
    let data = json!({
        "handler": handler,
        "event": { "id": event.id(), "source": event.source(), "type": event.kind() },
        "error": fault,
    });
    // The host's own type and a source that was checked: there is nothing to refuse.
    if let Ok(report) = events.event(HANDLER_FAILED, None, Data::Json(data)) {
        events.bus.deliver_now(&Arc::new(report));
    }
}
