//! The main job: a workflow over the bird strikes, by the binary that was just welded.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::app::App;
use crate::error::{Error, Result};
use crate::{file, talk};

/// The job.
const WORKFLOW: &str = "examples/bird-strikes/workflow.yaml";
/// What declares the composite that the job calls.
pub(super) const CONFIG: &str = "examples/bird-strikes/strike_profile.toml";
/// The input.
pub(super) const ROWS: &str = "examples/bird-strikes/birdstrikes.csv";
/// Rows that are broken, each in another way.
const BROKEN: &str = "examples/bird-strikes/broken-rows.csv";
/// Where the report goes.
const REPORT: &str = "dist/bird-strikes";
/// Where the rows are stored.
pub(super) const STATE: &str = "dist/state";

/// Runs the job twice; the second run must change nothing.
pub(super) fn work(app: &App, binary: &Path) -> Result<Value> {
    let shown = file::relative(binary, &app.root);
    talk::command(format_args!(
        "{shown} --config {CONFIG} --state {STATE} workflow run {WORKFLOW} --input …"
    ));
    compose(app, binary)?;
    let outcome = run(app, binary, &job(STATE, "run", &[]), Stdio::inherit())?;
    // Its parts stand apart by empty lines: title, finding, figures, then the tables.
    let table = outcome["table"].as_str().unwrap_or_default();
    for part in table.split("\n\n").skip(2).take(2) {
        talk::data(format_args!("{part}\n"));
    }
    let rows = &outcome["rows"];
    talk::step(
        "Worked",
        format_args!(
            "{} rows: {} stored, of which {} equal an earlier one; {} broken ones set aside",
            rows["read"], rows["stored"], rows["repeated"], rows["set_aside"]
        ),
    );
    let again = run(app, binary, &job(STATE, "run", &[]), Stdio::null())?;
    let changed = files(&again).filter(|file| is_changed(file)).count();
    if changed > 0 || again["finding"] != outcome["finding"] {
        return Err(Error::failed(format!(
            "the second run over the same rows changed {changed} files"
        )));
    }
    let count = files(&again).count();
    talk::step(
        "Repeated",
        format_args!("the same job over the same rows: {count} files unchanged"),
    );
    Ok(outcome)
}

/// Says what the composite of the job is made of, and whether it fits.
fn compose(app: &App, binary: &Path) -> Result<()> {
    let line = ["--config", CONFIG, "compose", "check", "--format", "json"];
    let said = run(app, binary, &line.map(str::to_owned), Stdio::inherit())?;
    let composite = &said["composites"][0];
    let slots = composite["slots"].as_array().into_iter().flatten();
    let slots: Vec<String> = slots
        .map(|slot| {
            let service = slot["service"].as_str().unwrap_or_default();
            match slot["role"].as_str() {
                Some("primary") | None => service.to_owned(),
                Some(role) => format!("{service} ({role})"),
            }
        })
        .collect();
    let answers = &composite["answers"];
    talk::step(
        "Composed",
        format_args!(
            "{} of {}: what is given fits at {} places, may not at {}",
            composite["name"].as_str().unwrap_or_default(),
            slots.join(", "),
            answers["yes"],
            answers["may_fail"],
        ),
    );
    Ok(())
}

/// The command line of the job: `run` to its end, or `start` in a host that serves.
pub(super) fn job(state: &str, verb: &str, more: &[&str]) -> Vec<String> {
    let input = json!({"sources": [ROWS, BROKEN], "output": REPORT}).to_string();
    let line = [
        "--config", CONFIG, "--state", state, "workflow", verb, WORKFLOW, "--input", &input,
    ];
    let line = line.into_iter().chain(more.iter().copied());
    line.map(str::to_owned).collect()
}

/// One command of the linked application, and the JSON that it prints. A bar of its own goes to `bar`.
pub(super) fn run(app: &App, binary: &Path, arguments: &[String], bar: Stdio) -> Result<Value> {
    let output = Command::new(binary)
        .current_dir(&app.root)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(bar)
        .output()
        .map_err(|e| Error::failed(format!("run {}: {e}", binary.display())))?;
    if !output.status.success() {
        let line: Vec<String> = arguments.iter().map(|word| quoted(word)).collect();
        return Err(
            Error::failed(format!("the job failed ({})", output.status)).help(format!(
                "see why: {} {}",
                binary.display(),
                line.join(" ")
            )),
        );
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|e| Error::failed(format!("read the result of the job: {e}")))
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    if word.contains(['"', ' ', '{']) {
        format!("'{word}'")
    } else {
        word.to_owned()
    }
}

pub(super) fn files(outcome: &Value) -> impl Iterator<Item = &Value> {
    outcome["files"].as_array().into_iter().flatten()
}

pub(super) fn is_changed(file: &Value) -> bool {
    file["changed"] != false
}
