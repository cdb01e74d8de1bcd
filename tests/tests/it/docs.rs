//! The documents: what they point at exists, and what they repeat is what the code says.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use weldkit::Code;
use weldkit::testing::TestHost;
use weldkit_data_processor::DataProcessor;
use weldkit_records_files::FileRecords;
use weldkit_report_html::HtmlReport;
use weldkit_storage_memory::MemoryStorage;
use weldkit_validation_jsonschema::JsonSchemaValidation;

use crate::guide::MODULES;
use crate::invariants;

/// A code block of a page.
pub(crate) struct Block {
    /// The line of its first fence.
    pub(crate) line: usize,
    /// What stands behind the first fence.
    pub(crate) info: String,
    /// What is inside.
    pub(crate) text: String,
}

/// The root of the repository.
pub(crate) fn repository() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests
        .parent()
        .expect("tests/ is a folder of the repository")
        .to_owned()
}

/// The blocks of the guide that bear this mark.
pub(crate) fn guide_blocks(info: &str) -> Vec<Block> {
    let guide = read("docs/guide.md");
    let blocks = blocks(&guide).into_iter();
    blocks.filter(|block| block.info == info).collect()
}

fn read(path: &str) -> String {
    let path = repository().join(path);
    fs::read_to_string(&path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()))
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut is_open = false;
    for (number, line) in page.lines().enumerate() {
        if let Some(info) = line.strip_prefix("```") {
            is_open = !is_open;
            if is_open {
                let (line, info) = (number + 1, info.to_owned());
                blocks.push(Block {
                    line,
                    info,
                    text: String::new(),
                });
            }
        } else if is_open {
            let block = blocks.last_mut().expect("an open block is in the list");
            block.text.push_str(line);
            block.text.push('\n');
        }
    }
    assert!(!is_open, "a code block is not closed");
    blocks
}

/// The page without its code blocks, line by line.
fn prose(page: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut is_open = false;
    page.lines().enumerate().filter_map(move |(number, line)| {
        let is_fence = line.trim_start().starts_with("```");
        is_open ^= is_fence;
        (!is_open && !is_fence).then_some((number + 1, line))
    })
}

/// Every page of the repository, relative to its root.
fn pages() -> Vec<PathBuf> {
    let (root, mut pages) = (repository(), Vec::new());
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let is_made = ["target", "dist", "state", "templates"].contains(&name.as_str());
            if path.is_dir() && !is_made && !name.starts_with('.') {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "md") {
                pages.push(path.strip_prefix(&root).unwrap().to_owned());
            }
        }
    }
    pages.sort();
    pages
}

/// The targets of the links in a line: what stands in `](…)`, outside of `code`.
fn links(line: &str) -> Vec<String> {
    let outside_code: String = line
        .split('`')
        .enumerate()
        // A word in code that is itself the text of a link leaves its brackets outside.
        .map(|(at, part)| if at % 2 == 0 { part } else { "" })
        .collect();
    outside_code
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target.to_owned())
        .collect()
}

/// The anchors of a page, as forges make them of its headings.
fn anchors(page: &str) -> BTreeSet<String> {
    let heading = |line: &str| {
        let text = line.strip_prefix('#')?.trim_start_matches('#');
        let text = text.strip_prefix(' ')?.to_lowercase();
        let kept = text
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        Some(kept.map(|c| if c == ' ' { '-' } else { c }).collect())
    };
    prose(page).filter_map(|(_, line)| heading(line)).collect()
}

#[test]
fn every_link_points_to_something_that_exists() {
    let root = repository();
    let mut broken = Vec::new();
    let mut count = 0;
    for page in pages() {
        let text = read(page.to_str().unwrap());
        for (number, line) in prose(&text) {
            for link in links(line) {
                count += 1;
                if link.contains("://") {
                    continue;
                }
                let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
                let target = match path {
                    "" => root.join(&page),
                    path => root.join(&page).parent().unwrap().join(path),
                };
                let is_there = target.exists()
                    && (anchor.is_empty()
                        || anchors(&fs::read_to_string(&target).unwrap()).contains(anchor));
                if !is_there {
                    broken.push(format!("{}:{number}: {link}", page.display()));
                }
            }
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
    assert!(
        count > 20,
        "only {count} links were found: the reader of links is broken"
    );
}

#[test]
fn links_and_anchors_are_read_as_forges_read_them() {
    assert_eq!(
        links("a [b](c.md#d) and [`e`](f) `[g](h)`"),
        ["c.md#d", "f"]
    );
    let page = "# One, two\n```text\n# not a heading\n```\n## The `code` of it\n";
    let expected = ["one-two", "the-code-of-it"].map(str::to_owned);
    assert_eq!(anchors(page), BTreeSet::from(expected));
}

#[test]
fn every_block_of_the_guide_is_of_a_kind_that_a_test_runs_or_checks() {
    for block in blocks(&read("docs/guide.md")) {
        let is_known = match block.info.split_once(' ') {
            Some(("rust", module)) => MODULES.contains(&module),
            Some(("json", kind)) => ["error", "metadata"].contains(&kind),
            Some(("toml", kind)) => ["configuration", "manifest"].contains(&kind),
            // A drawing or a tree of files: nothing that could run.
            None => ["console", "text"].contains(&block.info.as_str()),
            Some(_) => false,
        };
        assert!(is_known, "docs/guide.md:{}: ```{}", block.line, block.info);
    }
    for module in MODULES {
        let blocks = guide_blocks(&format!("rust {module}"));
        assert!(!blocks.is_empty(), "the guide has no block of `{module}`");
    }
}

/// The page of the codes: what is written by hand, then a section for each code.
fn errors_page(preface: &str) -> String {
    let calls = Code::all().map(|entry| {
        let retry = if entry.retryable { "yes" } else { "no" };
        format!(
            "### {}\n\n{}\n\n- Cause: {}\n- What to do: {}\n- The same call may succeed later: {retry}\n",
            entry.code, entry.meaning, entry.cause, entry.fix
        )
    });
    let calls: Vec<String> = calls.collect();
    let configuration = weldkit::config::Code::ALL.iter();
    let configuration = configuration.map(|code| code.as_str().to_owned());
    let section = |codes: &mut dyn Iterator<Item = String>| {
        let explained: Vec<String> = codes.map(|code| explained(&code)).collect();
        explained.join("\n")
    };
    format!(
        "{}\n\n## Calls\n\n{}\n## Configuration and plugins\n\n{}\n\n{}\n## Commands\n\n{}\n\n{}",
        preface.trim_end(),
        calls.join("\n"),
        "Found before anything is started. A command ends with exit code 3.",
        section(&mut configuration.chain(table("GRAPH"))),
        "How a command fails as a whole: the code of its error under `--format json`.",
        section(&mut table("COMMAND").into_iter()),
    )
}

/// The codes of a table of `explain`, in its order.
fn table(name: &str) -> Vec<String> {
    let source = read("framework/src/app/explain/codes.rs");
    let (_, table) = source
        .split_once(&format!("const {name}:"))
        .expect("a table");
    let (table, _) = table.split_once("\n];").expect("the end of the table");
    let firsts = table.split("(\n        \"").skip(1);
    firsts
        .filter_map(|rest| rest.split_once('"'))
        .map(|(code, _)| code.to_owned())
        .collect()
}

/// What `app explain` says of a code that no call has.
fn explained(code: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_fixture-app"))
        .args(["explain", code, "--format", "json"])
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "explain {code}: {output:?}");
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    let meaning = said["meaning"].as_str().unwrap();
    match said["fix"].as_str().unwrap() {
        "" => format!("### {code}\n\n{meaning}\n"),
        fix => format!("### {code}\n\n{meaning}\n\n- What to do: {fix}\n"),
    }
}

#[test]
fn the_page_of_errors_is_the_table_of_codes() {
    let page = read("docs/errors.md");
    let preface = page.split("\n## Calls").next().unwrap_or_default();
    let expected = errors_page(preface);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(repository().join("docs/errors.md"), &expected).unwrap();
        return;
    }
    assert!(
        page == expected,
        "docs/errors.md is not what the tables of codes say; renew it with UPDATE_GOLDEN=1. It should be:\n{expected}"
    );
}

/// Codes of problems are literals of the framework: where one is made, or in the functions that hand one on.
#[test]
fn every_code_of_a_problem_is_explained() {
    let page = read("docs/errors.md");
    let makers = [
        "Problem::new",
        "add",
        "add_with",
        "unknown_as",
        "report",
        "simple",
    ];
    let mut codes = BTreeSet::new();
    for (path, text) in invariants::sources(&["framework/src"]) {
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        if path.contains("/tests") || !text.contains("Problem") {
            continue;
        }
        let code = |line: &&str| !line.trim_start().starts_with("//");
        let text: String = text.lines().filter(code).collect();
        let mut parts = text.split('"');
        let mut before = parts.next().unwrap_or_default();
        while let (Some(word), Some(after)) = (parts.next(), parts.next()) {
            let call = before.trim_end().strip_suffix('(').unwrap_or_default();
            let is_made = makers.iter().any(|maker| call.ends_with(maker));
            if is_word(word) && (is_made || word.starts_with("unknown_")) {
                codes.insert(word.to_owned());
            }
            before = after;
        }
    }
    assert!(codes.len() > 50, "only {} codes were found", codes.len());
    codes.retain(|code| !page.contains(&format!("\n### {code}\n")));
    assert!(codes.is_empty(), "no table of `explain` has {codes:?}");
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '_')
}

/// The first screen shows the demo: its acts by their headlines, its choice, and what it finds in the data.
#[tokio::test]
async fn the_readme_shows_what_the_demo_says() {
    let readme = read("README.md");
    let demo = read("xtask/src/demo/mod.rs");
    let acts: Vec<&str> = demo
        .split("talk::headline(\"")
        .skip(1)
        .filter_map(|rest| rest.split_once('"'))
        .map(|(headline, _)| headline)
        .filter(|headline| headline.starts_with(char::is_numeric))
        .collect();
    assert_eq!(acts.len(), 6, "{acts:?}");
    for act in acts {
        assert!(readme.contains(act), "README.md: {act}");
    }

    let output = tempfile::tempdir().unwrap();
    let test = TestHost::new(|host| {
        host.plugin::<DataProcessor>()
            .plugin::<FileRecords>()
            .plugin::<HtmlReport>()
            .plugin::<MemoryStorage>()
            .plugin::<JsonSchemaValidation>()
            .settings("records", json!({ "root": repository() }))
    })
    .await
    .unwrap();
    let input = json!({
        "source": "examples/bird-strikes/birdstrikes.csv",
        "also": "examples/bird-strikes/broken-rows.csv",
        "output": output.path(),
    });
    let outcome = test.call("report.run", &input.to_string()).await.unwrap();
    let finding = outcome["finding"].as_str().unwrap();
    let one_line = readme.replace('\n', " ");
    assert!(
        one_line.contains(finding),
        "README.md should say: {finding}"
    );
    let rows = &outcome["rows"];
    let worked = format!(
        "{} rows: {} stored, of which {} equal an earlier one; {} broken ones set aside",
        rows["read"], rows["stored"], rows["repeated"], rows["set_aside"]
    );
    assert!(readme.contains(&worked), "README.md should say: {worked}");
    test.stop().await.unwrap();
}

/// What ARCHITECTURE.md and CONTRIBUTING.md say that a test holds, a test of that name holds.
#[test]
fn every_test_that_a_page_names_exists() {
    let sources = sources();
    let mut missing = Vec::new();
    let mut count = 0;
    for page in ["ARCHITECTURE.md", "CONTRIBUTING.md", "docs/stability.md"] {
        for (number, line) in read(page).lines().enumerate() {
            for name in line.split('`').skip(1).step_by(2) {
                // Names of tests are sentences; nothing else in these pages has that many words.
                let is_test = name.matches('_').count() >= 3
                    && name
                        .chars()
                        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
                if is_test {
                    count += 1;
                    if !sources.contains(&format!("fn {name}(")) {
                        missing.push(format!("{page}:{}: {name}", number + 1));
                    }
                }
            }
        }
    }
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
    assert!(count >= 9, "only {count} names of tests were found");
}

/// All Rust sources of the repository in one text.
pub(crate) fn sources() -> String {
    let mut folders = ["framework", "macros", "plugins", "tests", "xtask"]
        .map(|top| repository().join(top))
        .to_vec();
    let mut sources = String::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                sources.push_str(&fs::read_to_string(&path).unwrap());
            }
        }
    }
    sources
}
