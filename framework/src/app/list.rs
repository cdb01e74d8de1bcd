//! `list`: the plugins, and what each is doing if a host is running.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::control::{self, Client};
use super::failure::Failure;
use super::output::{envelope, list, table};
use super::session::{Loaded, Session};
use super::workers;
use crate::registry::PluginEntry;

pub(super) fn run(session: &Session) -> Result<u8, Failure> {
    let loaded = session.load();
    let (running, code) = match workers::wait(running(&loaded)) {
        Ok(running) => (running, 0),
        // A host that does not answer keeps nobody from what is linked in.
        Err(failure) => (Running::Silent, failure.report(session.output.format)),
    };
    let rows = rows(&loaded, &running);
    session
        .output
        .either(|| text(&rows), || envelope([("plugins", json!(rows))]))?;
    Ok(code)
}

/// What is known of the host.
enum Running {
    /// There is none.
    Nobody,
    /// It does not say what it does.
    Silent,
    /// The state of each of its instances.
    Host(BTreeMap<String, String>),
}

/// The state of each instance of the running host, if there is one.
async fn running(loaded: &Loaded) -> Result<Running, Failure> {
    let Some(mut client) = Client::connect(loaded.state()).await? else {
        return Ok(Running::Nobody);
    };
    let answer: Vec<Value> = client.control(control::LIST).await?;
    let state = |row: &Value| {
        let text = |key: &str| row[key].as_str().map(str::to_owned);
        Some((text("instance")?, text("state")?))
    };
    Ok(Running::Host(answer.iter().filter_map(state).collect()))
}

/// One instance, in the order of the names.
fn rows(loaded: &Loaded, running: &Running) -> Vec<Value> {
    let entries = loaded.builder.entries();
    let default = entries
        .iter()
        .filter(|entry| !entry.is_builtin())
        .map(|entry| (entry.descriptor.id, entry));
    let further = loaded
        .config
        .instances()
        .iter()
        .filter_map(|(name, plugin)| {
            let entry = entries.iter().find(|entry| entry.descriptor.id == plugin)?;
            Some((name.as_str(), entry))
        });
    let mut all: Vec<(&str, &PluginEntry)> = default.chain(further).collect();
    all.sort_by_key(|(name, _)| *name);
    let is_disabled = |name: &str| loaded.config.host().disable.contains(name);
    let state = |name: &str| match running {
        Running::Host(states) if states.contains_key(name) => states[name].clone(),
        Running::Nobody | Running::Silent | Running::Host(_) if is_disabled(name) => {
            "disabled".to_owned()
        }
        Running::Nobody => "linked".to_owned(),
        Running::Silent => "unknown".to_owned(),
        Running::Host(_) => "not running".to_owned(),
    };
    all.iter()
        .map(|(name, entry)| row(name, entry, &state(name)))
        .collect()
}

fn row(name: &str, entry: &PluginEntry, state: &str) -> Value {
    let plugin = entry.descriptor;
    let provides = plugin.provides.iter();
    let provides: Vec<String> = provides
        .map(|service| format!("{}@{}", service.name, service.version))
        .collect();
    let requires = plugin.requires().map(|(service, optional)| {
        let mark = if optional { "?" } else { "" };
        format!("{}@{}{mark}", service.name, service.line())
    });
    json!({
        "id": plugin.id,
        "instance": name,
        "version": plugin.version,
        "description": plugin.description,
        "provides": provides,
        "requires": requires.collect::<Vec<_>>(),
        "stability": plugin.stability.as_str(),
        "state": state,
    })
}

fn text(rows: &[Value]) -> String {
    if rows.is_empty() {
        return "no plugins are linked in: choose some with `cargo xtask build --plugins …`"
            .to_owned();
    }
    let cell = |row: &Value, key: &str| match &row[key] {
        Value::String(text) => text.clone(),
        Value::Array(items) => list(&items.iter().filter_map(Value::as_str).collect::<Vec<_>>()),
        other => other.to_string(),
    };
    let line = |row: &Value| {
        let name = |key| cell(row, key);
        let instance = match (name("id"), name("instance")) {
            (id, instance) if id == instance => instance,
            (id, instance) => format!("{instance} ({id})"),
        };
        [
            instance,
            match name("stability").as_str() {
                "stable" => name("version"),
                stability => format!("{} {stability}", name("version")),
            },
            name("state"),
            name("provides"),
            name("requires"),
            name("description"),
        ]
    };
    table(
        [
            "PLUGIN",
            "VERSION",
            "STATE",
            "PROVIDES",
            "REQUIRES",
            "DESCRIPTION",
        ],
        rows.iter().map(line),
    )
}
