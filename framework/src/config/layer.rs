//! The layers of a configuration: embedded defaults < file < environment < flags.
//!
//! Each layer becomes a tree, and each is laid over those below. Nothing here knows what the names mean, except that the
//! spelling of a variable is resolved against known names.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::sync::Arc;

use serde_json::Value;

use super::document;
use super::names::{Names, Resolved};
use super::place::{self, Origin, Place, Source};
use super::problem::{Code, Problem, brief};
use super::sources::{Flag, Sources};
use super::tree::{DEPTH_MAX, Kind, Node, join, merge};

/// What every variable of ours begins with, in any case.
const PREFIX: &str = "WELDKIT__";

/// All layers, laid over one another.
pub(super) struct Merged {
    pub(super) root: Node,
    pub(super) problems: Vec<Problem>,
    /// Something had to be left out, so what is missing may well have been given.
    pub(super) incomplete: bool,
}

/// Reads every layer and merges them.
pub(super) fn read(sources: &Sources, names: &Names<'_>) -> Merged {
    let defaults = sources.read_defaults();
    let place = Place {
        source: Arc::clone(&defaults),
        key: None,
        value: 0..0,
    };
    let root = Node::table(place, BTreeMap::new());
    let mut merged = Merged {
        root,
        problems: Vec::new(),
        incomplete: false,
    }
    .document(&defaults);
    merged = match sources.read_file() {
        Ok(Some(source)) => merged.document(&source),
        Ok(None) => merged,
        Err(problem) => merged.left_out([*problem]),
    };
    let variables = sources
        .environment
        .iter()
        .filter_map(|(name, value)| Some((ours(name)?, value.as_os_str())));
    merged = merged.environment(variables.collect(), names);
    sources.flags.iter().fold(merged, Merged::flag)
}

impl Merged {
    fn with(self, mut layer: Node) -> Self {
        let Self {
            root,
            mut problems,
            incomplete,
        } = self;
        flatten(&mut layer, &mut problems);
        Self {
            root: merge(root, layer),
            problems,
            incomplete,
        }
    }

    fn left_out(mut self, problems: impl IntoIterator<Item = Problem>) -> Self {
        let before = self.problems.len();
        self.problems.extend(problems);
        self.incomplete |= self.problems.len() > before;
        self
    }

    fn document(self, source: &Arc<Source>) -> Self {
        let (root, problems) = document::parse(source);
        let merged = self.left_out(problems);
        match root {
            Some(root) => merged.with(root),
            None => merged,
        }
    }

    fn environment(mut self, mut variables: Vec<(&str, &OsStr)>, names: &Names<'_>) -> Self {
        // The environment has no order; ours must not depend on the one it happens to come in.
        variables.sort_unstable();
        let mut set: BTreeMap<Vec<String>, &str> = BTreeMap::new();
        for (variable, value) in variables {
            let assignment = Variable { variable, value }.path(names, &self.root);
            let problem = match assignment {
                Ok((path, text)) => match contradicts(&set, &path) {
                    None => {
                        self = self.with(variable_layer(variable, text, &path));
                        set.insert(path, variable);
                        continue;
                    }
                    Some(other) => {
                        let message =
                            format!("the variables `{other}` and `{variable}` set the same value");
                        let mut problem = Problem::new(Code::Ambiguous, pointer(&path), message);
                        problem.place = Some(Origin::Environment {
                            variable: variable.to_owned(),
                        });
                        problem.fix("keep one of them")
                    }
                },
                Err(problem) => *problem,
            };
            self = self.left_out([problem]);
        }
        self
    }

    fn flag(self, flag: &Flag) -> Self {
        match flag {
            Flag::Set(text) => match split_assignment(text) {
                Ok((path, equals)) => {
                    let kind = place::Kind::Flag {
                        text: format!("--set {}", &text[..equals]),
                    };
                    let source = Arc::new(Source::new(kind, format!("--set {text}")));
                    let start = source.text.len() - text.len();
                    let value = start + equals + 1..source.text.len();
                    let node = document::parse_bare(&source, start..start + equals, value);
                    self.with(nest(&path, node))
                }
                Err(message) => {
                    let mut problem = Problem::new(Code::Syntax, "", message);
                    problem.place = Some(Origin::Flag {
                        text: "--set".to_owned(),
                    });
                    self.left_out([problem.fix("write `--set SECTION.NAME=VALUE`")])
                }
            },
            Flag::Other { text, path, value } => {
                let kind = place::Kind::Flag { text: text.clone() };
                let source = Arc::new(Source::new(kind, format!("{text} {value}")));
                let span = text.len() + 1..source.text.len();
                let place = Place {
                    source,
                    key: Some(0..text.len()),
                    value: span,
                };
                self.with(nest(path, Node::leaf(place, Value::String(value.clone()))))
            }
        }
    }
}

/// The name of a variable, if it is one of ours.
fn ours(name: &OsStr) -> Option<&str> {
    let name = name.to_str()?;
    name.get(..PREFIX.len())?
        .eq_ignore_ascii_case(PREFIX)
        .then_some(name)
}

struct Variable<'a> {
    variable: &'a str,
    value: &'a OsStr,
}

impl<'a> Variable<'a> {
    /// The names that the variable stands for, and its text.
    fn path(&self, names: &Names<'_>, root: &Node) -> Result<(Vec<String>, &'a str), Box<Problem>> {
        let variable = self.variable;
        let refused = |code, message| {
            let mut problem = Problem::new(code, "", message);
            problem.place = Some(Origin::Environment {
                variable: variable.to_owned(),
            });
            problem
        };
        let Some(text) = self.value.to_str() else {
            return Err(Box::new(refused(
                Code::Unreadable,
                format!("the value of `{variable}` is not UTF-8"),
            )));
        };
        let segments: Vec<&str> = variable[PREFIX.len()..].split("__").collect();
        if segments.iter().any(|segment| segment.is_empty()) || segments.len() >= DEPTH_MAX {
            let problem = refused(
                Code::Syntax,
                format!("`{variable}` does not name a setting"),
            );
            return Err(Box::new(problem.fix(
                "write `WELDKIT__SECTION__NAME`, two underscores between names",
            )));
        }
        match names.resolve(&segments, root) {
            Resolved::Path(path) => Ok((path, text)),
            Resolved::Ambiguous(candidates) => {
                let message = format!("`{variable}` fits `{}`", candidates.join("` and `"));
                let problem = refused(Code::Ambiguous, message);
                Err(Box::new(problem.fix(
                    "set it in the file or with --set, where names are exact",
                )))
            }
        }
    }
}

fn variable_layer(variable: &str, text: &str, path: &[String]) -> Node {
    let kind = place::Kind::Environment {
        variable: variable.to_owned(),
    };
    let source = Arc::new(Source::new(kind, format!("{variable}={text}")));
    let value = variable.len() + 1..source.text.len();
    nest(
        path,
        document::parse_bare(&source, 0..variable.len(), value),
    )
}

/// A variable that sets this path already, or something above or below it.
fn contradicts<'a>(set: &BTreeMap<Vec<String>, &'a str>, path: &[String]) -> Option<&'a str> {
    let clash = |other: &[String]| other.starts_with(path) || path.starts_with(other);
    set.iter()
        .find(|(other, _)| clash(other))
        .map(|(_, variable)| *variable)
}

/// The names that an assignment sets, and where its `=` stands.
fn split_assignment(text: &str) -> Result<(Vec<String>, usize), String> {
    let mut quote = None;
    let equals = text.char_indices().find(|(_, c)| {
        match quote {
            Some(open) if open == *c => quote = None,
            Some(_) => {}
            None if *c == '"' || *c == '\'' => quote = Some(*c),
            None => return *c == '=',
        }
        false
    });
    match equals {
        Some((at, _)) => Ok((document::parse_key(&text[..at])?, at)),
        None => Err(format!(
            "`{}` has no `=`",
            brief(
                text.trim_start()
                    .split(char::is_whitespace)
                    .next()
                    .unwrap_or_default()
            )
        )),
    }
}

/// Wraps a node in tables, so that it stands at the path.
fn nest(path: &[String], node: Node) -> Node {
    let place = node.place.clone();
    let wrap =
        |inner, name: &String| Node::table(place.clone(), BTreeMap::from([(name.clone(), inner)]));
    path.iter().rev().fold(node, wrap)
}

fn pointer(path: &[String]) -> String {
    path.iter()
        .fold(String::new(), |pointer, name| join(&pointer, name))
}

/// Gives `services` and `limits` one form: `report.storage = …` and `[limits.storage.get]` mean what the quoted
/// `"report.storage"` and `"storage.get"` mean.
fn flatten(root: &mut Node, problems: &mut Vec<Problem>) {
    let Kind::Table(root) = &mut root.kind else {
        return;
    };
    for section in ["services", "limits"] {
        let Some(Node {
            kind: Kind::Table(section_table),
            ..
        }) = root.entries.get_mut(section)
        else {
            continue;
        };
        for (name, node) in std::mem::take(&mut section_table.entries) {
            let Node { place, kind } = node;
            let inner = match kind {
                Kind::Table(table) if !name.contains('.') && !table.entries.is_empty() => table
                    .entries
                    .into_iter()
                    .map(|(method, node)| (format!("{name}.{method}"), node))
                    .collect(),
                kind @ (Kind::Leaf(_) | Kind::Array(_) | Kind::Table(_)) => {
                    vec![(name, Node { place, kind })]
                }
            };
            for (name, node) in inner {
                let place = node.place.clone();
                if section_table.entries.insert(name.clone(), node).is_some() {
                    let pointer = join(&format!("/{section}"), &name);
                    let problem =
                        Problem::new(Code::Syntax, pointer, format!("`{name}` is given twice"));
                    problems.push(problem.at_key(&place));
                }
            }
        }
    }
}
