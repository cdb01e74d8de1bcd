//! `bench`: what things cost, measured by `benches/`, a workspace of its own, so that peers cost nobody compile time.
//!
//! ```text
//!                              ┌─> tables on stdout
//! benches/: figures, builds ───┼─> --report: docs/performance.md and a plot for each of its tables
//!            --instructions ───┴─> --check: baselines.json
//! ```

mod instructions;
mod machine;
mod outcome;
mod page;
mod plot;

use std::path::{Path, PathBuf};

use crate::app::App;
use crate::error::{Error, Problem, Result};
use crate::{cargo, file, talk};

/// The command line of `bench`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Arguments {
    /// Measure sizes and compile times too: 15 to 30 minutes on 2 cores
    #[arg(long)]
    pub builds: bool,
    /// Write docs/performance.md and its plots; `--rounds 31` after it makes the run a short one
    #[arg(long, conflicts_with = "check")]
    pub report: bool,
    /// Compare the instructions of the calls with benches/baselines.json; fails beyond 5 % more
    #[arg(long, conflicts_with = "builds")]
    pub check: bool,
    /// Write what was counted into benches/baselines.json
    #[arg(long, requires = "check")]
    pub bless: bool,
    /// Handed on to the benchmark: a part of a title, `--rounds N`, `--json`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<String>,
}

/// Runs the benchmarks.
///
/// # Errors
/// Fails where there are none, where one fails, and where a call takes more instructions than it did.
pub fn command(app: &App, arguments: &Arguments) -> Result<()> {
    let folder = app.root.join("benches");
    if !folder.join("Cargo.toml").is_file() {
        return Err(Error::failed(format!(
            "there is no {}",
            folder.join("Cargo.toml").display()
        ))
        .help(
            "benchmarks live in a workspace of their own, so that peers cost nobody compile time",
        ));
    }
    if arguments.report {
        return report(app, &folder, arguments);
    }
    if arguments.check {
        return instructions::check(&folder, arguments);
    }
    // Its tables are the data of this command, so they go to stdout as they come.
    run_to_stdout(&folder, &FIGURES, &arguments.arguments)?;
    if arguments.builds {
        run_to_stdout(&folder, &BUILDS, &arguments.arguments)?;
    }
    Ok(())
}

const FIGURES: [&str; 4] = ["--features", "peers", "--bench", "figures"];
const BUILDS: [&str; 2] = ["--bench", "builds"];

fn run_to_stdout(folder: &Path, which: &[&str], arguments: &[String]) -> Result<()> {
    let status = cargo::command()
        .current_dir(folder)
        .arg("bench")
        .args(which)
        .arg("--")
        .args(arguments)
        .status()
        .map_err(|e| Error::failed(format!("run cargo bench in {}: {e}", folder.display())))?;
    if status.success() {
        Ok(())
    } else {
        Err(Error::failed(format!("cargo bench failed ({status})")))
    }
}

/// Measures everything, and writes the page and its plots.
fn report(app: &App, folder: &Path, arguments: &Arguments) -> Result<()> {
    let rounds = rounds(&arguments.arguments)?;
    let mut subjects = outcome::measure(folder, &FIGURES, &rounds)?;
    if arguments.builds {
        // A build is measured as often as its part says: rounds are those of the calls.
        subjects.extend(outcome::measure(folder, &BUILDS, &[])?);
    }
    let lock = file::read(&folder.join("Cargo.lock"))?;
    let page = page::Page {
        machine: machine::Machine::look()?,
        peers: machine::peers(&lock)?,
        subjects: &subjects,
        builds: arguments.builds,
        rounds: rounds.last().map(String::as_str),
    };
    let written = page.write(&app.root.join("docs"))?;
    for path in &written {
        talk::step("Wrote", file::relative(path, &app.root));
    }
    talk::step("Targets", page.summary());
    Ok(())
}

/// A page is of all subjects, so that nothing but their rounds can be chosen.
fn rounds(arguments: &[String]) -> Result<Vec<String>> {
    match arguments {
        [] => Ok(Vec::new()),
        [word, number]
            if word == "--rounds" && number.parse().is_ok_and(|number: u32| number > 0) =>
        {
            Ok(arguments.to_vec())
        }
        other => Err(Error::Usage(
            Problem::new(format!("`{}` does not go with --report", other.join(" ")))
                .help("the page is of all subjects: only `--rounds N`, from 1, can be chosen"),
        )),
    }
}

/// Files of a folder whose names end so, sorted; none where there is no such folder.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|end| end == extension))
        .collect();
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_of_all_subjects() {
        let read = |line: &str| {
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            rounds(&words)
        };
        assert_eq!(read("").unwrap(), Vec::<String>::new());
        assert_eq!(read("--rounds 31").unwrap(), ["--rounds", "31"]);
        for line in [
            "JSON",
            "--rounds 0",
            "--rounds many",
            "--rounds 3 JSON",
            "--json",
        ] {
            let Err(Error::Usage(problem)) = read(line) else {
                panic!("`{line}` was taken");
            };
            assert!(problem.message.contains(line), "{problem:?}");
        }
    }
}
