//! `doctor`: what is wrong, each part looked at by itself, so that a broken one hides no other.

mod folder;
mod instances;

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;

use super::failure::{FAILED, Failure};
use super::output::{envelope, table};
use super::session::{Loaded, Session};
use super::workers;
use crate::config::Origin;
use crate::error::Problem;

/// What was found about one thing.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    pub(super) check: String,
    pub(super) state: State,
    pub(super) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) help: Option<String>,
}

/// How a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    /// As it should be.
    Ok,
    /// Worth knowing.
    Note,
    /// Not as it should be.
    Wrong,
}

impl Finding {
    pub(super) fn new(check: &str, state: State, message: impl Into<String>) -> Self {
        Self {
            check: check.to_owned(),
            state,
            message: message.into(),
            help: None,
        }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    fn problem(check: &str, problem: &Problem) -> Self {
        let place = problem
            .place
            .as_ref()
            .map_or_else(String::new, |place| format!("{place}: "));
        let message = format!("{place}{} ({})", problem.message, problem.code);
        Self {
            help: problem.help.clone(),
            ..Self::new(check, State::Wrong, message)
        }
    }
}

pub(super) fn run(session: &Session) -> Result<u8, Failure> {
    let loaded = session.load();
    let mut findings = vec![linked(session), framework()];
    findings.extend(configuration(session, &loaded));
    findings.extend(folder::findings(loaded.state()));
    let (running, instances) = workers::wait(instances::findings(loaded.state()))?;
    findings.extend(running);
    let is_well = findings.iter().all(|finding| finding.state != State::Wrong);
    session.output.either(
        || text(&findings),
        || {
            envelope([
                ("ok", is_well.into()),
                ("checks", json!(findings)),
                ("origins", json!(loaded.config.origins())),
                ("instances", instances.into()),
            ])
        },
    )?;
    Ok(if is_well { 0 } else { FAILED })
}

/// What was chosen against what is linked in.
fn linked(session: &Session) -> Finding {
    let chosen = session.app.facts.chosen;
    let linked: Vec<&str> = session
        .app
        .plugins()
        .map(|entry| entry.descriptor.id)
        .collect();
    let extra: Vec<&str> = linked
        .iter()
        .copied()
        .filter(|id| !chosen.contains(id))
        .collect();
    let lost = chosen.iter().filter(|id| !linked.contains(id)).count();
    let count = linked.len();
    let plugins = if count == 1 {
        "plugin is"
    } else {
        "plugins are"
    };
    match (lost, extra.as_slice()) {
        (0, []) => Finding::new(
            "plugins",
            State::Ok,
            format!("{count} {plugins} linked in, as chosen"),
        ),
        (0, extra) => {
            let message = format!(
                "{count} {plugins} linked in; not among the chosen: {}",
                extra.join(", ")
            );
            Finding::new("plugins", State::Note, message)
        }
        (lost, _) => Finding::new(
            "plugins",
            State::Wrong,
            format!("{lost} of the chosen plugins not linked in"),
        ),
    }
}

fn framework() -> Finding {
    let message = format!(
        "one copy of weldkit {}: Cargo refuses to link a second",
        env!("CARGO_PKG_VERSION")
    );
    Finding::new("framework", State::Ok, message)
}

/// Where values come from, and everything that is wrong with them and with the graph.
fn configuration(session: &Session, loaded: &Loaded) -> Vec<Finding> {
    let mut sources: BTreeMap<&str, usize> = BTreeMap::new();
    for origin in loaded.config.origins().values() {
        let source = match origin {
            Origin::Default { .. } => "built-in defaults",
            Origin::File { .. } => "the file",
            Origin::Environment { .. } => "the environment",
            Origin::Flag { .. } => "flags",
        };
        *sources.entry(source).or_default() += 1;
    }
    let (path, exists) = session.file();
    let there = if exists { "" } else { ", which does not exist" };
    let counts: Vec<String> = sources
        .iter()
        .map(|(source, count)| format!("{count} from {source}"))
        .collect();
    let values = if counts.is_empty() {
        "every value is the plugin's default".to_owned()
    } else {
        counts.join(", ")
    };
    let refusal = loaded.refusal();
    let message = format!("{}{there}; {values}", path.display());
    let mut findings = vec![Finding::new("configuration", State::Ok, message)];
    findings.extend(refusal.configuration.iter().map(|problem| {
        let place = problem
            .place
            .as_ref()
            .map_or_else(String::new, |place| format!("{place}: "));
        let finding = Finding::new(
            "configuration",
            State::Wrong,
            format!("{place}{} ({})", problem.message, problem.code),
        );
        let near = problem
            .nearest
            .as_ref()
            .map(|near| format!("did you mean `{near}`?"));
        match near.or_else(|| problem.fix.clone()) {
            Some(help) => finding.help(help),
            None => finding,
        }
    }));
    if refusal.graph.is_empty() {
        findings.push(Finding::new("graph", State::Ok, "the plugins fit together"));
    }
    findings.extend(
        refusal
            .graph
            .iter()
            .map(|problem| Finding::problem("graph", problem)),
    );
    findings
}

fn text(findings: &[Finding]) -> String {
    let row = |finding: &Finding| {
        let state = match finding.state {
            State::Ok => "ok",
            State::Note => "note",
            State::Wrong => "WRONG",
        };
        let help = finding
            .help
            .as_ref()
            .map_or_else(String::new, |help| format!("\nhelp: {help}"));
        [
            finding.check.clone(),
            state.to_owned(),
            format!("{}{help}", finding.message),
        ]
    };
    let wrong = findings
        .iter()
        .filter(|finding| finding.state == State::Wrong)
        .count();
    let verdict = match wrong {
        0 => "nothing is wrong".to_owned(),
        1 => "1 thing is wrong".to_owned(),
        more => format!("{more} things are wrong"),
    };
    format!(
        "{}{verdict}\n",
        table(["CHECK", "STATE", "FOUND"], findings.iter().map(row))
    )
}
