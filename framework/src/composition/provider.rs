//! A composite as a provider: how it starts, and how its methods are called.

use std::sync::{Arc, OnceLock, PoisonError, Weak};

use super::definition::Composite;
use super::plan::Plan;
use super::run::{Inner, Outer};
use crate::call::{AnyService, AnySlot, BoxFuture, Ctx, Dynamic, DynamicSlot, Stream};
use crate::contract::Stability;
use crate::error::{CallError, Result};
use crate::event::{Event, Handler, Subscription};
use crate::registry::{
    Binder, FromHost, Health, Need, PluginDescriptor, PluginEntry, Provided, Running, Start,
    Starting,
};
use crate::transaction::AnyParticipant;

/// The entry of a composite, as if it had been linked in.
pub(crate) fn entry(plan: &Arc<Plan>) -> PluginEntry {
    let made = plan.clone();
    let start = move |binder: Binder| -> Starting {
        let plan = made.clone();
        Box::pin(async move {
            Provider::start(plan, binder).map(|provider| -> Arc<dyn Running> { Arc::new(provider) })
        })
    };
    PluginEntry {
        descriptor: Box::leak(Box::new(descriptor(&plan.composite, plan))),
        text: "",
        start: Start::Made(Box::leak(Box::new(start))),
    }
}

fn descriptor(composite: &Composite, plan: &Plan) -> PluginDescriptor {
    let text = |text: &str| -> &'static str { String::leak(text.to_owned()) };
    let need = |slot: &super::plan::PlannedSlot| match &slot.slot.instance {
        Some(instance) => Need::Instance {
            service: slot.service,
            instance: text(instance),
        },
        None => Need::Service {
            service: slot.service,
            optional: false,
        },
    };
    let permissions: Vec<&'static str> = composite
        .permissions
        .iter()
        .map(|permission| text(permission))
        .collect();
    PluginDescriptor {
        id: plan.service.name,
        version: text(&composite.version.to_string()),
        package: env!("CARGO_PKG_NAME"),
        description: plan.service.docs,
        authors: "",
        license: "",
        source: "",
        stability: Stability::Stable,
        categories: &["Composite"],
        tags: &[],
        permissions: Vec::leak(permissions),
        access: &[],
        exclusive: false,
        provides: Vec::leak(vec![plan.service]),
        needs: Vec::leak(plan.slots.iter().map(need).collect()),
    }
}

/// A started composite.
struct Provider {
    inner: Arc<Inner>,
    service: &'static crate::contract::ServiceDescriptor,
    /// What answers events. They end with it.
    listening: OnceLock<Vec<Handler>>,
}

impl Provider {
    fn start(plan: Arc<Plan>, binder: Binder) -> Result<Self> {
        let clients: Vec<Arc<dyn AnyService>> = binder
            .slots
            .iter()
            .map(|slot: &Arc<dyn AnySlot>| slot.client(&binder.consumer))
            .collect();
        let service = plan.service;
        let background = crate::registry::Background::from_host(&binder)?;
        let inner = Arc::new(Inner::new(
            plan,
            clients,
            Outer {
                events: binder.events.clone(),
                background,
                meter: binder.meter.clone(),
                consumer: binder.consumer.clone(),
            },
        ));
        let provider = Self {
            inner,
            service,
            listening: OnceLock::new(),
        };
        provider.listen()?;
        Ok(provider)
    }

    fn listen(&self) -> Result<()> {
        let mut handlers = Vec::new();
        for (index, planned) in self.inner.plan.listens.iter().enumerate() {
            let subscription =
                Subscription::new(self.service.name).kind(planned.listen.event.clone());
            let inner = self.inner.clone();
            let handle = move |event: Arc<Event>| {
                let inner = inner.clone();
                async move { inner.answer(index, &event).await }
            };
            handlers.push(self.inner.outer.events.handle(subscription, handle)?);
        }
        // Set once: a provider starts once.
        drop(self.listening.set(handlers));
        Ok(())
    }
}

impl Running for Provider {
    fn provide(self: Arc<Self>) -> Vec<Provided> {
        let provider: Arc<dyn Dynamic> = self.clone();
        vec![Provided::dynamic(self.service, provider)]
    }

    fn stop(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn health(&self) -> Health {
        Health::Ready
    }

    fn participant(self: Arc<Self>) -> Option<Arc<dyn AnyParticipant>> {
        None
    }
}

impl Dynamic for Provider {
    fn call<'a>(
        &'a self,
        method: usize,
        ctx: &'a Ctx,
        input: Vec<u8>,
    ) -> BoxFuture<'a, Result<Vec<u8>, CallError>> {
        Box::pin(self.inner.clone().run(method, ctx, input))
    }

    fn stream(&self, method: usize, ctx: &Ctx, input: Vec<u8>) -> Stream<Vec<u8>, CallError> {
        // Whoever drops the stream gives up the calls behind it.
        self.inner.clone().stream(method, ctx.clone(), input)
    }

    fn seated(&self, slot: Weak<DynamicSlot>) {
        *self
            .inner
            .seat
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = slot;
    }

    fn replaced(&self) {
        let handlers = self.listening.get();
        handlers.into_iter().flatten().for_each(Handler::close);
    }
}
