//! `bench --check`: the instructions of what is called most, counted by callgrind, which is blind to whatever else the
//! machine does, against what is committed.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use super::Arguments;
use super::outcome::{self, Subject, figure};
use crate::cargo::{self, Compiler};
use crate::error::{Error, Problem, Result};
use crate::{file, talk};

/// The sync, the async and the JSON call, a transaction and a step of a workflow: cases of `benches/`.
const CASES: [&str; 5] = [
    "Service<dyn Adder>",
    "Service<dyn Adder>, async",
    "Host::call_json, sync method",
    "run, one put",
    "a step of a run that is kept nowhere",
];

/// No peers: they would have features of shared crates on, and so other code.
const FIGURES: [&str; 2] = ["--bench", "figures"];

/// How much more a case may take than its baseline, as a share of it.
const MORE_MAX: f64 = 0.05;

/// What is committed: `benches/baselines.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Baselines {
    /// Of which compiler they are: another one makes other code of the same source.
    rustc: String,
    /// The triple of the machine.
    host: String,
    /// Instructions of each case.
    instructions: BTreeMap<String, f64>,
}

/// One case against its baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Fine,
    /// So much less that the baseline no longer guards it.
    Less,
    More,
    /// The baseline does not know it.
    New,
}

/// Counts, and compares or writes.
///
/// # Errors
/// Fails where a case takes more than its baseline allows, and where the baselines are of other cases.
pub(super) fn check(folder: &Path, arguments: &Arguments) -> Result<()> {
    if let Some(first) = arguments.arguments.first() {
        return Err(Error::Usage(
            Problem::new(format!("`{first}` does not go with --check"))
                .help("the cases of the baselines are counted, all of them"),
        ));
    }
    let path = folder.join("baselines.json");
    let compiler = cargo::compiler()?;
    let known = if arguments.bless {
        None
    } else {
        Some(read(&path)?)
    };
    if let Some(why) = lacks(known.as_ref(), &compiler, valgrind()) {
        talk::warn(format_args!("skipped: {why}"));
        return Ok(());
    }
    let wanted = CASES.iter().flat_map(|case| ["--case", case]);
    let arguments: Vec<String> = ["--instructions"]
        .into_iter()
        .chain(wanted)
        .map(str::to_owned)
        .collect();
    let counted = counted(&outcome::measure(folder, &FIGURES, &arguments)?)?;
    let Some(known) = known else {
        let text = serde_json::to_string_pretty(&Baselines {
            rustc: compiler.version,
            host: compiler.host,
            instructions: counted,
        })
        .map_err(|e| Error::failed(format!("write the baselines: {e}")))?;
        file::write(&path, &format!("{text}\n"))?;
        talk::step("Wrote", path.display());
        return Ok(());
    };
    compare(&known.instructions, &counted)
}

fn read(path: &Path) -> Result<Baselines> {
    let parse = |text: String| {
        serde_json::from_str(&text)
            .map_err(|e| Error::failed(format!("read {}: {e}", path.display())))
    };
    let known = file::read(path).and_then(parse);
    known.map_err(|error| error.help("`cargo xtask bench --check --bless` writes it"))
}

/// Why nothing can be said here. Nothing is compared with what another compiler has made.
fn lacks(known: Option<&Baselines>, compiler: &Compiler, valgrind: bool) -> Option<String> {
    if !valgrind {
        return Some("there is no valgrind, which counts the instructions".to_owned());
    }
    let known = known?;
    if (&known.rustc, &known.host) == (&compiler.version, &compiler.host) {
        return None;
    }
    Some(format!(
        "the baselines are of {} on {}, and this is {} on {}; `cargo xtask bench --check --bless` writes new ones",
        known.rustc, known.host, compiler.version, compiler.host
    ))
}

fn valgrind() -> bool {
    let mut command = Command::new("valgrind");
    let command = command.arg("--version").stdin(Stdio::null());
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// The instructions of every case that is guarded.
fn counted(subjects: &[Subject]) -> Result<BTreeMap<String, f64>> {
    let readings = subjects.iter().flat_map(|subject| &subject.readings);
    let all: BTreeMap<&str, f64> = readings
        .map(|reading| (reading.name.as_str(), reading.best))
        .collect();
    let (mut counted, mut problems) = (BTreeMap::new(), Vec::new());
    for case in CASES {
        match all.get(case) {
            Some(instructions) => {
                counted.insert(case.to_owned(), instructions.round());
            }
            None => problems.push(Problem::new(format!("`{case}` was not counted"))),
        }
    }
    if problems.is_empty() {
        Ok(counted)
    } else {
        Err(Error::Failed(problems))
    }
}

fn verdict(before: Option<f64>, now: f64) -> Verdict {
    match before {
        None => Verdict::New,
        Some(before) if now > before * (1.0 + MORE_MAX) => Verdict::More,
        Some(before) if now < before * (1.0 - MORE_MAX) => Verdict::Less,
        Some(_) => Verdict::Fine,
    }
}

/// Shows every case beside its baseline.
fn compare(known: &BTreeMap<String, f64>, counted: &BTreeMap<String, f64>) -> Result<()> {
    let (mut rows, mut problems) = (Vec::new(), Vec::new());
    for (case, now) in counted {
        let before = known.get(case).copied();
        let verdict = verdict(before, *now);
        let percent = before.map(|before| format!("{:+.1} %", (now / before - 1.0) * 100.0));
        rows.push(vec![
            case.clone(),
            before.map_or_else(|| "-".to_owned(), figure),
            figure(*now),
            percent.clone().unwrap_or_else(|| "-".to_owned()),
            match verdict {
                Verdict::Fine => "ok".to_owned(),
                Verdict::Less => "ok, --bless it".to_owned(),
                Verdict::More | Verdict::New => "failed".to_owned(),
            },
        ]);
        match verdict {
            Verdict::Fine | Verdict::Less => {}
            Verdict::New => problems.push(Problem::new(format!("`{case}` has no baseline"))),
            Verdict::More => problems.push(Problem::new(format!(
                "`{case}` takes {} instructions, {} more than {}",
                figure(*now),
                percent.unwrap_or_default().trim_start_matches('+'),
                figure(before.unwrap_or_default())
            ))),
        }
    }
    for gone in known.keys().filter(|case| !counted.contains_key(*case)) {
        problems.push(Problem::new(format!(
            "`{gone}` has a baseline and is no case"
        )));
    }
    talk::table(&["case", ">baseline", ">now", ">change", "verdict"], &rows);
    if let Some(last) = problems.pop() {
        problems.push(last.help("where that is meant: `cargo xtask bench --check --bless`"));
        return Err(Error::Failed(problems));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cases(cases: &[(&str, f64)]) -> BTreeMap<String, f64> {
        let cases = cases
            .iter()
            .map(|(name, count)| ((*name).to_owned(), *count));
        cases.collect()
    }

    #[test]
    fn more_than_five_percent_more_fails_and_is_named() {
        let known = cases(&[("a", 100.0), ("b", 100.0), ("gone", 7.0)]);
        assert_eq!(
            compare(&cases(&[("a", 105.0)]), &cases(&[("a", 99.0)])),
            Ok(())
        );
        let now = cases(&[("a", 105.0), ("b", 106.0), ("new", 1.0)]);
        let error = compare(&known, &now).unwrap_err();
        let said: Vec<&str> = error
            .problems()
            .iter()
            .map(|problem| problem.message.as_str())
            .collect();
        assert_eq!(
            said,
            [
                "`b` takes 106 instructions, 6.0 % more than 100",
                "`new` has no baseline",
                "`gone` has a baseline and is no case",
            ]
        );
        assert_eq!(verdict(Some(100.0), 94.0), Verdict::Less);
    }

    #[test]
    fn what_cannot_be_compared_is_skipped_with_its_reason() {
        let compiler = Compiler {
            host: "x86_64-unknown-linux-gnu".to_owned(),
            version: "rustc 1.95.0".to_owned(),
        };
        let mut known = Baselines {
            rustc: compiler.version.clone(),
            host: compiler.host.clone(),
            instructions: BTreeMap::new(),
        };
        assert_eq!(lacks(Some(&known), &compiler, true), None);
        assert_eq!(lacks(None, &compiler, true), None);
        let why = lacks(Some(&known), &compiler, false).unwrap();
        assert!(why.contains("no valgrind"), "{why}");
        known.rustc = "rustc 1.96.0".to_owned();
        let why = lacks(Some(&known), &compiler, true).unwrap();
        assert!(
            why.contains("rustc 1.96.0") && why.contains("rustc 1.95.0"),
            "{why}"
        );
    }
}
