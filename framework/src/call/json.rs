//! The JSON door: decode, the same gate, encode.

use std::fmt;

use serde::Serialize;

use super::Contract;
use super::gate::{Calling, pass_stream, pass_sync};
use super::{BoxFuture, Ctx, Service, Stream};
use crate::contract::{Parameters, ServiceDescriptor, ServiceError, decode, encode};
use crate::error::{CallError, Code};

/// A JSON call: over at once, under way, or a stream.
pub enum JsonCall<'a> {
    /// A sync method: over.
    Ready(Result<Vec<u8>, CallError>),
    /// An async method.
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
        JsonCall::Ready(
            result
                .map_err(ServiceError::into_call_error)
                .and_then(|value| encode(&value)),
        )
    }

    /// A JSON call of an async method. For the macros.
    #[doc(hidden)]
    pub fn json_async<'a, const METHOD: usize, P, T, E>(
        &'a self,
        ctx: &'a Ctx,
        input: &'a [u8],
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
        JsonCall::Future(Box::pin(async move {
            let arguments = || decode(descriptor, input);
            let calling = Calling::<METHOD, _, _, _, _, _>::new(self, ctx, arguments, call);
            let value = calling.await.map_err(E::into_call_error)?;
            encode(&value)
        }))
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
        JsonCall::Stream(
            stream.map_or_else(|refused| Stream::from_iter([Err(refused)]), Stream::encoded),
        )
    }
}

impl<T: Serialize + Send + 'static, E: ServiceError> Stream<T, E> {
    fn encoded(self) -> Stream<Vec<u8>, CallError> {
        Stream::new(Encoded(self))
    }
}

struct Encoded<T, E>(Stream<T, E>);

impl<T: Serialize, E: ServiceError> futures_core::Stream for Encoded<T, E> {
    type Item = Result<Vec<u8>, CallError>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        let next = std::pin::Pin::new(&mut self.0).poll_next(cx);
        next.map(|item| {
            item.map(|item| {
                item.map_err(E::into_call_error)
                    .and_then(|value| encode(&value))
            })
        })
    }
}

/// A client whose contract is not known to whoever holds it.
pub trait AnyService: Send + Sync + fmt::Debug {
    /// The contract.
    fn descriptor(&self) -> &'static ServiceDescriptor;

    /// The name of the instance that answers at present.
    fn provider(&self) -> &str;

    /// Calls a method by its index in the contract.
    fn call_json<'a>(&'a self, method: usize, ctx: &'a Ctx, input: &'a [u8]) -> JsonCall<'a>;
}

impl<S: Contract + ?Sized> AnyService for Service<S> {
    fn descriptor(&self) -> &'static ServiceDescriptor {
        S::DESCRIPTOR
    }

    fn provider(&self) -> &str {
        Service::provider(self)
    }

    fn call_json<'a>(&'a self, method: usize, ctx: &'a Ctx, input: &'a [u8]) -> JsonCall<'a> {
        S::call_json(self, method, ctx, input)
    }
}
