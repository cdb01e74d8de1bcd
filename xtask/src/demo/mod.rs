//! `demo`: the whole story on real input, in six acts, and a seventh in which the job is killed. Running it again
//! changes nothing.

mod survive;
mod work;

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::Instant;

use clap::Args;
use serde_json::Value;
use work::{STATE, files, is_changed};

use crate::app::App;
use crate::build::{self, Built, Profile};
use crate::error::{Error, Result};
use crate::select::Choice;
use crate::workspace::Workspace;
use crate::{file, talk, weight};

/// The edition that is welded.
const EDITION: &str = "community";
/// What a refused graph exits with.
const REFUSED: i32 = 3;

/// How the demo goes.
#[derive(Debug, Clone, Copy, Args)]
pub struct Arguments {
    /// Kill the job in the middle with SIGKILL, let it go on, and compare
    #[arg(long)]
    pub kill: bool,
}

/// The command.
///
/// # Errors
/// Fails with the act that failed.
#[expect(
    clippy::disallowed_methods,
    reason = "the seconds are told to people, and decide nothing"
)]
pub fn command(app: &App, arguments: Arguments) -> Result<()> {
    if !app.root.join(work::ROWS).is_file() {
        return Err(Error::failed(format!("there is no {} here", work::ROWS))
            .help("the demo is part of the framework's repository"));
    }
    let start = Instant::now();
    talk::headline("1. choose   plugins are crates: take what you need");
    choose(app)?;
    talk::headline("2. weld     one static binary, and proof of what is inside");
    let built = weld(app)?;
    talk::headline("3. work     a durable workflow: read, check, store, count, report");
    let outcome = work::work(app, &built.path)?;
    if arguments.kill {
        talk::headline("   survive  the same, killed in the middle");
        survive::survive(app, &built.path, &outcome)?;
    }
    talk::headline("4. find     one sentence from 10,000 rows");
    find(&outcome);
    talk::headline("5. break    the same without storage");
    break_it(app)?;
    talk::headline("6. next     three commands");
    next();
    let is_new = built.is_new || files(&outcome).any(is_changed);
    let seconds = start.elapsed().as_secs_f64();
    talk::headline(if is_new {
        format!("Done in {seconds:.0} s. Run it again: nothing will change.")
    } else {
        format!("Done in {seconds:.0} s. Nothing has changed: same binary, same report.")
    });
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
            let is_in = chosen.contains(&plugin.id);
            let needs: Vec<&str> = plugin
                .requires
                .iter()
                .map(|need| need.service.as_str())
                .collect();
            vec![
                plugin.id.clone(),
                if is_in { "in" } else { "out" }.to_owned(),
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
    let choice = Choice {
        edition: Some(EDITION.to_owned()),
        ..Choice::default()
    };
    let arguments = build::Arguments {
        choice,
        profile: Profile::Fast,
        ..build::Arguments::default()
    };
    let built =
        build::build(app, &arguments)?.ok_or_else(|| Error::failed("a dry run welds nothing"))?;
    let rows = weigh(app, &built)?;
    talk::table(&["plugin, with what only it brings", ">bytes"], &rows);
    let record = &built.record;
    let linkage = if record.is_static {
        "static"
    } else {
        "dynamic"
    };
    talk::step(
        "Welded",
        format_args!(
            "{}: {linkage} {}, {}{}",
            file::relative(&built.path, &app.root),
            record.libc,
            record.target,
            if built.is_new { "" } else { ", unchanged" },
        ),
    );
    Ok(built)
}

/// A row per plugin, in or out, and one for the whole.
fn weigh(app: &App, built: &Built) -> Result<Vec<Vec<String>>> {
    let bytes = file::read_bytes(&built.path)?;
    let workspace = Workspace::load(&app.root)?;
    let ids: BTreeSet<String> = built.record.plugins.iter().cloned().collect();
    let weights = weight::of_plugins(&bytes, &workspace, app, &ids).unwrap_or_default();
    let weight = |id: &String| match weights.get(id) {
        Some(weight) => talk::bytes(*weight),
        None if ids.contains(id) => "unknown".to_owned(),
        None => "0 B".to_owned(),
    };
    let plugins = app.plugins.keys().map(|id| vec![id.clone(), weight(id)]);
    let whole = vec!["the whole binary".to_owned(), talk::bytes(built.len)];
    Ok(plugins.chain([whole]).collect())
}

/// The sentence, and where the rest is.
fn find(outcome: &Value) {
    talk::paragraph(outcome["finding"].as_str().unwrap_or_default());
    for file in files(outcome) {
        let path = file["path"].as_str().unwrap_or_default();
        let is_main = path.ends_with(".html") || path.ends_with(".json");
        if is_main {
            let verb = if is_changed(file) {
                "Wrote"
            } else {
                "Unchanged"
            };
            talk::step(verb, path);
        }
    }
}

/// A choice without storage is refused before anything is compiled: the real command, in a process
/// of its own.
#[expect(
    clippy::disallowed_methods,
    reason = "the seconds are told to people, and decide nothing"
)]
fn break_it(app: &App) -> Result<()> {
    let edition = app.editions.get(EDITION).into_iter().flatten();
    let plugins: Vec<&str> = edition
        .map(String::as_str)
        .filter(|id| !id.starts_with("storage"))
        .collect();
    let arguments = ["build", "--plugins", &plugins.join(",")];
    talk::command(format_args!("cargo xtask {}", arguments.join(" ")));
    let start = Instant::now();
    let own = std::env::current_exe().map_err(|e| Error::failed(format!("who am I: {e}")))?;
    let status = Command::new(own)
        .current_dir(&app.root)
        .args(["--package", &app.name])
        .args(arguments)
        .stdin(Stdio::null())
        .status()
        .map_err(|e| Error::failed(format!("run cargo xtask build: {e}")))?;
    if status.code() != Some(REFUSED) {
        return Err(Error::failed(format!(
            "a build without storage was not refused ({status})"
        )));
    }
    let seconds = start.elapsed().as_secs_f64();
    talk::step(
        "Refused",
        format_args!("in {seconds:.1} s with exit code {REFUSED}, before anything was compiled"),
    );
    Ok(())
}

fn next() {
    let count = format!("dist/app --state {STATE} call storage.count --collection strikes");
    let commands = [
        (count.as_str(), "ask what was stored"),
        (
            "cargo xtask new plugin greeting",
            "a plugin of your own, with its test",
        ),
        ("cargo xtask new app ../shop", "an application of your own"),
    ];
    let width = commands.iter().map(|(line, _)| line.len()).max();
    for (line, why) in commands {
        talk::command(format_args!("{line:<0$}   # {why}", width.unwrap_or(0)));
    }
}
