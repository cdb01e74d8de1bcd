//! The services that every host provides itself. They are called, described and permitted like any other.

use std::sync::Arc;

use super::BUILTIN;
use super::descriptor::{Need, PluginDescriptor};
use super::entry::{Health, Plugin, PluginEntry, Provided};
use super::inject::Binder;
#[cfg(feature = "transaction")]
use super::inject::FromHost;
use crate::call::{BoxFuture, Contract};
use crate::contract::Stability;
use crate::error::Result;
#[cfg(feature = "transaction")]
use crate::event::{EventService, Events};
#[cfg(feature = "monitoring")]
use crate::monitoring::{Monitoring, MonitoringService};
#[cfg(feature = "orchestration")]
use crate::orchestration::{WorkflowService, Workflows};
#[cfg(feature = "transaction")]
use crate::transaction::{TransactionService, Transactions, Trouble};

/// The host as a plugin of itself. Not registered by link: it is in no request and in no audit.
struct Builtin {
    #[cfg(feature = "monitoring")]
    monitoring: Monitoring,
    #[cfg(feature = "transaction")]
    transactions: Transactions,
    #[cfg(feature = "transaction")]
    events: Events,
    #[cfg(feature = "orchestration")]
    workflows: Workflows,
}

impl Plugin for Builtin {
    const DESCRIPTOR: &'static PluginDescriptor = &PluginDescriptor {
        id: BUILTIN,
        version: env!("CARGO_PKG_VERSION"),
        package: env!("CARGO_PKG_NAME"),
        description: "The services of the host itself",
        authors: env!("CARGO_PKG_AUTHORS"),
        license: env!("CARGO_PKG_LICENSE"),
        source: env!("CARGO_PKG_REPOSITORY"),
        stability: Stability::Stable,
        categories: &[],
        tags: &[],
        permissions: &[],
        access: &[],
        exclusive: false,
        provides: &[
            #[cfg(feature = "monitoring")]
            <dyn MonitoringService as Contract>::DESCRIPTOR,
            #[cfg(feature = "transaction")]
            <dyn TransactionService as Contract>::DESCRIPTOR,
            #[cfg(feature = "transaction")]
            <dyn EventService as Contract>::DESCRIPTOR,
            #[cfg(feature = "orchestration")]
            <dyn WorkflowService as Contract>::DESCRIPTOR,
        ],
        needs: &[Need::Host],
    };

    fn start(binder: &Binder) -> BoxFuture<'_, Result<Self>> {
        Box::pin(async move {
            Ok(Self {
                #[cfg(feature = "monitoring")]
                monitoring: binder.monitoring.clone(),
                #[cfg(feature = "transaction")]
                transactions: Transactions::from_host(binder)?,
                #[cfg(feature = "transaction")]
                events: Events::from_host(binder)?,
                #[cfg(feature = "orchestration")]
                workflows: Workflows::from_host(binder)?,
            })
        })
    }

    fn health(&self) -> Health {
        #[cfg(feature = "transaction")]
        match self.transactions.health() {
            None => {}
            Some((Trouble::Ended | Trouble::Refusing, why)) => return Health::Failed(why),
            Some((Trouble::Waiting, why)) => return Health::Degraded(why),
        }
        Health::Ready
    }

    fn provide(self: Arc<Self>) -> Vec<Provided> {
        vec![
            #[cfg(feature = "monitoring")]
            Provided::new::<dyn MonitoringService>(Arc::new(self.monitoring.clone())),
            #[cfg(feature = "transaction")]
            Provided::new::<dyn TransactionService>(Arc::new(self.transactions.clone())),
            #[cfg(feature = "transaction")]
            Provided::new::<dyn EventService>(Arc::new(self.events.clone())),
            #[cfg(feature = "orchestration")]
            Provided::new::<dyn WorkflowService>(Arc::new(self.workflows.clone())),
        ]
    }
}

/// The entry of the host itself.
pub(crate) fn builtin() -> PluginEntry {
    PluginEntry::new::<Builtin>("")
}
