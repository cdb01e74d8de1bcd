//! The JSON door: decode, the same gate, encode.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use serde::Serialize;

use super::Contract;
use super::calling::begin;
use super::gate::{pass_stream, pass_sync};
use super::instance::MethodGate;
use super::{BoxFuture, Ctx, Service, Stream};
use crate::contract::{Parameters, ServiceDescriptor, ServiceError, decode, encode};
use crate::error::{CallError, Code};
use crate::limit;

/// What a call by name gives.
#[derive(Debug)]
pub enum Answer {
    /// One JSON text.
    Value(Vec<u8>),
    /// One JSON text an item.
    Stream(Stream<Vec<u8>, CallError>),
}

/// A JSON call that has begun: over, under way, or a stream.
pub enum JsonCall<'a> {
    /// A sync method, or an async one that did not wait: over.
    Ready(Result<Vec<u8>, CallError>),
    /// An async method that waits. It has been polled once, and wakes whoever did.
    Future(BoxFuture<'a, Result<Vec<u8>, CallError>>),
    /// A streaming method: one JSON text an item.
    Stream(Stream<Vec<u8>, CallError>),
}

impl fmt::Debug for JsonCall<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            JsonCall::Ready(_) => "JsonCall::Ready",
            JsonCall::Future(_) => "JsonCall::Future",
            JsonCall::Stream(_) => "JsonCall::Stream",
        })
    }
}

impl JsonCall<'_> {
    /// What an index that names no method gives.
    pub fn no_such_method() -> Self {
        JsonCall::Ready(Err(CallError::new(
            Code::MethodNotFound,
            "the service has no method of that index",
        )))
    }
}

impl<S: Contract + ?Sized> Service<S> {
    /// A JSON call of a sync method. For the macros.
    #[doc(hidden)]
    pub fn json_sync<'a, const METHOD: usize, P: Parameters, T: Serialize, E: ServiceError>(
        &'a self,
        ctx: &'a Ctx,
        input: &'a [u8],
        call: impl FnOnce(&S::Twin, &Ctx, P) -> Result<T, E>,
    ) -> JsonCall<'a> {
        let descriptor = &S::DESCRIPTOR.methods[METHOD];
        let result = pass_sync(
            self,
            METHOD,
            ctx,
            || decode(descriptor, input),
            |twin, ctx, parameters| call(twin, ctx, parameters),
        );
        JsonCall::Ready(self.passed(METHOD, input, encoded(result)))
    }

    /// A JSON call of an async method: its first poll, so that one that never waits costs no box
    /// of its own. For the macros.
    #[doc(hidden)]
    pub fn json_async<'a, const METHOD: usize, P, T, E>(
        &'a self,
        ctx: &'a Ctx,
        input: &'a [u8],
        cx: &mut Context<'_>,
        call: impl for<'x> FnOnce(&'x S::Twin, &'x Ctx, P) -> BoxFuture<'x, Result<T, E>>
        + Send
        + 'static,
    ) -> JsonCall<'a>
    where
        P: Parameters + 'static,
        T: Serialize + Send + 'static,
        E: ServiceError,
    {
        let descriptor = &S::DESCRIPTOR.methods[METHOD];
        let arguments = || decode(descriptor, input);
        let mut waiting = None;
        match begin::<METHOD, S, P, T, E>((self, ctx), cx, arguments, call, &mut waiting) {
            Poll::Ready(result) => JsonCall::Ready(self.passed(METHOD, input, encoded(result))),
            Poll::Pending => {
                let waiting = waiting.expect("a call that is pending waits");
                JsonCall::Future(Box::pin(async move {
                    self.passed(METHOD, input, encoded(waiting.await))
                }))
            }
        }
    }

    /// Counts the bytes of a call that has ended.
    fn passed(
        &self,
        method: usize,
        input: &[u8],
        result: Result<Vec<u8>, CallError>,
    ) -> Result<Vec<u8>, CallError> {
        let output = result.as_ref().map_or(0, Vec::len);
        self.newest().gates[method]
            .lanes
            .passed(input.len(), output);
        result
    }

    /// A JSON call of a streaming method. For the macros.
    #[doc(hidden)]
    pub fn json_stream<'a, const METHOD: usize, P, T, E>(
        &'a self,
        ctx: &'a Ctx,
        input: &'a [u8],
        call: impl FnOnce(&S::Twin, &Ctx, P) -> Stream<T, E>,
    ) -> JsonCall<'a>
    where
        P: Parameters,
        T: Serialize + Send + 'static,
        E: ServiceError,
    {
        let descriptor = &S::DESCRIPTOR.methods[METHOD];
        let stream = pass_stream(self, METHOD, ctx, || decode(descriptor, input), call);
        let gates = self.newest().gates.clone();
        gates[METHOD].lanes.passed(input.len(), 0);
        JsonCall::Stream(stream.map_or_else(
            |refused| Stream::from_iter([Err(refused)]),
            |stream| stream.encoded(gates, METHOD),
        ))
    }
}

#[inline]
fn encoded<T: Serialize, E: ServiceError>(result: Result<T, E>) -> Result<Vec<u8>, CallError> {
    match result {
        Ok(value) => encode(&value),
        Err(error) => Err(error.into_call_error()),
    }
}

impl<T: Serialize + Send + 'static, E: ServiceError> Stream<T, E> {
    fn encoded(self, gates: Arc<[MethodGate]>, method: usize) -> Stream<Vec<u8>, CallError> {
        Stream::new(Encoded {
            items: self,
            gates,
            method,
        })
    }
}

/// Items as JSON; their bytes are counted.
struct Encoded<T, E> {
    items: Stream<T, E>,
    gates: Arc<[MethodGate]>,
    method: usize,
}

impl<T: Serialize, E: ServiceError> futures_core::Stream for Encoded<T, E> {
    type Item = Result<Vec<u8>, CallError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = Pin::new(&mut self.items).poll_next(cx);
        let next = next.map(|item| item.map(encoded));
        if let Poll::Ready(Some(Ok(item))) = &next {
            self.gates[self.method].lanes.passed(0, item.len());
        }
        next
    }
}

/// All items as one JSON array.
pub(crate) async fn collect(mut stream: Stream<Vec<u8>, CallError>) -> Result<Vec<u8>, CallError> {
    let mut array = vec![b'['];
    while let Some(item) = stream.next().await {
        if array.len() > 1 {
            array.push(b',');
        }
        array.extend_from_slice(&item?);
        if array.len() > limit::JSON_BYTES {
            return Err(CallError::limit(format!(
                "the stream has more than {} bytes; read it item by item",
                limit::JSON_BYTES
            )));
        }
    }
    array.push(b']');
    Ok(array)
}

/// A client whose contract is not known to whoever holds it.
pub trait AnyService: Send + Sync + fmt::Debug {
    /// The contract.
    fn descriptor(&self) -> &'static ServiceDescriptor;

    /// The name of the instance that answers at present.
    fn provider(&self) -> &str;

    /// Begins a call of a method by its index in the contract, in a poll with `cx`.
    fn call_json<'a>(
        &'a self,
        method: usize,
        ctx: &'a Ctx,
        input: &'a [u8],
        cx: &mut Context<'_>,
    ) -> JsonCall<'a>;
}

impl dyn AnyService {
    /// Calls a method by its index in the contract.
    ///
    /// # Errors
    ///
    /// What the call gives.
    pub async fn answer(
        &self,
        method: usize,
        ctx: &Ctx,
        input: &[u8],
    ) -> Result<Answer, CallError> {
        let mut under_way: Option<BoxFuture<'_, Result<Vec<u8>, CallError>>> = None;
        poll_fn(|cx| match &mut under_way {
            Some(future) => future.as_mut().poll(cx).map_ok(Answer::Value),
            None => match self.call_json(method, ctx, input, cx) {
                JsonCall::Ready(result) => Poll::Ready(result.map(Answer::Value)),
                JsonCall::Stream(stream) => Poll::Ready(Ok(Answer::Stream(stream))),
                JsonCall::Future(future) => {
                    under_way = Some(future);
                    Poll::Pending
                }
            },
        })
        .await
    }
}

impl<S: Contract + ?Sized> AnyService for Service<S> {
    fn descriptor(&self) -> &'static ServiceDescriptor {
        S::DESCRIPTOR
    }

    fn provider(&self) -> &str {
        Service::provider(self)
    }

    fn call_json<'a>(
        &'a self,
        method: usize,
        ctx: &'a Ctx,
        input: &'a [u8],
        cx: &mut Context<'_>,
    ) -> JsonCall<'a> {
        S::call_json(self, method, ctx, input, cx)
    }
}
