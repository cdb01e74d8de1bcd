//! The shell blocks of the guide, run against the built application.
//!
//! A line that starts with `$ ` is run; the lines below it are what it prints, where `...` stands for anything. A line
//! with nothing below it must end well. `cargo xtask build` stops before compiling: the build itself is the gate's.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::docs::{guide_blocks, repository};

/// One line and what it prints.
struct Line {
    number: usize,
    command: String,
    expected: String,
}

fn lines() -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for block in guide_blocks("console") {
        for (at, text) in block.text.lines().enumerate() {
            if let Some(command) = text.strip_prefix("$ ") {
                let (number, command) = (block.line + at + 1, command.to_owned());
                lines.push(Line {
                    number,
                    command,
                    expected: String::new(),
                });
            } else {
                let line = lines.last_mut().expect("a block begins with a command");
                line.expected.push_str(text);
                line.expected.push('\n');
            }
        }
    }
    lines
}

fn cargo() -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(repository()).stdin(Stdio::null());
    cargo
}

/// Builds a program of the workspace, and gives its path.
fn build(arguments: &[&str]) -> PathBuf {
    let output = cargo()
        .args(["build", "--message-format", "json-render-diagnostics"])
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "cargo build {arguments:?} failed");
    let messages = String::from_utf8(output.stdout).unwrap();
    let mut made = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from));
    made.next_back().expect("a program was linked")
}

/// A folder like that of a user: the repository's xtask works from here, and nothing of it lands in the sources.
fn playground(app: &Path) -> tempfile::TempDir {
    let target = repository().join("target");
    std::fs::create_dir_all(&target).unwrap();
    let folder = tempfile::Builder::new()
        .prefix("guide-")
        .tempdir_in(target)
        .unwrap();
    std::fs::create_dir(folder.path().join("dist")).unwrap();
    std::fs::copy(app, folder.path().join("dist/app")).unwrap();
    // Each block is a part of one file.
    let blocks = guide_blocks("toml configuration").into_iter();
    let file: Vec<String> = blocks.map(|block| block.text).collect();
    std::fs::write(folder.path().join("weldkit.toml"), file.join("\n")).unwrap();
    folder
}

/// What a command prints, stdout and stderr in one, and whether it ended well.
fn run(folder: &Path, xtask: &Path, command: &str) -> (String, bool) {
    // `cargo xtask` is an alias for a run of this program; a build is checked and not made.
    let script = format!(
        r#"cargo() {{
            shift
            case "$1" in build) shift; "$XTASK" build --dry-run "$@" ;; *) "$XTASK" "$@" ;; esac
        }}
        {{ {command}
        }} 2>&1"#
    );
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder)
        .env("XTASK", xtask)
        .env("CARGO", env!("CARGO"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    (said, output.status.success())
}

/// Whether `text` is what `pattern` says, where `...` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.trim_end(), text.trim_end());
    let mut parts = pattern.split("...");
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut last = None;
    for part in parts {
        let part = part.trim_start_matches('\n');
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
        last = Some(part);
    }
    match last {
        None => rest.is_empty(),
        Some(last) => last.is_empty() || rest.is_empty() || text.ends_with(last),
    }
}

#[test]
fn dots_stand_for_anything() {
    assert!(matches("a\n", "a\n"));
    assert!(!matches("a\n", "a\nb\n"));
    assert!(matches("a...\n", "a\nb\n"));
    assert!(matches("...b\n...", "a\nb\nc"));
    assert!(matches("...\nx\n", "a\nx\n"));
    assert!(!matches("...\nx\n", "a\nx\ny\n"));
    assert!(!matches("...z...", "a\nb\nc"));
}

#[test]
fn every_shell_line_of_the_guide_prints_what_the_guide_says() {
    let lines = lines();
    assert!(lines.len() > 10, "only {} lines were found", lines.len());
    let app = build(&[
        "--package",
        "app-template",
        "--no-default-features",
        "--features",
        "full",
    ]);
    let xtask = build(&["--package", "weldkit-xtask"]);
    let folder = playground(&app);
    let mut wrong = Vec::new();
    for Line {
        number,
        command,
        expected,
    } in lines
    {
        let (said, is_fine) = run(folder.path(), &xtask, &command);
        let fits = if expected.is_empty() {
            is_fine
        } else {
            matches(&expected, &said)
        };
        if !fits {
            wrong.push(format!("docs/guide.md:{number}: $ {command}\n{said}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
