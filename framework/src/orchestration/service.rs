//! Workflows for everyone who does not call from Rust: the contract of the built-in service.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::definition::DefinitionId;
use super::run::Round;
use super::{Status, Terms, Workflows};
use crate::call::Ctx;
use crate::contract::Json;
use crate::error::{CallError, Problem};

/// Start workflows, watch them and end them.
///
/// A run calls on behalf of whoever started it. `app workflow` is this service on the command line.
#[weldkit::service(name = "weldkit.workflows", version = "1.0")]
pub trait WorkflowService {
    /// Read a document and make it known under its namespace, name and version.
    #[method(idempotent, permission = "weldkit.workflows.operate")]
    async fn register(
        &self,
        ctx: &Ctx,
        /// The document: YAML or JSON.
        document: String,
        /// What its places are shown in.
        #[serde(default)]
        file: Option<String>,
        /// Whether it is known after a restart too; it is, unless this says no.
        #[serde(default)]
        keep: Option<bool>,
    ) -> Result<Registered, CallError>;

    /// The workflows that are known, as `namespace/name/version`.
    #[method(read_only, idempotent)]
    async fn known(&self, ctx: &Ctx) -> Result<Vec<String>, CallError>;

    /// Start a run. A durable one is kept when this returns.
    #[method(permission = "weldkit.workflows.start")]
    async fn start(
        &self,
        ctx: &Ctx,
        /// Which: `namespace/name/version`, or `namespace/name` for the latest.
        workflow: String,
        /// What it is started with.
        #[serde(default)]
        input: Json,
        /// Its id; a second start of one id finds the first.
        #[serde(default)]
        run: Option<String>,
        /// Whether it survives a crash.
        #[serde(default)]
        durable: Option<bool>,
        /// Runs of one workflow that have the same key are under way one at a time.
        #[serde(default)]
        key: Option<String>,
    ) -> Result<Status, CallError>;

    /// How a run is, an ended one included.
    #[method(read_only, idempotent)]
    async fn status(
        &self,
        ctx: &Ctx,
        /// Its id.
        run: String,
    ) -> Result<Status, CallError>;

    /// Wait until a run has ended, or the deadline of the call has come.
    #[method(read_only, idempotent, timeout = "24h")]
    async fn wait(
        &self,
        ctx: &Ctx,
        /// Its id.
        run: String,
    ) -> Result<Status, CallError>;

    /// All runs, the oldest first.
    #[method(read_only, idempotent)]
    async fn list(&self, ctx: &Ctx) -> Result<Vec<Status>, CallError>;

    /// Begin nothing more of a run until it is resumed.
    #[method(idempotent, permission = "weldkit.workflows.operate")]
    async fn pause(
        &self,
        ctx: &Ctx,
        /// Its id.
        run: String,
    ) -> Result<Status, CallError>;

    /// Let a paused run go on.
    #[method(idempotent, permission = "weldkit.workflows.operate")]
    async fn resume(
        &self,
        ctx: &Ctx,
        /// Its id.
        run: String,
    ) -> Result<Status, CallError>;

    /// End a run early; what it did is undone.
    #[method(idempotent, permission = "weldkit.workflows.operate")]
    async fn cancel(
        &self,
        ctx: &Ctx,
        /// Its id.
        run: String,
        /// Why.
        #[serde(default)]
        reason: Option<String>,
    ) -> Result<Status, CallError>;

    /// Hand an event to one run: `true` when a task of it has taken the event.
    #[method(permission = "weldkit.workflows.operate")]
    async fn signal(
        &self,
        ctx: &Ctx,
        /// Its id.
        run: String,
        /// A CloudEvent; `source` and `type` at least.
        event: Json,
    ) -> Result<bool, CallError>;

    /// What has happened to a durable run, oldest first.
    #[method(read_only, idempotent)]
    async fn history(
        &self,
        ctx: &Ctx,
        /// Its id.
        run: String,
    ) -> Result<Vec<Json>, CallError>;

    /// Forget a run that has ended.
    #[method(permission = "weldkit.workflows.operate")]
    async fn forget(
        &self,
        ctx: &Ctx,
        /// Its id.
        run: String,
    ) -> Result<(), CallError>;
}

/// What became of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Registered {
    /// `namespace/name/version`.
    pub workflow: String,
}

impl WorkflowService for Workflows {
    async fn register(
        &self,
        _: &Ctx,
        document: String,
        file: Option<String>,
        keep: Option<bool>,
    ) -> Result<Registered, CallError> {
        let file = file.unwrap_or_else(|| "document".to_owned());
        let registered = Self::register(self, &document, &file);
        let workflow = registered.map_err(|problems| refused(&file, &problems))?;
        if keep.unwrap_or(true) {
            self.keep(&workflow, &document).await?;
        }
        Ok(Registered {
            workflow: workflow.to_string(),
        })
    }

    async fn known(&self, _: &Ctx) -> Result<Vec<String>, CallError> {
        Ok(Self::known(self).iter().map(ToString::to_string).collect())
    }

    async fn start(
        &self,
        ctx: &Ctx,
        workflow: String,
        input: Json,
        run: Option<String>,
        durable: Option<bool>,
        key: Option<String>,
    ) -> Result<Status, CallError> {
        let mut parts = workflow.splitn(3, '/').map(str::to_owned);
        let (Some(namespace), Some(name)) = (parts.next(), parts.next()) else {
            return Err(CallError::invalid_parameter(format!(
                "`{workflow}` names no workflow: write `namespace/name/version` or `namespace/name`"
            ))
            .pointer("/workflow"));
        };
        let id = DefinitionId {
            namespace,
            name,
            version: parts.next().unwrap_or_else(|| "latest".to_owned()),
        };
        let terms = Terms {
            id: run,
            input,
            durable: durable.unwrap_or(true),
            key,
        };
        Self::start(self, ctx, &id, terms).await
    }

    async fn status(&self, _: &Ctx, run: String) -> Result<Status, CallError> {
        Self::status(self, &run).await
    }

    async fn wait(&self, ctx: &Ctx, run: String) -> Result<Status, CallError> {
        if let Ok(mut status) = self.watch(&run) {
            let mut furthest = 0.0;
            // Over is told last; a run that cannot go on says nothing more.
            while !status.borrow_and_update().goes_nowhere() {
                tell(ctx, &status.borrow(), &mut furthest);
                if status.changed().await.is_err() {
                    break;
                }
            }
        }
        Self::wait(self, &run).await
    }

    async fn list(&self, _: &Ctx) -> Result<Vec<Status>, CallError> {
        Self::list(self).await
    }

    async fn pause(&self, _: &Ctx, run: String) -> Result<Status, CallError> {
        Self::pause(self, &run).await
    }

    async fn resume(&self, _: &Ctx, run: String) -> Result<Status, CallError> {
        Self::resume(self, &run).await
    }

    async fn cancel(
        &self,
        ctx: &Ctx,
        run: String,
        reason: Option<String>,
    ) -> Result<Status, CallError> {
        let who = ctx.principal().as_str();
        let reason = reason.unwrap_or_else(|| format!("cancelled by `{who}`"));
        Self::cancel(self, &run, &reason).await
    }

    async fn signal(&self, _: &Ctx, run: String, event: Json) -> Result<bool, CallError> {
        Self::signal(self, &run, event).await
    }

    async fn history(&self, _: &Ctx, run: String) -> Result<Vec<Json>, CallError> {
        Self::history(self, &run).await
    }

    async fn forget(&self, _: &Ctx, run: String) -> Result<(), CallError> {
        Self::forget(self, &run).await
    }
}

/// Tells how far a run is. Behind a loop it is not nearer to the beginning again.
fn tell(ctx: &Ctx, status: &Status, furthest: &mut f64) {
    let own = status.progress.filter(|_| status.rounds.is_empty());
    *furthest = furthest.max(own.unwrap_or_else(|| Round::fraction(&status.rounds)));
    let rounds = status
        .rounds
        .iter()
        .map(|round| format!("{} {} of {}", round.task, round.done, round.of));
    let mut message: Vec<String> = rounds.collect();
    message.push(match status.tasks_done {
        1 => "1 task done".to_owned(),
        done => format!("{done} tasks done"),
    });
    ctx.progress(*furthest, &message.join(", "));
}

/// All that is wrong with a document, as the error of a call.
fn refused(file: &str, problems: &[Problem]) -> CallError {
    let shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
    CallError::invalid_parameter(format!("`{file}` is no workflow:\n{}", shown.join("\n")))
        .pointer("/document")
        .details(serde_json::json!({ "problems": problems }))
}
