//! What this binary is made of: `build-info`, `completions`, and the hidden `metadata`.

use clap::CommandFactory;
use serde_json::{Value, json};

use super::args::Arguments;
use super::failure::Failure;
use super::output::{envelope, list, table};
use super::session::Session;
use crate::error::Error;
use crate::registry;

/// Bytes of a frame before its JSON: magic, length and a colon.
const BEFORE: usize = "weldkit:build:1:".len() + 9;
/// Bytes of a frame behind its JSON: a colon, the checksum and a semicolon.
const BEHIND: usize = 18;

pub(super) fn run(session: &Session) -> Result<u8, Failure> {
    let record = record(session.app.facts.build)?;
    session
        .output
        .either(|| text(session, &record), || report(session, &record))?;
    Ok(0)
}

/// The build record from its frame; null where the build tool gave none.
fn record(frame: &str) -> Result<Value, Error> {
    let json = frame
        .get(BEFORE..frame.len().saturating_sub(BEHIND))
        .unwrap_or("null");
    let unreadable = |fault| {
        Error::internal(format!(
            "the build record in this binary is no JSON: {fault}"
        ))
    };
    serde_json::from_str(json).map_err(|fault: serde_json::Error| unreadable(fault))
}

/// How a panic ends: `unwind` can be contained, `abort` ends the process.
const PANIC: &str = if cfg!(panic = "abort") {
    "abort"
} else {
    "unwind"
};

fn report(session: &Session, record: &Value) -> Value {
    let plugin = |entry: &registry::PluginEntry| {
        let plugin = entry.descriptor;
        json!({ "id": plugin.id, "version": plugin.version, "package": plugin.package, "license": plugin.license, "source": plugin.source })
    };
    let plugins: Vec<Value> = session.app.plugins().map(plugin).collect();
    envelope([
        ("app", session.app.facts.package.into()),
        ("version", session.app.facts.version.into()),
        ("framework", env!("CARGO_PKG_VERSION").into()),
        ("panic", PANIC.into()),
        ("plugins", plugins.into()),
        ("build", record.clone()),
    ])
}

fn text(session: &Session, record: &Value) -> String {
    let facts = &session.app.facts;
    let mut rows = vec![
        [
            "application".to_owned(),
            format!("{} {}", facts.package, facts.version),
        ],
        [
            "framework".to_owned(),
            format!("weldkit {}", env!("CARGO_PKG_VERSION")),
        ],
        ["panic".to_owned(), PANIC.to_owned()],
    ];
    let keys = ["edition", "target", "libc", "profile", "static", "rustc"];
    for key in keys {
        let value = match &record[key] {
            Value::Null => continue,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        rows.push([key.to_owned(), value]);
    }
    if record.is_null() {
        rows.push([
            "build".to_owned(),
            "no record: not built by `cargo xtask build`".to_owned(),
        ]);
    }
    if let Some(features) = record["features"].as_array() {
        let features: Vec<&str> = features.iter().filter_map(Value::as_str).collect();
        rows.push(["features".to_owned(), list(&features)]);
    }
    let plugins = session.app.plugins().map(|entry| {
        let plugin = entry.descriptor;
        [plugin.id, plugin.version, plugin.package, plugin.license].map(str::to_owned)
    });
    let plugins = table(["PLUGIN", "VERSION", "PACKAGE", "LICENCE"], plugins);
    format!("{}\n{plugins}", table(["BUILD", ""], rows))
}

/// A completion script for a shell.
pub(super) fn completions(session: &Session, shell: clap_complete::Shell) -> Result<u8, Failure> {
    let mut script = Vec::new();
    let program = std::env::args_os().next().map(std::path::PathBuf::from);
    let name = program
        .as_deref()
        .and_then(std::path::Path::file_stem)
        .and_then(std::ffi::OsStr::to_str);
    let mut command = Arguments::command();
    clap_complete::generate(
        shell,
        &mut command,
        name.unwrap_or(session.app.facts.package),
        &mut script,
    );
    session.output.line(script.trim_ascii_end())?;
    Ok(0)
}

/// The metadata of every linked plugin, for the build tool.
pub(super) fn metadata(session: &Session) -> Result<u8, Failure> {
    let plugins: Vec<Value> = session
        .app
        .entries
        .iter()
        .map(|entry| registry::metadata(entry.descriptor))
        .collect();
    session
        .output
        .json(&envelope([("plugins", plugins.into())]))?;
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::{Frame, frame, frame_len, frame_text};

    #[test]
    fn a_record_comes_out_of_its_frame() {
        const RECORD: &[u8] = br#"{"app":"a","target":"x86_64"}"#;
        const FRAME: [u8; frame_len(Frame::Build, RECORD.len())] = frame(Frame::Build, RECORD);
        assert_eq!(
            record(frame_text(&FRAME)).unwrap(),
            json!({ "app": "a", "target": "x86_64" })
        );
        assert_eq!(record("").unwrap(), Value::Null);
    }
}
