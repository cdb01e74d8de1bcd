//! `docs/performance.md`: the tables, their targets, and what they were measured on. No date and no duration are in it,
//! so that two runs differ in figures only.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};

use super::machine::Machine;
use super::outcome::{Claim, Subject, figure};
use super::{files, plot};
use crate::error::{Error, Result};
use crate::file;

const PAGE: &str = "performance.md";
const PLOTS: &str = "performance";

/// All that the page says.
#[derive(Debug)]
pub(super) struct Page<'a> {
    pub(super) machine: Machine,
    pub(super) peers: Vec<(&'static str, semver::Version)>,
    pub(super) subjects: &'a [Subject],
    /// Whether sizes and compile times were measured.
    pub(super) builds: bool,
    /// The rounds that were asked for in place of the usual.
    pub(super) rounds: Option<&'a str>,
}

impl Page<'_> {
    /// Writes the page and its plots below `docs`, takes away plots of an earlier run that has had others, and gives
    /// what is there now.
    pub(super) fn write(&self, docs: &Path) -> Result<Vec<PathBuf>> {
        let mut written = vec![docs.join(PAGE)];
        file::write(&written[0], &self.markdown())?;
        for (subject, slug) in self.subjects.iter().zip(self.slugs()) {
            if let Some(svg) = plot::svg(subject) {
                let path = docs.join(PLOTS).join(format!("{slug}.svg"));
                file::write(&path, &svg)?;
                written.push(path);
            }
        }
        for old in files(&docs.join(PLOTS), "svg") {
            if !written.contains(&old) {
                std::fs::remove_file(&old)
                    .map_err(|e| Error::failed(format!("remove {}: {e}", old.display())))?;
            }
        }
        Ok(written)
    }

    /// `40 of 44 met`.
    pub(super) fn summary(&self) -> String {
        let all = self.claims().count();
        let met = self.claims().filter(|(_, claim)| claim.met).count();
        format!("{met} of {all} met")
    }

    fn claims(&self) -> impl Iterator<Item = (&Subject, &Claim)> {
        let subjects = self.subjects.iter();
        subjects.flat_map(|subject| subject.claims.iter().map(move |claim| (subject, claim)))
    }

    /// The names of the plots: those of the subjects, each once.
    fn slugs(&self) -> Vec<String> {
        let mut taken = BTreeSet::new();
        let slugs = self.subjects.iter().map(|subject| {
            let name = slug(&subject.title);
            let mut numbered = (2..).map(|number| format!("{name}-{number}"));
            let mut free = name.clone();
            while !taken.insert(free.clone()) {
                free = numbered.next().unwrap_or_default();
            }
            free
        });
        slugs.collect()
    }

    fn markdown(&self) -> String {
        let mut text = String::new();
        // Writing to memory does not fail.
        self.write_markdown(&mut text).ok();
        text
    }

    fn write_markdown(&self, out: &mut String) -> fmt::Result {
        out.push_str(HEAD);
        self.write_origin(out)?;
        self.write_targets(out)?;
        for (subject, slug) in self.subjects.iter().zip(self.slugs()) {
            write_subject(out, subject, &slug)?;
        }
        if !self.builds {
            out.push_str(
                "\n## Sizes and compile times\n\nNot measured in this run: `cargo xtask bench --report --builds`.\n",
            );
        }
        Ok(())
    }

    fn write_origin(&self, out: &mut String) -> fmt::Result {
        let machine = &self.machine;
        writeln!(out, "\n## Measured on\n\n| what | which |\n|---|---|")?;
        writeln!(out, "| cores | {} |", machine.cores)?;
        for (what, which) in [
            ("processor", &machine.processor),
            ("kernel", &machine.kernel),
            ("compiler", &machine.rustc),
        ] {
            writeln!(out, "| {what} | {} |", escape(which))?;
        }
        let rounds = self.rounds.unwrap_or("the usual");
        writeln!(out, "| rounds | {} |", escape(rounds))?;
        for (peer, version) in &self.peers {
            writeln!(out, "| {peer} | {version} |")?;
        }
        Ok(())
    }

    fn write_targets(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "\n## Targets\n\n{}.", self.summary())?;
        let mut missed = self.claims().filter(|(_, claim)| !claim.met).peekable();
        if missed.peek().is_some() {
            writeln!(out)?;
        }
        for (subject, claim) in missed {
            let (title, verdict) = (escape(&subject.title), escape(&claim.verdict()));
            writeln!(out, "- {title}: {}: {verdict}", escape(&claim.claim))?;
        }
        Ok(())
    }
}

const HEAD: &str = "# Performance

Written by `cargo xtask bench --report`: what things cost, each beside its floor (the same by hand) and its peers, in the
same run. The cases of a table take turns, round by round. `best` is the least disturbed round, `median` the one in the
middle; the ratio is of best rounds, to the first line. Absolute times are of one machine, ratios travel.
";

fn write_subject(out: &mut String, subject: &Subject, slug: &str) -> fmt::Result {
    let unit = escape(&subject.unit);
    writeln!(out, "\n## {}\n", escape(&subject.title))?;
    writeln!(out, "| case | best, {unit} | median, {unit} | ratio |")?;
    writeln!(out, "|---|---:|---:|---:|")?;
    let base = subject.readings.first().map_or(0.0, |first| first.best);
    for reading in &subject.readings {
        // To nothing there is no ratio.
        let ratio = if base > 0.0 {
            figure(reading.best / base)
        } else {
            "-".to_owned()
        };
        writeln!(
            out,
            "| {} | {} | {} | {ratio} |",
            escape(&reading.name),
            figure(reading.best),
            figure(reading.median)
        )?;
    }
    if !subject.claims.is_empty() {
        writeln!(out, "\n| target | verdict |\n|---|---|")?;
    }
    for claim in &subject.claims {
        let (claim, verdict) = (escape(&claim.claim), escape(&claim.verdict()));
        writeln!(out, "| {claim} | {verdict} |")?;
    }
    if plot::svg(subject).is_some() {
        writeln!(out, "\n![{}]({PLOTS}/{slug}.svg)", escape(&subject.title))?;
    }
    Ok(())
}

/// Small letters, digits and single dashes.
fn slug(title: &str) -> String {
    let words = title.split(|letter: char| !letter.is_ascii_alphanumeric());
    let words: Vec<String> = words
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    words.join("-")
}

/// Text that Markdown leaves as it is, in a cell of a table too.
fn escape(text: &str) -> String {
    text.chars().fold(String::new(), |mut escaped, letter| {
        match letter {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '&' => {
                escaped.extend(['\\', letter]);
            }
            control if control.is_control() => escaped.push(' '),
            other => escaped.push(other),
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::outcome::Reading;

    fn subject(title: &str, readings: &[(&str, f64, f64)], claims: Vec<Claim>) -> Subject {
        let readings = readings.iter().map(|(name, best, median)| Reading {
            name: (*name).to_owned(),
            best: *best,
            median: *median,
        });
        Subject {
            title: title.to_owned(),
            unit: "ns".to_owned(),
            readings: readings.collect(),
            claims,
        }
    }

    fn claim(text: &str, case: &str, limit: f64, measured: Option<&str>, met: bool) -> Claim {
        Claim {
            claim: text.to_owned(),
            case: case.to_owned(),
            limit: Some(limit),
            measured: measured.map(str::to_owned),
            met,
        }
    }

    fn subjects() -> Vec<Subject> {
        let call = [
            ("Box<dyn Trait>", 2.0, 2.125),
            ("Service<dyn Adder>", 7.0, 7.5),
            ("a | b & <script>alert(1)</script>", 90.0, 1_234.5),
        ];
        let claims = vec![
            claim(
                "Service<dyn Adder> <= 4x Box<dyn Trait>",
                call[1].0,
                8.0,
                Some("3.50x"),
                true,
            ),
            claim("a | b <= 40 ns", call[2].0, 40.0, Some("90 ns"), false),
            claim("peer >= 2x a", "peer", 180.0, None, false),
        ];
        vec![
            subject("typed sync call", &call, claims),
            subject("idle: wake-ups", &[("wake-ups", 0.0, 0.0)], Vec::new()),
            subject(
                "typed sync call!",
                &[("one", 10.0, 10.0), ("two", 15.0, 16.0)],
                Vec::new(),
            ),
        ]
    }

    fn page(subjects: &[Subject]) -> Page<'_> {
        Page {
            machine: Machine {
                cores: 2,
                processor: "Some CPU @ 2.10GHz".to_owned(),
                kernel: "Linux 6.1.0_a".to_owned(),
                rustc: "rustc 1.95.0 (59807616e 2026-04-14)".to_owned(),
            },
            peers: vec![("redb", semver::Version::new(4, 6, 0))],
            subjects,
            builds: false,
            rounds: Some("31"),
        }
    }

    /// The page and its plots as they are written, in `goldens/`; renewed by `UPDATE_GOLDEN=1`.
    #[test]
    fn the_page_is_written_as_expected() {
        let folder = tempfile::tempdir().unwrap();
        let stale = folder.path().join("performance/a-subject-that-was.svg");
        file::write(&stale, "<svg/>").unwrap();
        let subjects = subjects();
        let written = page(&subjects).write(folder.path()).unwrap();
        let names: Vec<String> = written
            .iter()
            .map(|path| file::relative(path, folder.path()))
            .collect();
        assert_eq!(
            names,
            [
                "performance.md",
                "performance/typed-sync-call.svg",
                "performance/typed-sync-call-2.svg"
            ]
        );
        assert!(!stale.exists());
        let goldens = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bench/goldens");
        for path in &written {
            let text = file::read(path).unwrap();
            // No page of this repository: its links lead nowhere.
            let name = path.file_name().unwrap().to_str().unwrap();
            let golden = goldens.join(format!("{name}.golden"));
            if std::env::var_os("UPDATE_GOLDEN").is_some() {
                file::write(&golden, &text).unwrap();
            }
            assert_eq!(
                text,
                file::read(&golden).unwrap(),
                "renew with UPDATE_GOLDEN=1"
            );
            // Whatever is in a name, it opens no element.
            assert!(
                !text.contains("<script>") || text.contains("\\<script\\>"),
                "{text}"
            );
        }
        // A second run of the same figures changes no byte.
        let before = written.iter().map(|path| file::read(path).unwrap());
        let before: Vec<String> = before.collect();
        page(&subjects).write(folder.path()).unwrap();
        for (path, before) in written.iter().zip(before) {
            assert_eq!(file::read(path).unwrap(), before);
        }
    }

    #[test]
    fn targets_that_are_missed_or_not_measured_are_named_first() {
        let subjects = subjects();
        let text = page(&subjects).markdown();
        for line in [
            "1 of 3 met.",
            "- typed sync call: a \\| b \\<= 40 ns: MISSED (90 ns)",
            "- typed sync call: peer \\>= 2x a: not measured",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }
}
