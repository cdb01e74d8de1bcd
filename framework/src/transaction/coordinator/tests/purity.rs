//! Invariant 2: nothing from outside but what an event carries.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders of pure state machines, below `src`. A run of a workflow belongs here as soon as there is one.
const PURE: &[&str] = &["transaction/coordinator"];

/// What they may name, and everything in it. None of it reaches outside.
const ALLOWED: &[&str] = &[
    "std::collections::BTreeMap",
    "std::fmt",
    "std::time::Duration",
    "crate::limit",
    "crate::transaction::Heuristic",
    "crate::transaction::Phase",
    "crate::transaction::TransactionId",
    "schemars::JsonSchema",
    "serde::Deserialize",
    "serde::Serialize",
    "thiserror::Error",
    // Items and modules of their own, and modules imported above.
    "super",
    "action",
    "delay",
    "event",
    "fmt",
    "limit",
    "member",
    "outcome",
    "recovery",
    "state",
    "transition",
];

/// Words that need no path to reach outside, or that hide one.
const WORDS: &[&str] = &[
    "async",
    "await",
    "dbg",
    "env",
    "eprint",
    "eprintln",
    "extern",
    "include",
    "include_bytes",
    "include_str",
    "option_env",
    "path",
    "print",
    "println",
    "static",
    "thread_local",
    "unsafe",
];

#[test]
fn coordinator_and_run_never_read_a_clock_a_file_a_socket_or_a_random_number() {
    for folder in PURE {
        let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let sources = sources(&src.join(folder));
        assert!(sources.len() >= 3, "{folder}: {sources:?}");
        for source in sources {
            let text = fs::read_to_string(&source).unwrap();
            assert_eq!(impure(&text), [""; 0], "{}", source.display());
        }
        let root = fs::read_to_string(src.join(folder).join("mod.rs")).unwrap();
        let above = paths(&root)
            .into_iter()
            .filter(|path| path.starts_with("super"));
        assert_eq!(above.collect::<Vec<_>>(), [""; 0], "{folder} looks up");
    }
}

#[test]
fn whatever_reaches_outside_is_found() {
    let table: &[(&str, &[&str])] = &[
        ("use std::fs;", &["std::fs"]),
        ("use std::{fmt, net};", &["std::net"]),
        ("use std::{fmt, {io}};", &["std::{io"]),
        (
            "let now = std::time::Instant::now();",
            &["std::time::Instant::now"],
        ),
        ("use crate::clock::Clock;", &["crate::clock::Clock"]),
        (
            "use crate::transaction::{Heuristic, drive};",
            &["crate::transaction::drive"],
        ),
        ("use super::super::drive;", &["super::super::drive"]),
        ("let n = rand::random();", &["rand::random"]),
        ("let n = ::rand::random();", &["::rand::random"]),
        ("extern crate rand as fmt;", &["extern"]),
        ("#[path = \"x\"] mod fmt;", &["path"]),
        (
            "pub async fn step() { tokio::spawn(x).await }",
            &["async", "tokio::spawn", "await"],
        ),
        ("println!(\"\")", &["println"]),
        ("include!(\"x\")", &["include"]),
        ("static NOW: &'static str = x;", &["static"]),
        ("// use std::fs;\nuse std::fmt;\nlet x = Vec::new();", &[]),
        (
            "use crate::transaction::{Heuristic, Phase}; State::Active",
            &[],
        ),
    ];
    for (text, expected) in table {
        assert_eq!(impure(text), *expected, "{text}");
    }
}

/// Files of the folder, tests left out.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        match path.is_dir() {
            true if path.ends_with("tests") => {}
            true => found.extend(sources(&path)),
            false => found.push(path),
        }
    }
    found
}

/// Paths through modules that are not allowed, and words that need none.
fn impure(text: &str) -> Vec<String> {
    let is_allowed = |path: &String| {
        let in_module = path.contains("::") && !path.starts_with(char::is_uppercase);
        let known = ALLOWED.iter().any(|known| {
            let rest = path.strip_prefix(known);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        });
        let up_twice = path.starts_with("super::super");
        !WORDS.contains(&path.as_str()) && (!in_module || (known && !up_twice))
    };
    paths(text)
        .into_iter()
        .filter(|path| !is_allowed(path))
        .collect()
}

/// Every path of the code, and every word as a path of one. A group counts as what is in it.
fn paths(text: &str) -> Vec<String> {
    let lines = text.lines().map(|line| line.split("//").next());
    let code: Vec<&str> = lines.map(Option::unwrap_or_default).collect();
    let code = code.join("\n");
    let in_path = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':' | '\'');
    let mut found = Vec::new();
    let mut rest = code.as_str();
    while let Some(start) = rest.find(in_path) {
        let len = rest[start..]
            .find(|c| !in_path(c))
            .unwrap_or(rest.len() - start);
        let (path, after) = rest[start..].split_at(len);
        let group = path
            .ends_with("::")
            .then(|| after.strip_prefix('{'))
            .flatten();
        match group.and_then(|group| group.split_once('}')) {
            Some((items, after)) => {
                let items = items
                    .split(',')
                    .map(str::trim)
                    .filter(|item| !item.is_empty());
                found.extend(items.map(|item| format!("{path}{item}")));
                rest = after;
            }
            None => {
                found.push(path.to_owned());
                rest = after;
            }
        }
    }
    found
}
