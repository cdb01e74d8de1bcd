//! `check --for FILE`: what a workflow document calls, before anything is built.
//!
//! ```text
//! calls of the document ── plugin_metadata.json ──> plugins to weld in, or every name that nobody provides
//!                       └─ the built binary, if there is one: `workflow check` ──> parameters and types
//! ```
//!
//! Metadata names services and methods, and holds no schemas: what a parameter takes only a binary knows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::app::App;
use crate::error::{Error, Problem, Result};
use crate::metadata::PluginMetadata;
use crate::{file, talk};

/// The command line of `check`.
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// A workflow document: YAML or JSON
    #[arg(long = "for", value_name = "FILE")]
    pub file: PathBuf,
    /// The built binary, for parameters and types; dist/app unless given
    #[arg(long, value_name = "PATH")]
    pub binary: Option<PathBuf>,
    /// Refuse what may fail with some input, and what cannot be told
    #[arg(long)]
    pub strict: bool,
}

/// A call as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Call {
    /// `service.method`
    name: String,
    /// From one.
    line: usize,
    /// From one.
    column: usize,
}

/// The command.
///
/// # Errors
/// Every method that no plugin provides, with its place; what the binary refuses.
pub fn command(app: &App, arguments: &Arguments) -> Result<()> {
    let shown = arguments.file.display();
    if arguments.file.extension().is_some_and(|end| end == "toml") {
        let what = format!("{shown} is no workflow document: those are YAML or JSON");
        let fix = format!("for a configuration: cargo xtask build --for {shown}");
        return Err(Error::refused(what).help(fix));
    }
    let text = file::read(&arguments.file)?;
    let (known, unread) = app.metadata(app.plugins.keys());
    let calls = calls(&text);
    let problems: Vec<Problem> = calls
        .iter()
        .filter_map(|call| missing(call, &arguments.file, &known, &app.elsewhere))
        .chain(unread)
        .collect();
    if !problems.is_empty() {
        return Err(Error::Refused(problems));
    }
    let needed = needed(&calls, &known);
    let rows: Vec<Vec<String>> = needed
        .iter()
        .map(|(service, plugins)| vec![service.clone(), plugins.join(", ")])
        .collect();
    if rows.is_empty() {
        talk::more("the document calls nothing of a plugin");
    } else {
        talk::table(&["SERVICE", "PROVIDED BY"], &rows);
    }
    let first = needed.values().filter_map(|plugins| plugins.first());
    let first: BTreeSet<&str> = first.copied().collect();
    let chosen = match first.into_iter().collect::<Vec<_>>().join(",") {
        none if none.is_empty() => none,
        list => format!(" --plugins {list}"),
    };
    match binary(app, arguments)? {
        Some(binary) => ask(&binary, arguments),
        None => {
            talk::more("parameters and types were not looked at: only a binary knows them");
            talk::more(format_args!(
                "cargo xtask build{chosen} && dist/app workflow check {shown}"
            ));
            Ok(())
        }
    }
}

/// The plugins that provide each service that is called.
fn needed<'a>(calls: &[Call], known: &'a [PluginMetadata]) -> BTreeMap<String, Vec<&'a str>> {
    let services = calls.iter().filter_map(|call| call.name.rsplit_once('.'));
    let services: BTreeSet<&str> = services.map(|(service, _)| service).collect();
    let providers = |service: &str| {
        let provides = |plugin: &&PluginMetadata| {
            plugin
                .service_contracts
                .iter()
                .any(|contract| contract.name == service)
        };
        known
            .iter()
            .filter(provides)
            .map(|plugin| &*plugin.id)
            .collect()
    };
    services
        .into_iter()
        .map(|service| (service.to_owned(), providers(service)))
        .collect()
}

/// Why nobody answers a call.
fn missing(
    call: &Call,
    path: &Path,
    known: &[PluginMetadata],
    elsewhere: &[PluginMetadata],
) -> Option<Problem> {
    let (service, method) = call.name.rsplit_once('.')?;
    // What every host provides itself.
    if service.starts_with("weldkit.") {
        return None;
    }
    let of = |plugins: &[PluginMetadata]| -> Vec<String> {
        let contracts = plugins.iter().flat_map(|plugin| &plugin.service_contracts);
        contracts
            .filter(|contract| contract.name == service)
            .flat_map(|contract| contract.methods.clone())
            .collect()
    };
    let methods = of(known);
    if methods.iter().any(|known| known == method) {
        return None;
    }
    let place = format!("{}:{}:{}", path.display(), call.line, call.column);
    if !methods.is_empty() {
        let problem = Problem::new(format!("{place}: `{service}` has no method `{method}`"));
        return Some(problem.names(method, methods.iter().map(String::as_str)));
    }
    let problem = Problem::new(format!(
        "{place}: no plugin of the application provides `{service}`"
    ));
    let supplier = elsewhere.iter().find(|plugin| {
        plugin
            .service_contracts
            .iter()
            .any(|contract| contract.name == service)
    });
    Some(match supplier {
        Some(plugin) => problem.help(format!(
            "plugin `{}` does: cargo xtask add {}",
            plugin.id, plugin.id
        )),
        None => {
            let services: BTreeSet<&str> = known
                .iter()
                .flat_map(|plugin| {
                    plugin
                        .service_contracts
                        .iter()
                        .map(|contract| &*contract.name)
                })
                .collect();
            problem.names(service, services)
        }
    })
}

/// The binary to ask, if there is one.
fn binary(app: &App, arguments: &Arguments) -> Result<Option<PathBuf>> {
    match &arguments.binary {
        Some(path) if path.exists() => Ok(Some(path.clone())),
        Some(path) => Err(Error::refused(format!("there is no {}", path.display()))),
        None => {
            let names = ["app", &app.name];
            let paths = names.map(|name| app.root.join("dist").join(name));
            Ok(paths.into_iter().find(|path| path.is_file()))
        }
    }
}

/// Hands the document to the binary's own check.
fn ask(binary: &Path, arguments: &Arguments) -> Result<()> {
    let mut command = Command::new(binary);
    command.args(["workflow", "check"]).arg(&arguments.file);
    if arguments.strict {
        command.arg("--strict");
    }
    let shown = binary.display();
    let status = command
        .status()
        .map_err(|e| Error::failed(format!("{shown} does not run: {e}")))?;
    match status.code() {
        Some(0) => Ok(()),
        Some(3) => Err(Error::refused(format!("{shown} refuses the document"))),
        _ => Err(Error::failed(format!("{shown} workflow check: {status}"))
            .help("a binary without workflows, or of an older framework: build it anew")),
    }
}

/// Every `call: service.method` of a document.
///
/// Not a reader of YAML: a scalar behind the key `call` that holds a dot. That is how methods are written, in blocks, in
/// braces and in JSON; functions of the document and protocols have no dot.
fn calls(text: &str) -> Vec<Call> {
    let mut calls = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut from = 0;
        while let Some(found) = line[from..].find("call") {
            let at = from + found;
            from = at + "call".len();
            if is_comment(&line[..at]) {
                break;
            }
            let before = line[..at].chars().next_back();
            if !before.is_none_or(|c| c.is_whitespace() || "{,-\"'".contains(c)) {
                continue;
            }
            let rest = line[from..].trim_start_matches(['"', '\'']).trim_start();
            let Some(rest) = rest.strip_prefix(':') else {
                continue;
            };
            let value = rest.trim_start().trim_start_matches(['"', '\'']);
            let is_part = |c: char| c.is_alphanumeric() || "._-".contains(c);
            let name: String = value.chars().take_while(|c| is_part(*c)).collect();
            if name.contains('.') && !name.ends_with('.') {
                let start = line.len() - value.len();
                calls.push(Call {
                    name,
                    line: index + 1,
                    column: line[..start].chars().count() + 1,
                });
            }
        }
    }
    calls
}

/// Whether a `#` before it makes the rest of the line a comment.
fn is_comment(before: &str) -> bool {
    before.trim_start().starts_with('#') || before.contains(" #")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_found_in_every_form_and_nothing_else() {
        let text = "\
do:
  - a:
      call: storage.put
      # call: no.comment
  - b: { call: \"storage.get\", with: { recall: x.y } } # call: no.more
  - c: {\"call\": \"report.render\"}
  - d: { call: http }
  - e: { call: own_function }
";
        let found: Vec<(String, usize, usize)> = calls(text)
            .into_iter()
            .map(|call| (call.name, call.line, call.column))
            .collect();
        let expected = [
            ("storage.put", 3, 13),
            ("storage.get", 5, 17),
            ("report.render", 6, 18),
        ];
        let expected = expected.map(|(name, line, column)| (name.to_owned(), line, column));
        assert_eq!(found, expected);
    }
}
