//! What a composite is, as data: slots, methods, steps and the bindings between their ports.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::contract::Version;

/// A plugin made of plugins: declared in the configuration under `[composites.NAME]`, or read from TOML.
///
/// ```
/// use weldkit::composition::Composite;
///
/// let composite = Composite::parse("profile", r#"
///     [slots]
///     source = { service = "records" }
///     [methods.describe]
///     call = "source.describe"
/// "#).unwrap();
/// assert_eq!(composite.methods["describe"].steps["source"].call.to_string(), "source.describe");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Composite {
    /// The name of its service and of its instance.
    pub name: String,
    /// For people.
    pub description: String,
    /// The version of the contract that it exposes.
    pub version: Version,
    /// Permissions that its calls need beyond the names of the services in its slots.
    pub permissions: Vec<String>,
    /// What it is made of, by name.
    pub slots: BTreeMap<String, Slot>,
    /// What it exposes, by name.
    pub methods: BTreeMap<String, Method>,
    /// The events that it answers with a call of its own.
    pub listens: Vec<Listen>,
    /// Where each value was written, by pointer.
    pub(crate) places: Places,
}

impl Composite {
    /// Whether two definitions mean the same, wherever they are written.
    pub(crate) fn means(&self, other: &Self) -> bool {
        let of = |composite: &Self| Self {
            places: Places::default(),
            ..composite.clone()
        };
        of(self) == of(other)
    }
}

/// A place for one provider.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    /// The service that it holds.
    pub service: String,
    /// The instance; what `[services]` chooses for the composite, or for all, when none is named.
    pub instance: Option<String>,
    /// What it is there for.
    pub role: Role,
    /// How often a call is tried that may be repeated; 1 is no second time.
    pub tries: u32,
    /// How long the answer of a read-only method is kept for equal input.
    pub cache: Option<Duration>,
    /// Failures in a row after which calls are refused for a while.
    pub breaker: Option<Breaker>,
}

/// When a slot's calls are refused without being made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breaker {
    /// Failures in a row that open it.
    pub failures: u32,
    /// How long it stays open before one call is let through.
    pub pause: Duration,
}

/// What a slot is there for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// Its result is the result.
    Primary,
    /// Takes over when the calls of another slot fail, or take longer than `after`.
    Secondary {
        /// The slot that it stands in for.
        of: String,
        /// How long that one may take before this one is asked as well.
        after: Option<Duration>,
    },
    /// Observes: its calls neither delay nor fail the composite's.
    Auxiliary,
}

/// `slot.method`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The slot.
    pub slot: String,
    /// The method of its service.
    pub method: String,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.slot, self.method)
    }
}

/// One method that a composite exposes: a graph of calls.
#[derive(Debug, Clone, PartialEq)]
pub struct Method {
    /// For people.
    pub description: String,
    /// The deadline of a call that has none nearer.
    pub timeout: Option<Duration>,
    /// The JSON Schema of its input, in place of the one that follows from the bindings.
    pub input: Option<Value>,
    /// The JSON Schema of its result, in place of the one that follows from the bindings.
    pub output: Option<Value>,
    /// The calls, by name.
    pub steps: BTreeMap<String, Step>,
    /// Which port feeds which.
    pub bindings: Vec<Binding>,
    /// What the result is made of.
    pub result: Outcome,
}

/// One call.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What is called.
    pub call: Target,
    /// Asked first, with the same input: `call` is made only when it answers null.
    pub instead: Option<Target>,
    /// Steps that it waits for without taking anything from them.
    pub after: Vec<String>,
    /// Parameters that are always the same; what is bound is laid over them.
    pub with: Map<String, Value>,
    /// What its failure means to those it feeds, unless their binding says otherwise.
    pub on_failure: OnFailure,
    /// Where it was written.
    pub(crate) pointer: String,
}

/// What the failure of a step means to one that it feeds.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum OnFailure {
    /// The call of the composite fails.
    #[default]
    Fail,
    /// The binding counts as not there.
    Skip,
    /// The binding carries this value.
    Default(Value),
}

/// Which port feeds which.
#[derive(Debug, Clone, PartialEq)]
pub struct Binding {
    /// The port that gives.
    pub from: Port,
    /// The port that takes.
    pub to: Port,
    /// jq over what is given.
    pub map: Option<Arc<str>>,
    /// What a failure of the giving step means here; the step's own word unless given.
    pub on_failure: Option<OnFailure>,
    /// The giving port is a stream, and the taking step is called for each of its items.
    pub each: bool,
    /// Where it was written.
    pub(crate) pointer: String,
}

/// An end of a binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// What gives or takes.
    pub end: End,
    /// A JSON pointer into it (RFC 6901); empty for all of it.
    pub pointer: String,
}

/// What a port belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// The input of the composite's method.
    Input,
    /// A step: its result where it gives, its parameters where it takes.
    Step(String),
    /// Events of a type.
    Event(String),
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.end {
            End::Input => f.write_str("input")?,
            End::Step(step) => f.write_str(step)?,
            End::Event(kind) => write!(f, "event:{kind}")?,
        }
        if self.pointer.is_empty() {
            Ok(())
        } else {
            write!(f, "#{}", self.pointer)
        }
    }
}

/// What the result is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// How several ports make one value.
    pub merge: Merge,
    /// The ports, with the names that they have in the result.
    pub ports: Vec<(String, Port)>,
    /// jq over what the rule gives.
    pub map: Option<Arc<str>>,
    /// Where it was written.
    pub(crate) pointer: String,
}

/// How the values of several ports make one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merge {
    /// There is one, and it is the result.
    Only,
    /// An object of them by name.
    Named,
    /// An array in the order of their names.
    List,
    /// One object with the fields of all; of two fields of one name that of the later.
    Combine,
    /// The one that is there first; it fails when all have.
    First,
}

impl Merge {
    /// The rules that a fan-out may name, and their names.
    pub const RULES: [(&'static str, Self); 4] = [
        ("named", Self::Named),
        ("list", Self::List),
        ("combine", Self::Combine),
        ("first", Self::First),
    ];
}

/// Events that a composite answers with a call of one of its methods.
#[derive(Debug, Clone, PartialEq)]
pub struct Listen {
    /// The type of the events, or `a.b.*`.
    pub event: String,
    /// The method that is called.
    pub method: String,
    /// jq over the event, which makes the input of the method; what the event carries unless given.
    pub map: Option<Arc<str>>,
    /// Where it was written.
    pub(crate) pointer: String,
}

/// Where the values of a definition were written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Places(Arc<BTreeMap<String, String>>);

impl Places {
    pub(crate) fn new(places: BTreeMap<String, String>) -> Self {
        Self(Arc::new(places))
    }

    /// Where the value at `pointer` was written, or the nearest one above it.
    pub(crate) fn place(&self, composite: &str, pointer: &str) -> String {
        let mut at = pointer;
        loop {
            if let Some(place) = self.0.get(at) {
                return place.clone();
            }
            match at.rfind('/') {
                Some(end) => at = &at[..end],
                None => return format!("composites.{composite}{}", pointer.replace('/', ".")),
            }
        }
    }
}
