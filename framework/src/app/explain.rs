//! `explain`: what a code means, what usually causes it, and what to do.

use serde_json::{Value, json};

use super::failure::Failure;
use super::output::envelope;
use super::session::Session;
use crate::config;
use crate::error::{self, CallError};
use crate::name;

/// What is known of one code.
struct Explanation {
    code: String,
    meaning: String,
    cause: String,
    fix: String,
    /// `None` where nothing is called.
    retryable: Option<bool>,
}

/// Codes of the graph of plugins: meaning and what to do.
const GRAPH: &[(&str, &str, &str)] = &[
    (
        "plugin_not_linked",
        "A plugin was chosen for this binary, but is not in it.",
        "Let src/plugins.rs name its crate: `cargo xtask tidy --fix`; then build again.",
    ),
    (
        "missing_service",
        "A plugin asks for a service that nobody provides.",
        "Build again with the plugin that the message names, or leave the consumer out.",
    ),
    (
        "incompatible_line",
        "A service is provided, but in another compatibility line than the one asked for.",
        "Build provider and consumer against one line of the contract crate.",
    ),
    (
        "ambiguous_provider",
        "Several instances provide a service and none is chosen.",
        "Choose one in [services].",
    ),
    (
        "cycle",
        "Plugins wait for each other to start, composites are made of each other, or data flows in a circle in one.",
        "Break the cycle: another provider in [services], one plugin that does without, or one binding less.",
    ),
    (
        "duplicate_plugin",
        "Two linked plugins have one id, or a composite has the name of a plugin or a service.",
        "Leave one out, or give one another id in its attribute; give the composite another name.",
    ),
    (
        "duplicate_instance",
        "An instance has the name of another.",
        "Give it another name in [instances].",
    ),
    (
        "unknown_plugin",
        "The configuration names a plugin that is not linked in.",
        "Correct the name, or build again with the plugin.",
    ),
    (
        "unknown_instance",
        "The configuration names an instance that does not exist, or that does not provide the service.",
        "Correct the name; `app list` shows the instances.",
    ),
    (
        "unknown_service",
        "The configuration names a service that nobody provides.",
        "Correct the name; `app list` shows the services.",
    ),
    (
        "unknown_method",
        "The configuration bounds a method that no service has.",
        "Correct the name; `app describe SERVICE` lists the methods.",
    ),
    (
        "bad_name",
        "A name has letters that a name may not have.",
        "Lower-case letters, digits, `_` and `-`; a letter first; at most 64.",
    ),
    (
        "bad_permission",
        "A grant in [permissions] is no permission.",
        "Write `storage.write`, `storage.*` or `*`.",
    ),
    (
        "too_many_principals",
        "[permissions] names more principals than a host has roles.",
        "Name at most 63 beside the operator.",
    ),
    (
        "unreachable_task",
        "Nothing leads to a task of a workflow.",
        "Name it in a `then`, or take it out.",
    ),
    (
        "endless_loop",
        "Tasks of a workflow lead to each other, and nothing leads out.",
        "Let a `switch` in the loop go on elsewhere, or end the run with `then: end`.",
    ),
    (
        "waits_in_transaction",
        "A task waits inside of a transaction of a workflow.",
        "Move it out: a transaction holds calls and what computes.",
    ),
    (
        "compensation_in_transaction",
        "A task inside of a transaction of a workflow has a compensation or is a pivot, which nothing would heed.",
        "Put it on the task that is the transaction: when that fails, what is inside is undone by itself.",
    ),
    (
        "type_mismatch",
        "A value of a workflow can never be taken where it is put, or its expression always fails.",
        "Correct the expression; the message names what it gives and what is taken.",
    ),
    (
        "may_fail",
        "A value of a workflow or a composite is not taken there with some input; the message shows one.",
        "Narrow the schema of the input, or give a way for the rest: `//`, `if`, `catch`, or a `map` of the binding.",
    ),
    (
        "unknown_type",
        "Too little is known of a value of a workflow or a composite to tell whether it is taken where it is put.",
        "Give a schema to the input, or to the output of the task or the composite's method that it comes from.",
    ),
    (
        "slot_not_found",
        "A step of a composite calls a slot that is not there, or one that only stands in for another.",
        "Correct the name, or declare the slot under [composites.NAME.slots].",
    ),
    (
        "step_not_found",
        "A binding or a result of a composite names a step that is not there.",
        "Correct the name; `input` stands for what the caller gives.",
    ),
    (
        "unknown_field",
        "A binding of a composite takes a field that is not in what the step gives, or writes one that is not taken.",
        "`app describe SERVICE.METHOD --schema output` shows the fields.",
    ),
    (
        "missing_parameter",
        "A step of a composite or a workflow needs a parameter that nothing brings.",
        "Bind something to it, or give it in `with`; `app describe SERVICE.METHOD` lists the parameters.",
    ),
    (
        "duplicate_binding",
        "Two bindings of a composite write one place.",
        "Keep one of them, or merge their values in a step between.",
    ),
    (
        "missing_grant",
        "A composite answers events with calls that its own principal may not make.",
        "Add the line that the message shows to [permissions].",
    ),
    (
        "invalid_expression",
        "A jq expression cannot be read, or uses what is not there.",
        "The message quotes the expression and says what is wrong.",
    ),
    (
        "impure_expression",
        "A jq expression reads the clock, the environment or more input.",
        "Give it what it needs as a value.",
    ),
];

pub(super) fn run(session: &Session, code: &str) -> Result<u8, Failure> {
    let all = all(session);
    let Some(found) = all.iter().find(|explanation| explanation.code == code) else {
        let near = name::nearest(
            code,
            all.iter().map(|explanation| explanation.code.as_str()),
        );
        let help = near.map_or_else(
            || "a code stands in brackets before the message of an error".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        return Err(CallError::not_found(format!("there is no code `{code}`: {help}")).into());
    };
    session.output.either(|| found.text(), || found.json())?;
    Ok(0)
}

/// The host's codes, those of the configuration and of the graph, and each service's own.
fn all(session: &Session) -> Vec<Explanation> {
    let host = error::Code::all().map(|entry| Explanation {
        code: entry.code.to_owned(),
        meaning: entry.meaning.to_owned(),
        cause: entry.cause.to_owned(),
        fix: entry.fix.to_owned(),
        retryable: Some(entry.retryable),
    });
    let configuration = config::Code::ALL.iter().map(|code| Explanation {
        code: code.as_str().to_owned(),
        meaning: code.explanation().to_owned(),
        cause: String::new(),
        fix: String::new(),
        retryable: None,
    });
    let graph = GRAPH.iter().map(|(code, meaning, fix)| Explanation {
        code: (*code).to_owned(),
        meaning: (*meaning).to_owned(),
        cause: String::new(),
        fix: (*fix).to_owned(),
        retryable: None,
    });
    host.chain(configuration)
        .chain(graph)
        .chain(own(session))
        .collect()
}

/// The codes that services add, from the schemas of their errors.
fn own(session: &Session) -> Vec<Explanation> {
    let mut own: Vec<Explanation> = Vec::new();
    for service in session.services() {
        for method in service.methods {
            let schema = method.error.get().to_value();
            for variant in schema["oneOf"].as_array().into_iter().flatten() {
                let properties = &variant["properties"];
                let Some(code) = properties["code"]["const"].as_str() else {
                    continue;
                };
                // A service may use a code of the host's: that one is explained already.
                if error::explain(code).is_some() || own.iter().any(|known| known.code == code) {
                    continue;
                }
                own.push(Explanation {
                    code: code.to_owned(),
                    meaning: variant["description"]
                        .as_str()
                        .unwrap_or_default()
                        .trim()
                        .to_owned(),
                    cause: format!("An error of the service `{}`.", service.name),
                    fix: format!(
                        "`app describe {}.{} --schema error` shows its details.",
                        service.name, method.name
                    ),
                    retryable: properties["retryable"]["const"].as_bool(),
                });
            }
        }
    }
    own
}

impl Explanation {
    fn text(&self) -> String {
        let mut text = format!("{}: {}\n", self.code, self.meaning);
        for (name, line) in [("cause", &self.cause), ("fix", &self.fix)] {
            if !line.is_empty() {
                text.push_str(&format!("  {name}: {line}\n"));
            }
        }
        match self.retryable {
            Some(true) => text.push_str("  the same call may succeed later\n"),
            Some(false) => text.push_str("  the same call is not worth repeating unchanged\n"),
            None => {}
        }
        text
    }

    fn json(&self) -> Value {
        envelope([
            ("code", json!(self.code)),
            ("meaning", json!(self.meaning)),
            ("cause", json!(self.cause)),
            ("fix", json!(self.fix)),
            ("retryable", json!(self.retryable)),
        ])
    }
}
