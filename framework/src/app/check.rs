//! `check`: whether configuration and plugins fit together, without starting anything.

use serde_json::{Value, json};

use super::args::Format;
use super::failure::{Failure, REFUSED};
use super::output::{envelope, list, say, table};
use super::session::Session;
use crate::config;
use crate::registry::{Plan, PlannedInstance};

pub(super) fn run(session: &Session) -> Result<u8, Failure> {
    let loaded = session.load();
    let warnings = loaded.warnings();
    if session.output.format == Format::Table && !warnings.is_empty() {
        say(config::render_warnings(&warnings, true).trim_end());
    }
    match (loaded.plan(), session.output.format) {
        (Ok(plan), _) => {
            let report = || report(&plan, &warnings);
            session.output.either(|| text(&plan), report)?;
            Ok(0)
        }
        // The problems are what was asked for, so a program finds them on stdout.
        (Err(Failure::Refused(refusal)), Format::Json) => {
            let entries = [
                ("ok", false.into()),
                ("problems", refusal.list()),
                ("warnings", json!(warnings)),
            ];
            session.output.json(&envelope(entries))?;
            Ok(REFUSED)
        }
        (Err(failure), _) => Err(failure),
    }
}

fn report(plan: &Plan, warnings: &[config::Problem]) -> Value {
    let instances: Vec<Value> = plan
        .instances
        .iter()
        .map(|planned| {
            let bindings = planned.bindings.iter();
            let bindings: serde_json::Map<String, Value> = bindings
                .map(|binding| (binding.service.name.to_owned(), binding.provider.clone().into()))
                .collect();
            json!({ "instance": planned.name, "plugin": planned.entry.descriptor.id, "bindings": bindings })
        })
        .collect();
    envelope([
        ("ok", true.into()),
        ("problems", json!([])),
        ("warnings", json!(warnings)),
        ("instances", instances.into()),
    ])
}

/// The order of the start, and who answers whom.
fn text(plan: &Plan) -> String {
    let row = |planned: &PlannedInstance| {
        let asks: Vec<String> = planned
            .bindings
            .iter()
            .map(|binding| format!("{} of {}", binding.service.name, binding.provider))
            .collect();
        let provides: Vec<&str> = planned
            .entry
            .descriptor
            .provides
            .iter()
            .map(|service| service.name)
            .collect();
        [planned.name.clone(), list(&provides), list(&asks)]
    };
    let count = plan.instances.len();
    let plugins = if count == 1 { "instance" } else { "instances" };
    let table = table(
        ["STARTS", "PROVIDES", "USES"],
        plan.instances.iter().map(row),
    );
    format!("{table}ok: {count} {plugins} fit together\n")
}
