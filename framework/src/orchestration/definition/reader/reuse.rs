//! What `use` offers, and the references to it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::model::TaskList;
use super::Reader;
use super::cursor::Cursor;
use super::task::Targets;
use crate::error::Problem;
use crate::{limit, name};

type Table<'d> = BTreeMap<Arc<str>, Cursor<'d>>;

/// What can be defined once and used by name.
#[derive(Debug, Default)]
pub(super) struct Reusable<'d> {
    tables: BTreeMap<Kind, Table<'d>>,
    /// Those that are wrong: told where they are defined, and not read again at every use.
    broken: BTreeSet<(Kind, Arc<str>)>,
    functions: BTreeMap<Arc<str>, Function<'d>>,
    /// The functions that are being read, outermost first.
    calling: Vec<Arc<str>>,
}

/// What a name of `use` stands for, functions apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Authentication,
    Error,
    Retry,
    Timeout,
}

impl Kind {
    const ALL: [Self; 4] = [
        Self::Authentication,
        Self::Error,
        Self::Retry,
        Self::Timeout,
    ];

    /// The property of `use`, the code of a name that is not there, and the word for people.
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Authentication => (
                "authentications",
                "unknown_authentication",
                "authentication",
            ),
            Self::Error => ("errors", "unknown_error", "error"),
            Self::Retry => ("retries", "unknown_retry", "retry policy"),
            Self::Timeout => ("timeouts", "unknown_timeout", "timeout"),
        }
    }
}

#[derive(Debug, Clone)]
enum Function<'d> {
    Unread(Cursor<'d>),
    Reading,
    /// Its one task, and how deep tasks lie in it.
    Read(TaskList, usize),
}

impl<'d> Reader<'d, '_, '_> {
    /// Reads `use`: first all names, then what they stand for, so that order does not matter.
    pub(super) fn reusable(&mut self, at: &Cursor<'d>) {
        let known = [
            "authentications",
            "errors",
            "functions",
            "retries",
            "secrets",
            "timeouts",
            "extensions",
            "catalogs",
        ];
        let fields = self.fields(at, &known);
        for (key, what) in [
            ("extensions", "extensions"),
            ("catalogs", "catalogs of functions"),
        ] {
            if let Some(at) = fields.get(key) {
                self.unsupported(
                    &at,
                    &format!("{what} are not read"),
                    "write what they do into the tasks themselves",
                );
            }
        }
        for kind in Kind::ALL {
            let table = fields.get(kind.words().0).map(|at| self.open(&at));
            self.reusable
                .tables
                .insert(kind, table.unwrap_or_default().into_iter().collect());
        }
        let functions = fields
            .get("functions")
            .map(|at| self.open(&at))
            .unwrap_or_default();
        for (name, at) in &functions {
            self.reusable
                .functions
                .insert(name.clone(), Function::Unread(at.clone()));
        }
        for kind in Kind::ALL {
            let table = self.reusable.tables.get(&kind).cloned().unwrap_or_default();
            for (name, at) in table {
                if !self.definition(&at, kind) {
                    self.reusable.broken.insert((kind, name));
                }
            }
        }
        for (name, at) in &functions {
            self.function(name, at);
        }
    }

    /// Whether nothing is wrong with a definition, used or not. Its expressions are noted where it
    /// is used: only there is it known what is in scope.
    fn definition(&mut self, at: &Cursor<'d>, kind: Kind) -> bool {
        let faults = self.faults.count();
        let noted = self.expressions.len();
        match kind {
            Kind::Authentication => drop(self.shaped(at, &super::arguments::POLICY)),
            Kind::Error => drop(self.error(at)),
            Kind::Retry => drop(self.retry(at)),
            Kind::Timeout => drop(self.after(at)),
        }
        self.expressions.truncate(noted);
        self.faults.count() == faults
    }

    /// What a name stands for, when that can be read.
    pub(super) fn referenced(&mut self, at: &Cursor<'d>, kind: Kind) -> Option<Cursor<'d>> {
        let text = self.text(at);
        let table = self.reusable.tables.entry(kind).or_default();
        if let Some(found) = table.get(&text).cloned() {
            let is_whole = !self.reusable.broken.contains(&(kind, text));
            return (is_whole && self.has_room()).then_some(found);
        }
        let (property, code, word) = kind.words();
        let problem = Problem::new(code, format!("there is no {word} `{text}`"));
        let help = name::suggest(&text, table.keys().map(|name| &**name));
        let help = help.unwrap_or_else(|| format!("define it under `use.{property}`"));
        self.fault(at, problem.help(help));
        None
    }

    pub(super) fn is_function(&self, name: &str) -> bool {
        self.reusable.functions.contains_key(name)
    }

    pub(super) fn function_names(&self) -> Vec<Arc<str>> {
        self.reusable.functions.keys().cloned().collect()
    }

    /// The task of a function; `at` is where it is called.
    pub(super) fn function(&mut self, name: &Arc<str>, at: &Cursor<'d>) -> Option<TaskList> {
        match self.reusable.functions.get(name)?.clone() {
            Function::Read(tasks, height) => {
                self.deepest = self.deepest.max(self.depth + height);
                if self.depth + height > limit::WORKFLOW_TASK_DEPTH {
                    self.too_deep(at);
                }
                Some(tasks)
            }
            Function::Reading => {
                let calling = &self.reusable.calling;
                let start = calling
                    .iter()
                    .position(|caller| caller == name)
                    .unwrap_or(0);
                let path: Vec<&str> = calling[start..]
                    .iter()
                    .chain([name])
                    .map(|name| &**name)
                    .collect();
                let message = format!("the function `{name}` calls itself: {}", path.join(" -> "));
                let problem = Problem::new("cycle", message);
                self.fault(
                    at,
                    problem.help(
                        "functions of a document cannot recur; loop with `for`, or run a workflow",
                    ),
                );
                None
            }
            Function::Unread(definition) => Some(self.read_function(name, &definition)),
        }
    }

    fn read_function(&mut self, name: &Arc<str>, definition: &Cursor<'d>) -> TaskList {
        let functions = &mut self.reusable.functions;
        functions.insert(name.clone(), Function::Reading);
        self.reusable.calling.push(name.clone());
        // A function sees what it is given, not what loops around its caller have named.
        let names = std::mem::replace(&mut self.names, Arc::from([]));
        let deepest = std::mem::replace(&mut self.deepest, self.depth);
        let targets = Targets::from([(name.clone(), 0)]);
        let tasks: TaskList = Arc::from([self.task(name.clone(), definition, &targets)]);
        let height = self.deepest - self.depth;
        self.deepest = self.deepest.max(deepest);
        self.names = names;
        self.reusable.calling.pop();
        let read = Function::Read(tasks.clone(), height);
        self.reusable.functions.insert(name.clone(), read);
        tasks
    }
}
