//! Lists of tasks, and what all tasks have.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::Arc;

use serde_json::Value;

use super::super::model::{Extra, Span, Task, TaskList, Template, Then, Work};
use super::super::node::Content;
use super::Reader;
use super::cursor::{Cursor, Fields};
use crate::error::Problem;
use crate::transaction::Isolation;
use crate::{limit, name};

/// The tasks of a list by name: where `then` may lead.
pub(super) type Targets = BTreeMap<Arc<str>, usize>;

/// Each kind of task, with the properties that only it has. `do` comes behind `for`, which has one.
const KINDS: [(&str, &[&str]); 12] = [
    ("call", &["with"]),
    ("emit", &[]),
    ("for", &["while", "do"]),
    ("do", &[]),
    ("fork", &[]),
    ("listen", &["foreach"]),
    ("raise", &[]),
    ("run", &[]),
    ("set", &[]),
    ("switch", &[]),
    ("try", &["catch"]),
    ("wait", &[]),
];

/// What every task may have.
const BASE: [&str; 7] = [
    "if", "input", "output", "export", "timeout", "then", "metadata",
];

impl<'d> Reader<'d, '_, '_> {
    /// A list of named tasks.
    pub(super) fn tasks(&mut self, at: &Cursor<'d>) -> TaskList {
        let mut named = Vec::new();
        let mut targets = Targets::new();
        for item in self.list(at) {
            let Some((name, task)) = self.single(&item, "task") else {
                continue;
            };
            if targets.insert(name.clone(), named.len()).is_some() {
                let message = format!("two tasks of {} have the name `{name}`", at.label);
                let problem = Problem::new("duplicate_task", message);
                self.faults
                    .add(task.name_mark(), problem.help("rename one of them"));
            }
            named.push((name, task));
        }
        let tasks = named
            .into_iter()
            .map(|(name, task)| self.task(name, &task, &targets));
        tasks.collect()
    }

    /// The one property of an entry of a list: its name and what it is.
    pub(super) fn single(
        &mut self,
        item: &Cursor<'d>,
        what: &str,
    ) -> Option<(Arc<str>, Cursor<'d>)> {
        let mut properties = self.open(item);
        if item.is_object() && properties.len() != 1 {
            let count = properties.len();
            let message = format!(
                "{} has {count} properties; it has one, the name of the {what}",
                item.label
            );
            let help = format!("indent what belongs to the {what} deeper than its name");
            self.fault(item, Problem::new("invalid_value", message).help(help));
            return None;
        }
        properties.pop()
    }

    /// One task of a list.
    pub(super) fn task(&mut self, name: Arc<str>, at: &Cursor<'d>, targets: &Targets) -> Task {
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        let task = if self.depth > limit::WORKFLOW_TASK_DEPTH {
            self.too_deep(at);
            self.bare(name, at)
        } else {
            self.whole_task(name, at, targets)
        };
        self.depth -= 1;
        task
    }

    pub(super) fn too_deep(&mut self, at: &Cursor<'d>) {
        let most = limit::WORKFLOW_TASK_DEPTH;
        let message = format!("more than {most} tasks lie in each other here");
        self.fault(at, Problem::new("limit", message));
    }

    /// A task that stands for one that cannot be read.
    fn bare(&self, name: Arc<str>, at: &Cursor<'d>) -> Task {
        Task {
            name,
            pointer: at.pointer.as_str().into(),
            condition: None,
            input: super::super::model::Filter::default(),
            output: super::super::model::Filter::default(),
            export: super::super::model::Filter::default(),
            timeout: None,
            then: Then::Continue,
            extra: Extra::default(),
            work: Work::Set(Template::Value(Arc::new(Value::Null))),
        }
    }

    fn whole_task(&mut self, name: Arc<str>, at: &Cursor<'d>, targets: &Targets) -> Task {
        let kind = self.kind(at);
        let own = KINDS
            .iter()
            .filter(|(word, _)| kind.is_none_or(|kind| kind == *word));
        let known = own.flat_map(|(word, own)| std::iter::once(word).chain(*own));
        let known: Vec<&str> = known.chain(&BASE).copied().collect();
        let fields = match kind {
            // Which properties belong to it is not known while its kind is not.
            None => Fields { at: at.clone() },
            Some(_) => self.fields(at, &known),
        };
        Task {
            condition: fields.get("if").map(|at| self.expression(&at)),
            input: self.filter(fields.get("input"), "from"),
            output: self.filter(fields.get("output"), "as"),
            export: self.filter(fields.get("export"), "as"),
            timeout: self.timeout(&fields),
            then: match fields.get("then") {
                Some(at) => self.then(&at, targets),
                None => Then::Continue,
            },
            extra: self.extra(&fields),
            work: match kind {
                Some(kind) => self.work(kind, &fields, targets),
                None => Work::Do(Arc::from([])),
            },
            ..self.bare(name, at)
        }
    }

    /// What kind of task it is, when it is exactly one.
    fn kind(&mut self, at: &Cursor<'d>) -> Option<&'static str> {
        if !at.is_object() {
            self.wrong_type(at, "a task: an object");
            return None;
        }
        let has = |word: &str| at.get(word).is_some();
        let found = KINDS.iter().map(|(word, _)| *word);
        let found: Vec<&str> = found
            .filter(|word| has(word) && !(*word == "do" && has("for")))
            .collect();
        match found.as_slice() {
            [kind] => Some(kind),
            [] => {
                self.no_kind(at);
                None
            }
            [_, second, ..] => {
                let all = found.join("`, `");
                let message = format!("the task {} is of several kinds: `{all}`", at.label);
                let problem = Problem::new("several_kinds", message);
                let place = at.get(second).map_or(at.mark(), |at| at.name_mark());
                self.faults
                    .add(place, problem.help("make each a task of its own"));
                None
            }
        }
    }

    fn no_kind(&mut self, at: &Cursor<'d>) {
        let message = format!("the task {} does not say what it does", at.label);
        let unknown = at.properties();
        let kinds = || KINDS.iter().map(|(word, _)| *word);
        let near = unknown
            .iter()
            .find_map(|(key, _)| name::nearest(key, kinds()));
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it has one of: {}", kinds().collect::<Vec<_>>().join(", ")),
        };
        self.fault(at, Problem::new("no_kind", message).help(help));
    }

    /// Where to go on.
    pub(super) fn then(&mut self, at: &Cursor<'d>, targets: &Targets) -> Then {
        let text = self.text(at);
        match &*text {
            "continue" => Then::Continue,
            "exit" => Then::Exit,
            "end" => Then::End,
            _ => match targets.get(&text) {
                Some(place) => Then::Goto(*place),
                None => {
                    if at.text().is_some() {
                        self.unknown_task(at, &text, targets);
                    }
                    Then::Continue
                }
            },
        }
    }

    fn unknown_task(&mut self, at: &Cursor<'d>, text: &str, targets: &Targets) {
        let message = format!("no task of the same list has the name `{text}`");
        let words = ["continue", "exit", "end"].into_iter();
        let all = targets.keys().map(|name| &**name).chain(words);
        let problem = Problem::new("unknown_task", message);
        let problem = match name::suggest(text, all) {
            Some(help) => problem.help(help),
            None => problem,
        };
        self.fault(at, problem);
    }

    /// `timeout`: what it says, or what `use.timeouts` has under its name.
    pub(super) fn timeout(&mut self, fields: &Fields<'d>) -> Option<Span> {
        let at = fields.get("timeout")?;
        let at = match at.text() {
            Some(_) => self.referenced(&at, super::reuse::Kind::Timeout)?,
            None => at,
        };
        self.after(&at)
    }

    /// The definition of a timeout.
    pub(super) fn after(&mut self, at: &Cursor<'d>) -> Option<Span> {
        let fields = self.fields(at, &["after"]);
        self.required(&fields, "after").map(|at| self.span(&at))
    }

    fn extra(&mut self, fields: &Fields<'d>) -> Extra {
        let Some(at) = fields.get("metadata") else {
            return Extra::default();
        };
        self.open(&at);
        Extra {
            compensate: at.get("compensate").and_then(|at| self.compensate(&at)),
            is_pivot: at.get("pivot").is_some_and(|at| self.flag(&at)),
            transaction: at.get("transaction").and_then(|at| self.transaction(&at)),
        }
    }

    fn transaction(&mut self, at: &Cursor<'d>) -> Option<Option<Isolation>> {
        match &at.node.content {
            Content::Plain(Value::Bool(is_one)) => is_one.then_some(None),
            Content::Text(_) => Some(self.isolation(at)),
            Content::Object(_) => {
                let fields = self.fields(at, &["isolation"]);
                Some(fields.get("isolation").and_then(|at| self.isolation(&at)))
            }
            Content::Plain(_) | Content::List(_) => {
                self.wrong_type(
                    at,
                    "`true`, the name of an isolation, or an object with `isolation`",
                );
                None
            }
        }
    }

    fn isolation(&mut self, at: &Cursor<'d>) -> Option<Isolation> {
        let word = self.word(at, &Isolation::ALL.map(Isolation::as_str));
        Isolation::from_str(&word).ok()
    }
}
