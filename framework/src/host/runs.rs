//! What workflows need of the host: their runs call through the same door as everybody else.

use std::sync::{Arc, Weak};

use super::{Host, Inner};
use crate::call::{Answer, BoxFuture, Ctx};
use crate::contract::method_hash;
use crate::error::{CallError, Result};
use crate::orchestration::Caller;
use crate::security::Principal;
use crate::transaction::Transactions;

/// Where the environment keeps the secrets of workflows.
const SECRET: &str = "WELDKIT_SECRET_";

/// A host that runs do not keep alive.
struct Door(Weak<Inner>);

impl Host {
    /// Lets workflows call: those of an earlier start go on.
    pub(super) async fn open_workflows(&self) -> Result<()> {
        let journal = self.0.setup.folder.path().join(Transactions::JOURNAL);
        let is_there = journal.exists() || self.0.setup.disk.is_some();
        let door = Door(Arc::downgrade(&self.0));
        self.0.workflows.open(Box::new(door), is_there).await
    }
}

impl Caller for Door {
    fn ctx(&self, principal: &Principal) -> Option<Ctx> {
        let host = Host(self.0.upgrade()?);
        Some(host.root(principal, Some(host.0.stopping.clone())))
    }

    fn call<'a>(
        &'a self,
        ctx: &'a Ctx,
        method: &'a str,
        input: Vec<u8>,
    ) -> BoxFuture<'a, Result<Vec<u8>, CallError>> {
        Box::pin(async move {
            let Some(host) = self.0.upgrade().map(Host) else {
                return Err(CallError::unavailable("the host is gone"));
            };
            match host.call_apart(ctx, method, input).await? {
                Answer::Value(value) => Ok(value),
                Answer::Stream(items) => super::door::collect(items).await,
            }
        })
    }

    fn shape(&self, method: &str) -> Option<String> {
        let host = self.0.upgrade()?;
        let (client, method) = host.routes.methods.get(method)?;
        let service = client.descriptor();
        Some(method_hash(service, &service.methods[*method]))
    }

    fn secret(&self, name: &str) -> Option<String> {
        let host = self.0.upgrade()?;
        let given = host.setup.secrets.get(name);
        given
            .map(|secret| secret.reveal().clone())
            .or_else(|| std::env::var(format!("{SECRET}{name}")).ok())
    }
}
