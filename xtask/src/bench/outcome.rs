//! What the benchmarks say with `--json`.

use std::path::Path;

use serde::Deserialize;

use crate::cargo;
use crate::error::{Error, Result};

/// The one form of the answer that is understood.
const FORMAT: u32 = 1;

#[derive(Deserialize)]
struct Answer {
    format: u32,
    subjects: Vec<Subject>,
}

/// Cases that were measured side by side.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Subject {
    /// What was compared.
    pub(super) title: String,
    /// Of what the readings are: `ns`, `ms`, `KB`.
    pub(super) unit: String,
    /// The first is the base of the ratios.
    pub(super) readings: Vec<Reading>,
    /// What must hold.
    pub(super) claims: Vec<Claim>,
}

/// What was read of one case.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Reading {
    pub(super) name: String,
    pub(super) best: f64,
    pub(super) median: f64,
}

/// A target.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Claim {
    /// In words.
    pub(super) claim: String,
    /// The case that it is about.
    pub(super) case: String,
    /// Where the best round of that case must stay on the same side of, in the unit of the readings.
    pub(super) limit: Option<f64>,
    /// What was measured, in words; nothing where a case is missing.
    pub(super) measured: Option<String>,
    pub(super) met: bool,
}

impl Claim {
    /// `met (3x)`, `MISSED (4.50x)` or `not measured`.
    pub(super) fn verdict(&self) -> String {
        match &self.measured {
            None => "not measured".to_owned(),
            Some(measured) if self.met => format!("met ({measured})"),
            Some(measured) => format!("MISSED ({measured})"),
        }
    }
}

/// Runs a benchmark and reads its answer; what it says on the way goes to stderr.
pub(super) fn measure(folder: &Path, which: &[&str], arguments: &[String]) -> Result<Vec<Subject>> {
    let mut command = cargo::command();
    command
        .current_dir(folder)
        .arg("bench")
        .args(which)
        .args(["--", "--json"])
        .args(arguments);
    let output = command
        .stdin(std::process::Stdio::null())
        .stderr(std::process::Stdio::inherit())
        .output()
        .map_err(|e| Error::failed(format!("run cargo bench in {}: {e}", folder.display())))?;
    if !output.status.success() {
        return Err(Error::failed(format!(
            "cargo bench failed ({})",
            output.status
        )));
    }
    read(&output.stdout)
}

fn read(text: &[u8]) -> Result<Vec<Subject>> {
    let answer: Answer = serde_json::from_slice(text)
        .map_err(|e| Error::failed(format!("read the answer of the benchmark: {e}")))?;
    if answer.format != FORMAT {
        return Err(Error::failed(format!(
            "the benchmark answers in format {}, and format {FORMAT} is read",
            answer.format
        )));
    }
    Ok(answer.subjects)
}

/// Three digits that mean something.
pub(super) fn figure(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 || size.fract() == 0.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_format_is_refused() {
        assert_eq!(read(br#"{"format":1,"subjects":[]}"#).unwrap().len(), 0);
        let error = read(br#"{"format":2,"subjects":[]}"#).unwrap_err();
        assert!(
            error.problems()[0].message.contains("format 2"),
            "{error:?}"
        );
        assert!(read(b"best ns").is_err());
    }
}
