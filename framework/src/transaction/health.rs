//! Whether transactions are as they should be, for the health of the host.

use super::Transactions;

/// How bad it is that transactions are not as they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Nothing durable is committed until the host is started again.
    Ended,
    /// Nothing durable is committed at present; the host goes on by itself when it can.
    Refusing,
    /// Some of them wait, for a participant or for an operator.
    Waiting,
}

impl Transactions {
    /// Sees whether there is room again for what was refused.
    #[cfg(feature = "monitoring")]
    pub(crate) async fn retry(&self) {
        if let Some(durable) = self.engine.opened() {
            durable.journal.retry().await;
        }
    }

    /// What is not as it should be, the worst of it.
    pub(crate) fn health(&self) -> Option<(Trouble, String)> {
        if let Some(fault) = self.engine.opened().and_then(|durable| durable.fault()) {
            return Some(fault);
        }
        if let Some((instance, why)) = self.engine.unasked() {
            let what = "cannot say which transactions it has in doubt, and is asked again";
            return Some((Trouble::Waiting, format!("`{instance}` {what}: {why}")));
        }
        let waiting = self.undone();
        (waiting > 0).then(|| {
            let what = "of the transactions wait for a participant or an operator: `app tx list`";
            (Trouble::Waiting, format!("{waiting} {what}"))
        })
    }
}
