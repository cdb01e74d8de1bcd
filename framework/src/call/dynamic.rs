//! A service whose contract was made when the host was put together, behind the same gate as any other.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};

use super::calling::begin_aside;
use super::consumer::Consumer;
use super::gate::pass_stream;
use super::instance::{Instance, MethodGate};
use super::json::{AnyService, JsonCall};
use super::slot::{AnySlot, Slot, other_contract};
use super::{BoxFuture, Contract, Ctx, Service, Stream};
use crate::contract::{Given, MethodKind, ServiceDescriptor, Stability, Version, difference};
use crate::error::{CallError, Error, ErrorKind, Result};

/// A provider of such a service. Its input has been checked against the contract.
pub(crate) trait Dynamic: Send + Sync + 'static {
    /// Calls a method that gives one value.
    fn call<'a>(
        &'a self,
        method: usize,
        ctx: &'a Ctx,
        input: Vec<u8>,
    ) -> BoxFuture<'a, Result<Vec<u8>, CallError>>;

    /// Calls a method that gives a stream.
    fn stream(&self, method: usize, ctx: &Ctx, input: Vec<u8>) -> Stream<Vec<u8>, CallError>;

    /// Learns its slot, through which its calls of itself pass the gate.
    fn seated(&self, slot: Weak<DynamicSlot>);

    /// Learns that another one answers in its slot from now on.
    fn replaced(&self);
}

/// The type by which such providers are held. The contract itself is beside it, in the slot.
impl Contract for dyn Dynamic {
    type Twin = dyn Dynamic;

    const DESCRIPTOR: &'static ServiceDescriptor = &ServiceDescriptor {
        name: "dynamic",
        version: Version::parse("1.0"),
        package: env!("CARGO_PKG_NAME"),
        docs: "",
        stability: Stability::Stable,
        since: None,
        deprecated: None,
        methods: &[],
    };

    fn call_json<'a>(
        _: &'a Service<Self>,
        _: usize,
        _: &'a Ctx,
        _: &'a [u8],
        _: &mut Context<'_>,
    ) -> JsonCall<'a> {
        JsonCall::no_such_method()
    }
}

/// The slot of such a service.
pub(crate) struct DynamicSlot {
    service: &'static ServiceDescriptor,
    inputs: Arc<[Given]>,
    slot: Slot<dyn Dynamic>,
    /// Who is in front, to be told where it stands, and when another one takes its place.
    front: Mutex<Arc<dyn Dynamic>>,
    own: Weak<Self>,
}

impl DynamicSlot {
    /// Puts a provider behind its gates.
    ///
    /// # Errors
    ///
    /// A schema of the contract cannot be used.
    pub(crate) fn new(
        service: &'static ServiceDescriptor,
        provider: Arc<dyn Dynamic>,
        gates: Arc<[MethodGate]>,
        instance: Arc<Instance>,
    ) -> Result<Arc<Self>> {
        let inputs: std::result::Result<Vec<Given>, String> =
            service.methods.iter().map(Given::new).collect();
        let inputs = inputs.map_err(|fault| {
            Error::new(
                ErrorKind::Graph,
                format!("a schema of `{}` cannot be used: {fault}", service.name),
            )
        })?;
        Ok(Arc::new_cyclic(|own| {
            provider.seated(own.clone());
            Self {
                service,
                inputs: inputs.into(),
                front: Mutex::new(provider.clone()),
                slot: Slot::new(provider, gates, instance),
                own: own.clone(),
            }
        }))
    }

    fn front(&self) -> MutexGuard<'_, Arc<dyn Dynamic>> {
        self.front.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for DynamicSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DynamicSlot({})", self.service.name)
    }
}

impl AnySlot for DynamicSlot {
    fn as_any(&self) -> &(dyn Any + Send + Sync) {
        self
    }

    fn service(&self) -> &'static ServiceDescriptor {
        self.service
    }

    fn client(&self, consumer: &Consumer) -> Arc<dyn AnyService> {
        Arc::new(Client {
            service: self.service,
            inputs: self.inputs.clone(),
            client: self.slot.bind_as(self.service, consumer),
        })
    }

    fn replace(&self, other: &dyn AnySlot) -> Result<()> {
        // A definition may be another one; whoever calls it goes by the contract that was there first.
        match other.as_any().downcast_ref::<Self>() {
            Some(other) if difference(self.service, other.service).is_none() => {
                self.slot.put_in_front(&other.slot, self.service.name)?;
                let now = other.front().clone();
                let before = std::mem::replace(&mut *self.front(), now.clone());
                now.seated(self.own.clone());
                before.replaced();
                Ok(())
            }
            Some(_) | None => Err(other_contract(self.service.name)),
        }
    }

    fn gates(&self) -> Vec<Arc<[MethodGate]>> {
        self.slot.all_gates()
    }
}

struct Client {
    service: &'static ServiceDescriptor,
    inputs: Arc<[Given]>,
    client: Service<dyn Dynamic>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({})", self.service.name)
    }
}

impl AnyService for Client {
    fn descriptor(&self) -> &'static ServiceDescriptor {
        self.service
    }

    fn provider(&self) -> &str {
        self.client.provider()
    }

    fn call_json<'a>(
        &'a self,
        method: usize,
        ctx: &'a Ctx,
        input: &'a [u8],
        cx: &mut Context<'_>,
    ) -> JsonCall<'a> {
        let (Some(descriptor), Some(given)) =
            (self.service.methods.get(method), self.inputs.get(method))
        else {
            return JsonCall::no_such_method();
        };
        let arguments = || given.check(descriptor, input);
        if descriptor.kind == MethodKind::Stream {
            let stream = pass_stream(&self.client, method, ctx, arguments, |twin, ctx, input| {
                twin.stream(method, ctx, input)
            });
            return JsonCall::Stream(
                stream.unwrap_or_else(|refused| Stream::from_iter([Err(refused)])),
            );
        }
        let mut waiting = None;
        let begun = begin_aside(
            (&self.client, ctx),
            method,
            cx,
            arguments,
            move |twin: &dyn Dynamic, ctx, input| twin.call(method, ctx, input),
            &mut waiting,
        );
        match (begun, waiting) {
            (Poll::Ready(result), _) => JsonCall::Ready(result),
            (Poll::Pending, Some(waiting)) => JsonCall::Future(waiting),
            (Poll::Pending, None) => {
                JsonCall::Ready(Err(CallError::internal("a call that is pending waits")))
            }
        }
    }
}
