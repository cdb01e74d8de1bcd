//! `config`: the configuration, and what it may hold.

use serde_json::{Value, json};

use super::args::{Config, Format, Page};
use super::failure::{Failure, REFUSED};
use super::output::{envelope, say};
use super::session::{Loaded, Session};
use crate::config;
use crate::error::Error;

/// What the sample tells editors to check it with.
const SCHEMA_FILE: &str = "./weldkit.schema.json";

pub(super) fn run(session: &Session, command: &Config) -> Result<u8, Failure> {
    let output = session.output;
    match &command.page {
        Page::Schema(_) => {
            let schema = config::schema(&session.catalog);
            match output.format {
                // The document itself, so that it can be written into the file that a sample refers to.
                Format::Table => output.text(&format!("{schema:#}"))?,
                Format::Json => output.json(&envelope([("schema", schema)]))?,
            }
            Ok(0)
        }
        Page::Sample(_) => {
            let sample = config::sample(&session.catalog, Some(SCHEMA_FILE));
            output.either(|| sample.clone(), || envelope([("sample", json!(sample))]))?;
            Ok(0)
        }
        Page::Show(with) => show(session, with.command.origins),
    }
}

fn show(session: &Session, origins: bool) -> Result<u8, Failure> {
    let loaded = session.load();
    match session.output.format {
        Format::Table => session.output.text(&loaded.config.show(origins))?,
        Format::Json => session.output.json(&effective(&loaded, origins)?)?,
    }
    let refusal = loaded.refusal();
    if refusal.configuration.is_empty() {
        return Ok(0);
    }
    say(refusal.text(true).trim_end());
    Ok(REFUSED)
}

/// The same as TOML shows it: without secrets.
fn effective(loaded: &Loaded, origins: bool) -> Result<Value, Failure> {
    let shown: Value = toml::from_str(&loaded.config.show(false)).map_err(|fault| {
        Error::internal(format!(
            "the configuration cannot be shown as JSON: {fault}"
        ))
    })?;
    let mut entries = vec![("configuration", shown)];
    if origins {
        entries.push(("origins", json!(loaded.config.origins())));
    }
    Ok(envelope(entries))
}
