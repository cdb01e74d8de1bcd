//! Steps that give items: opened, called for each item of another, read with bounded buffers.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use serde_json::Value;

use super::{Bound, Inner, parameters};
use crate::call::{Answer, BoxFuture, Ctx, Stream, collect};
use crate::composition::definition::OnFailure;
use crate::composition::payload::Payload;
use crate::contract::encode;
use crate::error::CallError;
use crate::limit;

/// A step of a method.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) graph: usize,
    pub(super) node: usize,
}

impl Inner {
    /// Calls a method that gives items.
    pub(in crate::composition) fn stream(
        self: Arc<Self>,
        method: usize,
        ctx: Ctx,
        input: Vec<u8>,
    ) -> Stream<Vec<u8>, CallError> {
        Stream::new(Opening {
            opening: Some(Box::pin(
                async move { self.flow(method, &ctx, input).await },
            )),
            items: None,
        })
    }

    /// Opens the stream of a slot.
    pub(super) async fn open(
        &self,
        (slot, method): (usize, usize),
        ctx: &Ctx,
        input: &[u8],
    ) -> Result<Stream<Vec<u8>, CallError>, CallError> {
        match self.clients[slot].answer(method, ctx, input).await? {
            Answer::Stream(items) => Ok(items),
            Answer::Value(value) => Ok(Stream::from_iter([Ok(value)])),
        }
    }
}

/// A stream that is still to be opened.
struct Opening {
    opening: Option<BoxFuture<'static, Result<Answer, CallError>>>,
    items: Option<Stream<Vec<u8>, CallError>>,
}

impl futures_core::Stream for Opening {
    type Item = Result<Vec<u8>, CallError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(opening) = &mut self.opening {
            let opened = ready!(opening.as_mut().poll(cx));
            self.opening = None;
            match opened {
                Ok(Answer::Stream(items)) => self.items = Some(items),
                Ok(Answer::Value(value)) => return Poll::Ready(Some(Ok(value))),
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
        match &mut self.items {
            Some(items) => Pin::new(items).poll_next(cx),
            None => Poll::Ready(None),
        }
    }
}

/// All items of a stream; of each what stands at the pointer, and null where nothing does.
pub(super) async fn gathered(
    items: Stream<Vec<u8>, CallError>,
    pointer: &str,
) -> Result<Payload, CallError> {
    let all = Payload::new(collect(items).await?);
    let Value::Array(items) = all.value()? else {
        return Ok(all);
    };
    if pointer.is_empty() {
        return Ok(all);
    }
    let at = |item: &Value| item.pointer(pointer).cloned().unwrap_or_default();
    let picked: Value = items.iter().map(at).collect();
    encode(&picked).map(Payload::new)
}

/// The same items; each is published on its way.
pub(super) fn published(
    inner: Arc<Inner>,
    place: Place,
    ctx: Ctx,
    mut items: Stream<Vec<u8>, CallError>,
) -> Stream<Vec<u8>, CallError> {
    Stream::channel(limit::COMPOSITE_BUFFER, move |sender| async move {
        let node = &inner.plan.graphs[place.graph].nodes[place.node];
        while let Some(item) = items.next().await {
            let item = match item {
                Ok(item) => {
                    let payload = Payload::new(item);
                    let published = inner.publish(&ctx, &node.emits, &payload).await;
                    published.map(|()| payload.bytes().to_vec())
                }
                Err(error) => Err(error),
            };
            let is_last = item.is_err();
            if !sender.send(item).await || is_last {
                return;
            }
        }
    })
}

/// Calls a step for each item, one after the other: the next item is read while [`limit::COMPOSITE_BUFFER`] results
/// wait at most.
pub(super) fn each(
    inner: Arc<Inner>,
    place: Place,
    ctx: Ctx,
    values: Vec<Bound>,
    mut items: Stream<Vec<u8>, CallError>,
) -> Stream<Vec<u8>, CallError> {
    Stream::channel(limit::COMPOSITE_BUFFER, move |sender| async move {
        let node = &inner.plan.graphs[place.graph].nodes[place.node];
        let policy = node
            .inputs
            .iter()
            .find(|edge| edge.each)
            .map(|edge| edge.on_failure.clone())
            .unwrap_or_default();
        while let Some(item) = items.next().await {
            let result = match item {
                Ok(item) => one(&inner, place, &ctx, &values, &Payload::new(item)).await,
                // What feeds it has failed: its own word says what that means, once, for nothing comes after.
                Err(error) => match &policy {
                    OnFailure::Fail => Err(error),
                    OnFailure::Skip => return,
                    OnFailure::Default(value) => {
                        let item = encode(value).map(Payload::new);
                        match item {
                            Ok(item) => one(&inner, place, &ctx, &values, &item).await,
                            Err(error) => Err(error),
                        }
                    }
                },
            };
            let result = match (result, &node.on_failure) {
                (Err(_), OnFailure::Skip) => continue,
                (Err(_), OnFailure::Default(value)) => encode(value),
                (result, _) => result,
            };
            let is_last = result.is_err();
            if !sender.send(result).await || is_last {
                return;
            }
        }
    })
}

async fn one(
    inner: &Arc<Inner>,
    place: Place,
    ctx: &Ctx,
    values: &[Bound],
    item: &Payload,
) -> Result<Vec<u8>, CallError> {
    let node = &inner.plan.graphs[place.graph].nodes[place.node];
    let input = parameters(inner, node, values, Some(item))?;
    let answer = Payload::new(inner.called_or_instead(node, ctx, &input).await?);
    inner.publish(ctx, &node.emits, &answer).await?;
    Ok(answer.bytes().to_vec())
}
