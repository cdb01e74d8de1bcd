//! Spans: every call has one with the trace of its `Ctx`, also after it has waited, and no argument is in it. Events: every call
//! has one when it ends, however it does.

use std::fmt::Write;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use tracing_core::span::Current;
use weldkit::Principal;
use weldkit::testing::TestHost;

use crate::fixture::{Notes, Shelf};

/// Writes down every span and every event.
#[derive(Clone, Default)]
struct Listener {
    spans: Arc<Mutex<Vec<String>>>,
    events: Arc<Mutex<Vec<String>>>,
    entered: Arc<AtomicU64>,
    made: Arc<AtomicU64>,
    /// The spans that are entered, the innermost last: one thread is listened to.
    inside: Arc<Mutex<Vec<(Id, &'static Metadata<'static>)>>>,
    known: Arc<Mutex<Vec<&'static Metadata<'static>>>>,
}

struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("weldkit::")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut line = span.metadata().name().to_owned();
        span.record(&mut Line(&mut line));
        self.spans.lock().unwrap().push(line);
        self.known.lock().unwrap().push(span.metadata());
        Id::from_u64(self.made.fetch_add(1, Relaxed) + 1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = String::new();
        event.record(&mut Line(&mut line));
        self.events.lock().unwrap().push(line);
    }

    fn enter(&self, id: &Id) {
        self.entered.fetch_add(1, Relaxed);
        let at = usize::try_from(id.into_u64() - 1).unwrap();
        let metadata = self.known.lock().unwrap()[at];
        self.inside.lock().unwrap().push((id.clone(), metadata));
    }

    fn exit(&self, id: &Id) {
        self.inside
            .lock()
            .unwrap()
            .retain(|(inside, _)| inside != id);
    }

    fn current_span(&self) -> Current {
        match self.inside.lock().unwrap().last() {
            Some((id, metadata)) => Current::new(id.clone(), metadata),
            None => Current::none(),
        }
    }
}

#[tokio::test]
async fn a_call_has_one_span_with_the_trace_of_its_ctx() {
    let test = TestHost::new(|host| host.plugin::<Shelf>()).await.unwrap();
    let notes = test.service::<dyn Notes>().unwrap();
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let ctx = test.ctx().with_traceparent(parent).unwrap();
    assert_eq!(
        &ctx.traceparent()[..36],
        "00-0af7651916cd43dd8448eb211c80319c-"
    );
    assert_ne!(ctx.traceparent(), ctx.traceparent());

    let listener = Listener::default();
    let _listening = tracing::subscriber::set_default(listener.clone());
    notes.get(&ctx, 3).await.unwrap();
    assert!(notes.count(&ctx).is_ok());
    let before = listener.entered.load(Relaxed);
    notes.act(&ctx, "yield".to_owned()).await.unwrap();
    assert!(
        listener.entered.load(Relaxed) >= before + 2,
        "it goes on in its span"
    );
    let begun = test.transaction().begin().unwrap();
    begun.commit().await.unwrap();
    let spans = listener.spans.lock().unwrap().clone();
    let expected = |method: &str| {
        format!(
            r#"call service="notes" method="{method}" instance="shelf" principal="operator" trace_id="0af7651916cd43dd8448eb211c80319c""#
        )
    };
    assert_eq!(
        spans[..3],
        [expected("get"), expected("count"), expected("act")]
    );
    assert!(spans[3].starts_with("commit transaction="), "{}", spans[3]);
    assert_eq!(spans.len(), 4);
}

#[tokio::test]
async fn every_call_tells_its_end_once() {
    let test = TestHost::new(|host| host.plugin::<Shelf>()).await.unwrap();
    let notes = test.service::<dyn Notes>().unwrap();
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let ctx = test.ctx().with_traceparent(parent).unwrap();
    let listener = Listener::default();
    let _listening = tracing::subscriber::set_default(listener.clone());
    let told = || std::mem::take(&mut *listener.events.lock().unwrap());
    let ended = |method: &str, ms: &str, outcome: &str| {
        format!(
            r#" message=call ended service="notes" method="{method}" instance="shelf" duration_ms={ms} outcome="{outcome}" trace_id="0af7651916cd43dd8448eb211c80319c""#
        )
    };

    drop(notes.count(&ctx));
    assert_eq!(told(), [ended("count", "0.0", "ok")]);
    drop(notes.get(&ctx, 10).await);
    assert_eq!(told(), [ended("get", "0.0", "not_found")]);
    for (how, outcome) in [
        ("yield", "ok"),
        ("fail", "shelf_full"),
        ("panic", "panicked"),
    ] {
        drop(notes.act(&ctx, how.to_owned()).await);
        assert_eq!(told(), [ended("act", "0.0", outcome)]);
        drop(notes.act_apart(&ctx, how.to_owned()).await);
        assert_eq!(told(), [ended("act_apart", "0.0", outcome)]);
    }

    // One that waits: over its deadline, and given up by who called it.
    let mut waiting = Box::pin(notes.act(&ctx, "wait".to_owned()));
    assert!(std::future::poll_fn(|cx| Poll::Ready(waiting.as_mut().poll(cx).is_pending())).await);
    assert_eq!(told(), [""; 0]);
    test.clock().advance(Duration::from_millis(1_500));
    drop(waiting.await);
    assert_eq!(told(), [ended("act", "1500.0", "timeout")]);
    let mut waiting = Box::pin(notes.act(&ctx, "wait".to_owned()));
    assert!(std::future::poll_fn(|cx| Poll::Ready(waiting.as_mut().poll(cx).is_pending())).await);
    drop(waiting);
    assert_eq!(told(), [ended("act", "0.0", "cancelled")]);

    // A stream ends with its last item, or its first error.
    for (up_to, outcome) in [(3, "ok"), (9, "not_found")] {
        let mut stream = notes.all(&ctx, up_to);
        assert!(stream.next().await.is_some());
        assert_eq!(told(), [""; 0]);
        while stream.next().await.is_some() {}
        assert_eq!(told(), [ended("all", "0.0", outcome)]);
    }

    let guest = test.ctx_as(&Principal::named("guest"));
    drop(notes.count(&guest.with_traceparent(parent).unwrap()));
    assert_eq!(told(), [ended("count", "0.0", "permission_denied")]);
}
