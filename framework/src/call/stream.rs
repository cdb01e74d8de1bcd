use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::mpsc;

use super::BoxFuture;
use crate::limit;

/// What a streaming method returns: items, each a `Result`. An error ends it.
///
/// The call lasts until the stream ends or is dropped.
pub struct Stream<T, E>(Pin<Box<dyn futures_core::Stream<Item = Result<T, E>> + Send>>);

impl<T, E> fmt::Debug for Stream<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stream")
    }
}

impl<T, E> Stream<T, E> {
    /// Wraps any stream.
    pub fn new(stream: impl futures_core::Stream<Item = Result<T, E>> + Send + 'static) -> Self {
        Self(Box::pin(stream))
    }

    /// A stream of what an iterator yields.
    #[expect(
        clippy::should_implement_trait,
        reason = "the trait would collect eagerly"
    )]
    pub fn from_iter<I>(items: I) -> Self
    where
        I: IntoIterator<Item = Result<T, E>>,
        I::IntoIter: Send + 'static,
    {
        Self::new(Items(items.into_iter()))
    }

    /// A stream that `produce` fills through a bounded channel. The producer runs while the stream
    /// is polled and waits while `capacity` items (at most [`limit::STREAM_ITEMS`]) are unread.
    pub fn channel<F>(capacity: usize, produce: impl FnOnce(Sender<T, E>) -> F) -> Self
    where
        T: Send + 'static,
        E: Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let (sender, items) = mpsc::channel(capacity.clamp(1, limit::STREAM_ITEMS));
        Self::new(Channel {
            items,
            producer: Some(Box::pin(produce(Sender(sender)))),
        })
    }

    /// The next item.
    pub async fn next(&mut self) -> Option<Result<T, E>> {
        poll_fn(|cx| self.0.as_mut().poll_next(cx)).await
    }

    /// All items, or the first error.
    ///
    /// # Errors
    ///
    /// The error that ended the stream.
    pub async fn collect(mut self) -> Result<Vec<T>, E> {
        let mut items = Vec::new();
        while let Some(item) = self.next().await {
            items.push(item?);
        }
        Ok(items)
    }
}

impl<T, E> futures_core::Stream for Stream<T, E> {
    type Item = Result<T, E>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

struct Items<I>(I);

// Nothing in it is ever pinned.
impl<I> Unpin for Items<I> {}

impl<I: Iterator> futures_core::Stream for Items<I> {
    type Item = I::Item;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.next())
    }
}

/// The sending end of [`Stream::channel`].
#[derive(Debug)]
pub struct Sender<T, E>(mpsc::Sender<Result<T, E>>);

impl<T, E> Sender<T, E> {
    /// Sends one item; `false` when nobody reads any more.
    pub async fn send(&self, item: Result<T, E>) -> bool {
        self.0.send(item).await.is_ok()
    }

    /// The same from blocking code.
    pub fn send_blocking(&self, item: Result<T, E>) -> bool {
        self.0.blocking_send(item).is_ok()
    }
}

struct Channel<T, E> {
    items: mpsc::Receiver<Result<T, E>>,
    producer: Option<BoxFuture<'static, ()>>,
}

impl<T, E> futures_core::Stream for Channel<T, E> {
    type Item = Result<T, E>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // What is there first: the producer then fills the room of many items at once.
        if let Ok(item) = self.items.try_recv() {
            return Poll::Ready(Some(item));
        }
        if let Some(producer) = &mut self.producer
            && producer.as_mut().poll(cx).is_ready()
        {
            self.producer = None;
        }
        self.items.poll_recv(cx)
    }
}
