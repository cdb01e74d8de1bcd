//! `demo`: the whole story on real input, in six acts. Running it again changes nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::Value;

use crate::app::App;
use crate::build::{self, Built, Profile};
use crate::error::{Error, Result};
use crate::select::{self, Choice};
use crate::workspace::Workspace;
use crate::{file, talk, weight};

/// The command line of `demo`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Arguments {
    /// Leave the state folder, so that `dist/app` can be asked about the stored rows
    #[arg(long)]
    pub keep: bool,
}

/// The edition that is welded.
const EDITION: &str = "community";
/// The input.
const ROWS: &str = "examples/bird-strikes/birdstrikes.csv";
/// Rows that are broken, each in another way.
const BROKEN: &str = "examples/bird-strikes/broken-rows.csv";
/// Where the report goes.
const OUT: &str = "dist/bird-strikes";
/// Where the stored rows go.
const STATE: &str = "dist/bird-strikes-state";

/// The command.
///
/// # Errors
/// Fails with the act that failed.
#[expect(
    clippy::disallowed_methods,
    reason = "the seconds are told to people, and decide nothing"
)]
pub fn command(app: &App, arguments: &Arguments) -> Result<()> {
    if !app.root.join(ROWS).is_file() {
        return Err(Error::failed(format!("there is no {ROWS} here"))
            .help("the demo is part of the framework's repository"));
    }
    let start = Instant::now();
    talk::headline("1. choose: plugins in and out");
    choose(app)?;
    talk::headline("2. weld: one static binary, audited");
    let built = weld(app)?;
    talk::headline("3. work: read, validate, normalise, aggregate, store, report");
    let outcome = work(app, &built.path)?;
    talk::headline("4. find: one sentence from 10,000 rows");
    find(&outcome);
    talk::headline("5. break: the same without storage");
    break_it(app)?;
    talk::headline("6. next");
    for command in next(arguments.keep) {
        talk::more(command);
    }
    if !arguments.keep {
        remove(&app.root.join(STATE))?;
    }
    talk::step(
        "Finished",
        format_args!("in {:.0} s", start.elapsed().as_secs_f64()),
    );
    Ok(())
}

/// What the edition holds, and what it leaves out.
fn choose(app: &App) -> Result<()> {
    let chosen = app.editions.get(EDITION).cloned().unwrap_or_default();
    let (all, problems) = app.metadata(app.plugins.keys());
    if !problems.is_empty() {
        return Err(Error::Refused(problems));
    }
    let rows: Vec<Vec<String>> = all
        .iter()
        .map(|plugin| {
            let place = if chosen.contains(&plugin.id) {
                "in"
            } else {
                "out"
            };
            let needs: Vec<&str> = plugin
                .requires
                .iter()
                .map(|need| need.service.as_str())
                .collect();
            vec![
                plugin.id.clone(),
                place.to_owned(),
                needs.join(", "),
                plugin.description.clone(),
            ]
        })
        .collect();
    talk::table(&["plugin", EDITION, "needs", "what it does"], &rows);
    Ok(())
}

/// Builds, and shows the bytes of each plugin.
fn weld(app: &App) -> Result<Built> {
    let arguments = build::Arguments {
        choice: Choice {
            edition: Some(EDITION.to_owned()),
            ..Choice::default()
        },
        profile: Profile::Fast,
        ..build::Arguments::default()
    };
    let built =
        build::build(app, &arguments)?.ok_or_else(|| Error::failed("a dry run welds nothing"))?;
    let bytes = file::read_bytes(&built.path)?;
    let workspace = Workspace::load(&app.root)?;
    let ids: BTreeSet<String> = built.record.plugins.iter().cloned().collect();
    let weights = weight::of_plugins(&bytes, &workspace, app, &ids).unwrap_or_default();
    let mut rows: Vec<Vec<String>> = app
        .plugins
        .keys()
        .map(|id| {
            let out = || {
                if ids.contains(id) {
                    "unknown".to_owned()
                } else {
                    "0 B".to_owned()
                }
            };
            vec![
                id.clone(),
                weights
                    .get(id)
                    .map_or_else(out, |weight| talk::bytes(*weight)),
            ]
        })
        .collect();
    rows.push(vec!["the whole binary".to_owned(), talk::bytes(built.len)]);
    talk::table(&["plugin, with what only it brings", ">bytes"], &rows);
    let linkage = if built.record.is_static {
        "static"
    } else {
        "dynamic"
    };
    let path = file::relative(&built.path, &app.root);
    talk::step(
        "Welded",
        format_args!(
            "{path}: {linkage} {}, {}",
            built.record.libc, built.record.target
        ),
    );
    Ok(built)
}

/// Runs the job twice; the second run must change nothing.
fn work(app: &App, binary: &Path) -> Result<Value> {
    let outcome = run_job(app, binary)?;
    talk::data(outcome["table"].as_str().unwrap_or_default());
    let rows = &outcome["rows"];
    talk::step(
        "Worked",
        format_args!(
            "{} rows read, {} kept ({} of them equal an earlier one), {} set aside",
            rows["read"], rows["stored"], rows["repeated"], rows["set_aside"]
        ),
    );
    let again = run_job(app, binary)?;
    let changed = files(&again)
        .filter(|file| file["changed"] != false)
        .count();
    if changed > 0 || again["finding"] != outcome["finding"] {
        return Err(Error::failed(format!(
            "the second run over the same rows changed {changed} files"
        )));
    }
    talk::step("Repeated", "the same job again: no file changed");
    Ok(outcome)
}

/// The linked application's own command, with its own progress bar.
fn run_job(app: &App, binary: &Path) -> Result<Value> {
    let output = Command::new(binary)
        .current_dir(&app.root)
        .args(["--state", STATE, "call", "report.run"])
        .args(["--source", ROWS, "--also", BROKEN, "--output", OUT])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|e| Error::failed(format!("run {}: {e}", binary.display())))?;
    if !output.status.success() {
        return Err(Error::failed(format!(
            "the job failed ({}); what it says is above",
            output.status
        )));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|e| Error::failed(format!("read the result of the job: {e}")))
}

fn files(outcome: &Value) -> impl Iterator<Item = &Value> {
    outcome["files"].as_array().into_iter().flatten()
}

/// The sentence, and where the rest is.
fn find(outcome: &Value) {
    talk::data(outcome["finding"].as_str().unwrap_or_default());
    for file in files(outcome) {
        talk::more(file["path"].as_str().unwrap_or_default());
    }
}

/// A choice without storage is refused before anything is compiled.
#[expect(
    clippy::disallowed_methods,
    reason = "the seconds are told to people, and decide nothing"
)]
fn break_it(app: &App) -> Result<()> {
    let plugins: Vec<String> = app
        .editions
        .get(EDITION)
        .into_iter()
        .flatten()
        .filter(|id| !id.starts_with("storage"))
        .cloned()
        .collect();
    talk::more(format_args!(
        "$ cargo xtask build --plugins {}",
        plugins.join(",")
    ));
    let start = Instant::now();
    match select::select(
        app,
        &Choice {
            plugins,
            ..Choice::default()
        },
    ) {
        Err(Error::Refused(problems)) => {
            let refused = Error::Refused(problems);
            talk::error(&refused);
            talk::step(
                "Refused",
                format_args!("in {} ms, before compiling", start.elapsed().as_millis()),
            );
            Ok(())
        }
        Err(other) => Err(other),
        Ok(_) => Err(Error::failed("a build without storage was not refused")),
    }
}

fn next(keep: bool) -> [String; 3] {
    let look = if keep {
        format!("dist/app --state {STATE} call storage.count --help")
    } else {
        "dist/app describe report.run".to_owned()
    };
    [
        format!("{look:<52} # what a method takes and gives"),
        format!(
            "{:<52} # a plugin of your own, with a test",
            "cargo xtask new plugin greeting"
        ),
        format!(
            "{:<52} # an application of your own",
            "cargo xtask new app ../shop"
        ),
    ]
}

fn remove(folder: &PathBuf) -> Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::failed(format!("remove {}: {e}", folder.display())))
        }
        _ => Ok(()),
    }
}
