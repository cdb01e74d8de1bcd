//! A workflow as it was read: what the Open Workflow DSL 1.0.3 calls a document, with every name resolved.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

/// A document that can be run.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    /// Who it is.
    pub id: DefinitionId,
    /// What people call it.
    pub title: Option<Arc<str>>,
    /// What it does, in a few sentences.
    pub summary: Option<Arc<str>>,
    /// What it does with what it is started with.
    pub input: Filter,
    /// What becomes of the output of the last task.
    pub output: Filter,
    /// When a run has taken too long.
    pub timeout: Option<Span>,
    /// The secrets that expressions may read.
    pub secrets: Vec<Arc<str>>,
    /// What it does.
    pub tasks: TaskList,
    /// Every expression of the document; an [`Expr`] is an index.
    pub expressions: Vec<Source>,
}

/// `document` without its words for people.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct DefinitionId {
    /// The group that it belongs to.
    pub namespace: String,
    /// Its name in the group.
    pub name: String,
    /// Its semantic version.
    pub version: String,
}

impl std::fmt::Display for DefinitionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}/{}", self.namespace, self.name, self.version)
    }
}

/// An expression of a document, by its place in [`Definition::expressions`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Expr(pub u32);

/// An expression as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// jq, without `${` and `}`.
    pub text: Arc<str>,
    /// Where it stands: a JSON pointer (RFC 6901) into the document.
    pub pointer: Arc<str>,
    /// What loops and handlers around it have named, without `$`, outermost first.
    pub names: Arc<[Arc<str>]>,
}

/// A value with expressions in it.
#[derive(Debug, Clone, PartialEq)]
pub enum Template {
    /// A value without any.
    Value(Arc<Value>),
    /// What the expression gives.
    Expr(Expr),
    /// An array, one of whose elements is not a plain value.
    Array(Vec<Template>),
    /// An object, one of whose values is not a plain value. In the order of the document.
    Object(Vec<(Arc<str>, Template)>),
}

/// `input`, `output` or `export`: what is let through, and what it must look like.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filter {
    /// `from` or `as`.
    pub map: Option<Template>,
    /// What the value must be: a JSON Schema. Of an input before the map, of an output or export behind it.
    pub schema: Option<Arc<Value>>,
}

/// A length of time.
#[derive(Debug, Clone, PartialEq)]
pub enum Span {
    /// So long.
    Fixed(Duration),
    /// As long as the ISO 8601 text that the expression gives.
    Computed(Expr),
}

/// Tasks that follow each other, unless one says what follows it.
pub type TaskList = Arc<[Task]>;

/// One task.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// Unique in its list.
    pub name: Arc<str>,
    /// Where it stands: `/do/0/name`, what an error of it has as `instance`.
    pub pointer: Arc<str>,
    /// It is passed over unless this is true.
    pub condition: Option<Expr>,
    /// What it sees.
    pub input: Filter,
    /// What the next one sees.
    pub output: Filter,
    /// What becomes of `$context`.
    pub export: Filter,
    /// When it has taken too long.
    pub timeout: Option<Span>,
    /// What follows it.
    pub then: Then,
    /// What the framework reads from `metadata`.
    pub extra: Extra,
    /// What it does.
    pub work: Work,
}

/// What follows a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Then {
    /// The next of the list; behind the last the list has ended.
    #[default]
    Continue,
    /// The list has ended.
    Exit,
    /// The run has ended.
    End,
    /// The task at this place of the same list.
    Goto(usize),
}

/// What the framework reads from the `metadata` of a task.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Extra {
    /// `compensate`: what undoes the task when the run fails later.
    pub compensate: Option<Call>,
    /// `pivot`: nothing before it is compensated once it is done.
    pub is_pivot: bool,
    /// `transaction`: the tasks in it are one transaction, of this isolation if it says so.
    pub transaction: Option<Option<crate::transaction::Isolation>>,
}

/// A call of a method.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// `service.method`.
    pub method: Arc<str>,
    /// Its parameters: an object, or an expression that gives one.
    pub with: Template,
}

/// What a task does. Each is named after the word of the DSL.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    /// Calls a method; its result is the output.
    Call(Call),
    /// Does the tasks of a function of the document with this as their input.
    Function(Template, TaskList),
    /// Does tasks one after the other.
    Do(TaskList),
    /// Gives a value.
    Set(Template),
    /// Does tasks for each element.
    For(For),
    /// Does tasks at the same time.
    Fork(Fork),
    /// Goes on at another task.
    Switch(Vec<Case>),
    /// Does tasks and handles their errors.
    Try(Try),
    /// Fails.
    Raise(ErrorTemplate),
    /// Waits.
    Wait(Span),
    /// Publishes an event. The properties of a CloudEvent; `id`, `time` and `specversion` are filled in.
    Emit(Template),
    /// Waits for events.
    Listen(Listen),
    /// Runs another workflow.
    Run(SubRun),
}

/// `for`.
#[derive(Debug, Clone, PartialEq)]
pub struct For {
    /// What an element is called in expressions.
    pub each: Arc<str>,
    /// What its place is called, from zero.
    pub at: Arc<str>,
    /// The array.
    pub within: Expr,
    /// Goes on as long as this is true, looked at before each element.
    pub condition: Option<Expr>,
    /// Done with each.
    pub tasks: TaskList,
}

/// `fork`.
#[derive(Debug, Clone, PartialEq)]
pub struct Fork {
    /// Each a branch by itself.
    pub branches: TaskList,
    /// Whether the first that is done ends the others; its output is that of the task, else all outputs in order.
    pub compete: bool,
}

/// One case of a `switch`.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Its name.
    pub name: Arc<str>,
    /// It is taken when this is true; the default has none.
    pub condition: Option<Expr>,
    /// Where to go on.
    pub then: Then,
}

/// `try` with its `catch`.
#[derive(Debug, Clone, PartialEq)]
pub struct Try {
    /// What is tried.
    pub tasks: TaskList,
    /// Only errors with all these properties are handled.
    pub errors: Option<Map<String, Value>>,
    /// What the error is called in expressions.
    pub name: Arc<str>,
    /// Only errors for which this is true.
    pub condition: Option<Expr>,
    /// Not those for which this is true.
    pub except: Option<Expr>,
    /// Whether it is tried again before it is handled.
    pub retry: Option<Retry>,
    /// What is done with the error.
    pub handler: Option<TaskList>,
}

/// When and how often something is tried again.
#[derive(Debug, Clone, PartialEq)]
pub struct Retry {
    /// Only when this is true.
    pub condition: Option<Expr>,
    /// Not when this is true.
    pub except: Option<Expr>,
    /// How long it waits before the second try.
    pub delay: Option<Span>,
    /// How the wait grows.
    pub backoff: Backoff,
    /// The most tries after the first.
    pub attempts: Option<u32>,
    /// How long one try may take.
    pub attempt_duration: Option<Span>,
    /// How long all of it may take.
    pub duration: Option<Span>,
    /// A random part of the wait: between the two.
    pub jitter: Option<(Span, Span)>,
}

/// How waits grow from one try to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Backoff {
    /// Not at all.
    #[default]
    Constant,
    /// By the first wait.
    Linear,
    /// To twice the last one.
    Exponential,
}

/// What is raised: RFC 7807, with the names of the DSL.
#[derive(Debug, Clone, PartialEq)]
pub struct ErrorTemplate {
    /// A URI.
    pub kind: Template,
    /// As of HTTP.
    pub status: u16,
    /// What it is, in short.
    pub title: Option<Template>,
    /// What it is this time.
    pub detail: Option<Template>,
    /// Where it comes from; the task itself unless given.
    pub instance: Option<Template>,
}

/// `listen`.
#[derive(Debug, Clone, PartialEq)]
pub struct Listen {
    /// For what.
    pub to: Consume,
    /// What of an event is the output.
    pub read: Read,
    /// Done with each event as it comes.
    pub each: Option<ForEach>,
}

/// Which events are waited for.
#[derive(Debug, Clone, PartialEq)]
pub enum Consume {
    /// One event, that the filter matches.
    One(EventFilter),
    /// One event of each filter.
    All(Vec<EventFilter>),
    /// One event of any filter, or all of them until something. No filter matches every event.
    Any {
        /// Which.
        filters: Vec<EventFilter>,
        /// Until when; one event is enough without.
        until: Option<Until>,
    },
}

/// When a `listen` to any event is over.
#[derive(Debug, Clone, PartialEq)]
pub enum Until {
    /// When this is true of the events so far.
    Condition(Expr),
    /// When this has been consumed.
    Event(Box<Consume>),
    /// Never: only the handler or a cancel ends it.
    Never,
}

/// Which event is meant.
#[derive(Debug, Clone, PartialEq)]
pub struct EventFilter {
    /// By attribute of the CloudEvent: equal to the value, or true for an expression over it.
    pub with: Vec<(Arc<str>, Template)>,
    /// By key: what of the event must be equal among all events of the task, or equal to what is expected.
    pub correlate: Vec<Correlation>,
}

/// What ties events to a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Correlation {
    /// Its name in the document.
    pub key: Arc<str>,
    /// What of the event it is.
    pub from: Expr,
    /// What it must be; what the first event had, unless given.
    pub expect: Option<Template>,
}

/// What of an event a `listen` gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Read {
    /// Its data.
    #[default]
    Data,
    /// The whole CloudEvent.
    Envelope,
    /// The data as it came.
    Raw,
}

/// What is done with each event of a `listen`.
#[derive(Debug, Clone, PartialEq)]
pub struct ForEach {
    /// What the event is called in expressions.
    pub item: Arc<str>,
    /// What its place is called, from zero.
    pub at: Arc<str>,
    /// What is done.
    pub tasks: Option<TaskList>,
    /// What becomes of the output of each.
    pub output: Filter,
    /// What becomes of `$context` after each.
    pub export: Filter,
}

/// `run: workflow`.
#[derive(Debug, Clone, PartialEq)]
pub struct SubRun {
    /// The namespace.
    pub namespace: Arc<str>,
    /// The name.
    pub name: Arc<str>,
    /// The version; the latest that is registered unless given.
    pub version: Option<Arc<str>>,
    /// What it is started with.
    pub input: Template,
    /// Whether the task waits until it has ended, and has its output.
    pub wait: bool,
}
