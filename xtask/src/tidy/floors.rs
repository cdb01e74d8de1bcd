//! The floors of the framework's modules, and the check that nobody looks up.
//!
//! A module imports only from lower floors; modules of one floor never import each other. The
//! crate's root and its `__private` re-export everything and stand on no floor.

use std::collections::BTreeMap;
use std::path::Path;

use super::source;
use crate::error::Problem;
use crate::file;

/// The table: what stands where. ARCHITECTURE.md explains it.
pub(super) const FLOORS: &[&[&str]] = &[
    &["limit"],
    &["error", "name", "clock", "duration", "drawing", "promise"],
    &["metrics", "security"],
    &["contract", "journal"],
    &["call"],
    &["transaction", "event"],
    &["orchestration", "monitoring"],
    &["registry"],
    &["composition"],
    &["config"],
    &["host"],
    &["app", "testing"],
];

/// The modules that re-export for others.
const ROOTS: [&str; 2] = ["lib", "__private"];

/// Every import that does not go down.
pub(super) fn check(source_folder: &Path, root: &Path) -> Vec<Problem> {
    let read = |path: &Path| file::read(path).unwrap_or_default();
    let exported = source::reexports(&read(&source_folder.join("lib.rs")));
    let mut problems = Vec::new();
    for path in file::walk(source_folder) {
        let place = file::relative(&path, source_folder);
        let Some(module) = module(&place) else {
            continue;
        };
        if module
            .first()
            .is_none_or(|top| ROOTS.contains(&top.as_str()))
        {
            continue;
        }
        let shown = file::relative(&path, root);
        problems.extend(check_file(&shown, &module, &read(&path), &exported));
    }
    problems
}

fn check_file(
    shown: &str,
    module: &[String],
    text: &str,
    exported: &BTreeMap<String, String>,
) -> Vec<Problem> {
    let top = module[0].as_str();
    let Some(own) = floor(top) else {
        let what = format!("{shown}: the module `{top}` stands on no floor");
        return vec![Problem::new(what).help("put it into the table in xtask/src/tidy/floors.rs")];
    };
    let mut problems = Vec::new();
    for (line, name) in source::imports(text, module) {
        let target = exported.get(&name).unwrap_or(&name);
        if let Some(other) = floor(target).filter(|_| target != top)
            && other >= own
        {
            problems.push(
                Problem::new(format!(
                    "{shown}:{line}: `{top}` (floor {own}) imports `{target}` (floor {other})"
                ))
                .help("a module imports only from lower floors"),
            );
        }
    }
    problems
}

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|modules| modules.contains(&module))
}

/// `host/gate.rs` as `[host, gate]`; nothing for tests and other files.
fn module(place: &str) -> Option<Vec<String>> {
    let mut parts: Vec<String> = place
        .strip_suffix(".rs")?
        .split('/')
        .map(str::to_owned)
        .collect();
    if parts.iter().any(|part| part == "tests") {
        return None;
    }
    if parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(module: &[&str], text: &str, expected: &[&str]) {
        let exported = BTreeMap::from([("HostBuilder".to_owned(), "host".to_owned())]);
        let module: Vec<String> = module.iter().map(|part| (*part).to_owned()).collect();
        let problems = check_file("f.rs", &module, text, &exported);
        let messages: Vec<&str> = problems.iter().map(|p| p.message.as_str()).collect();
        assert_eq!(messages, expected);
    }

    #[test]
    fn down_is_allowed_and_up_and_beside_are_not() {
        check(
            &["call"],
            "use crate::contract::Method;\nuse crate::call::Ctx;",
            &[],
        );
        check(
            &["contract"],
            "use crate::call::Ctx;",
            &["f.rs:1: `contract` (floor 3) imports `call` (floor 4)"],
        );
        check(
            &["contract"],
            "use crate::journal::Log;",
            &["f.rs:1: `contract` (floor 3) imports `journal` (floor 3)"],
        );
    }

    #[test]
    fn the_root_is_no_way_round() {
        check(
            &["call", "gate"],
            "use crate::{error::Code,\n HostBuilder};\nfn f() { super::super::host::run() }",
            &[
                "f.rs:2: `call` (floor 4) imports `host` (floor 10)",
                "f.rs:3: `call` (floor 4) imports `host` (floor 10)",
            ],
        );
    }

    #[test]
    fn a_module_without_a_floor_is_told() {
        check(
            &["util"],
            "",
            &["f.rs: the module `util` stands on no floor"],
        );
    }

    #[test]
    fn a_place_is_a_module() {
        let check = |place: &str, expected: Option<&[&str]>| {
            let expected = expected.map(|parts| parts.iter().map(|p| (*p).to_owned()).collect());
            assert_eq!(module(place), expected);
        };
        check("host/mod.rs", Some(&["host"]));
        check("host/gate.rs", Some(&["host", "gate"]));
        check("clock.rs", Some(&["clock"]));
        check("host/tests.rs", None);
        check("host/by_hand.md", None);
    }
}
