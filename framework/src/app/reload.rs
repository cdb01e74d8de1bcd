//! `reload`: the running host reads its configuration again and replaces what changed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::args::Format;
use super::control::{self, Client};
use super::failure::{FAILED, Failure, REFUSED};
use super::output::{envelope, list, say};
#[cfg(feature = "composition")]
use super::session::Loaded;
use super::session::Session;
use super::workers;
#[cfg(feature = "composition")]
use crate::composition::Composite;
use crate::config::{self, Config, Level};
use crate::error::{Error, ErrorKind};
use crate::host::Host;

/// What a reload did.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Outcome {
    /// Instances that run with new settings.
    pub(super) replaced: Vec<String>,
    /// Instances that go on as they were, and why.
    pub(super) kept: Vec<Kept>,
    /// What the configuration says now and only a restart brings about.
    pub(super) restart: Vec<String>,
    /// What is wrong with the new configuration; nothing has changed then.
    pub(super) problems: Vec<Value>,
    /// The same for people.
    pub(super) text: String,
}

/// An instance that could not be replaced.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) instance: String,
    pub(super) reason: String,
}

impl Outcome {
    fn refused(text: String, problems: Value) -> Self {
        let problems = match problems {
            Value::Array(problems) => problems,
            other => vec![other],
        };
        Self {
            problems,
            text,
            ..Self::default()
        }
    }

    /// For people, one line each with how much it matters.
    pub(super) fn lines(&self) -> Vec<(Level, String)> {
        if !self.problems.is_empty() {
            let verdict = "error: the new configuration cannot be used; nothing has changed";
            return vec![(Level::Error, format!("{}\n{verdict}", self.text.trim_end()))];
        }
        let mut lines = Vec::new();
        for Kept { instance, reason } in &self.kept {
            lines.push((
                Level::Error,
                format!("error: `{instance}` goes on as it was: {reason}"),
            ));
        }
        for what in &self.restart {
            lines.push((Level::Warn, format!("warning: needs a restart: {what}")));
        }
        let replaced = match self.replaced.as_slice() {
            [] => "nothing was replaced".to_owned(),
            replaced => format!("replaced: {}", list(replaced)),
        };
        lines.push((Level::Info, replaced));
        lines
    }

    fn exit_code(&self) -> u8 {
        match (self.problems.is_empty(), self.kept.is_empty()) {
            (false, _) => REFUSED,
            (true, false) => FAILED,
            (true, true) => 0,
        }
    }
}

pub(super) fn run(session: &Session) -> Result<u8, Failure> {
    let loaded = session.load();
    let outcome: Outcome = workers::wait(async {
        let Some(mut client) = Client::connect(loaded.state()).await? else {
            let state = loaded.state().display();
            let message =
                format!("no host runs on the state folder `{state}`; `app serve` starts one");
            return Err(Error::new(ErrorKind::State, message).into());
        };
        client.control(control::RELOAD).await
    })?;
    match session.output.format {
        Format::Table => outcome.lines().iter().for_each(|(_, line)| say(line)),
        Format::Json => session.output.json(&envelope([
            ("replaced", json!(outcome.replaced)),
            ("kept", json!(outcome.kept)),
            ("restart", json!(outcome.restart)),
            ("problems", json!(outcome.problems)),
        ]))?,
    }
    Ok(outcome.exit_code())
}

/// Reads the configuration again for a running host.
#[derive(Debug)]
pub(super) struct Reloader {
    session: Session,
    /// What the host was started with.
    started: Config,
}

impl Reloader {
    pub(super) fn new(session: Session, started: Config) -> Self {
        Self { session, started }
    }

    /// Replaces the instances whose settings changed, and says what else changed.
    pub(super) async fn reload(&self, host: &Host, workers: &tokio::runtime::Handle) -> Outcome {
        let loaded = self.session.load();
        let refusal = loaded.refusal();
        if !refusal.is_empty() {
            return Outcome::refused(refusal.text(false), refusal.list());
        }
        let (settings, restart) = self.compare(&loaded.config);
        let host = host.clone();
        #[cfg(feature = "composition")]
        let composites = self.composites(&loaded);
        let reloading = workers.spawn(async move {
            let done = host.reload(&settings).await?;
            #[cfg(feature = "composition")]
            let done = done.and(host.reload_composites(&composites).await?);
            Ok::<_, Error>(done)
        });
        let reloaded = match reloading.await {
            Ok(Ok(reloaded)) => reloaded,
            Ok(Err(error)) => return Outcome::refused(error.to_string(), json!(error.list())),
            Err(ended) => {
                let message = format!("the reload ended early: {ended}");
                return Outcome::refused(
                    message.clone(),
                    json!([{ "code": "internal", "message": message }]),
                );
            }
        };
        let kept = reloaded
            .kept
            .into_iter()
            .map(|(instance, reason)| Kept { instance, reason });
        Outcome {
            replaced: reloaded.replaced,
            kept: kept.collect(),
            restart,
            ..Outcome::default()
        }
    }

    /// The composites that stay, as they are declared now.
    #[cfg(feature = "composition")]
    fn composites(&self, loaded: &Loaded) -> Vec<Composite> {
        let started = self.started.composites();
        let now = loaded.builder.declared_composites().iter();
        now.filter(|composite| started.contains_key(&composite.name))
            .cloned()
            .collect()
    }

    /// The settings of what stays, and what the rest of the difference is.
    fn compare(&self, new: &Config) -> (BTreeMap<String, Value>, Vec<String>) {
        let (before, after) = (self.started.enabled(), new.enabled());
        let (stays, other): (Vec<_>, Vec<_>) = after
            .iter()
            .filter(|(instance, _)| before.contains_key(*instance))
            .partition(|(instance, plugin)| before.get(*instance) == Some(plugin));
        let settings = stays
            .iter()
            .map(|(instance, _)| ((*instance).clone(), new.settings_value(instance)));
        let changes = config::changes(&self.started, new);
        let mut restart: Vec<String> = Vec::new();
        restart.extend(
            changes
                .added
                .iter()
                .map(|instance| format!("`{instance}` is to start")),
        );
        restart.extend(
            changes
                .removed
                .iter()
                .map(|instance| format!("`{instance}` is to stop")),
        );
        restart.extend(
            other
                .iter()
                .map(|(instance, plugin)| format!("`{instance}` is to be of plugin `{plugin}`")),
        );
        let sections = [
            (changes.host, "[host]"),
            (changes.services, "[services]"),
            (changes.permissions, "[permissions]"),
            (changes.limits, "[limits]"),
        ];
        let changed = sections.iter().filter(|(changed, _)| *changed);
        restart.extend(changed.map(|(_, section)| format!("{section} has changed")));
        (settings.collect(), restart)
    }
}
