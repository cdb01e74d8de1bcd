//! The sections of a configuration, each name in them, and their typed form.
//!
//! The tables here are the one list of names: checks, variables, schema, sample and documentation read them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use super::tree::{Kind, Node};
use crate::limit;

/// A section: a table at the top of the file.
pub(super) struct Section {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
}

/// A setting of the framework's own.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) kind: FieldKind,
    /// TOML text of its default, if it has one.
    pub(super) default: Option<&'static str>,
}

impl Field {
    /// Its default as a value.
    pub(super) fn default_value(&self) -> Option<Value> {
        let parsed = self.default?.parse::<toml::Value>().ok()?;
        serde_json::to_value(parsed).ok()
    }
}

/// What a setting of the framework's own may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldKind {
    Text,
    Texts,
    Duration,
    Choice(&'static [&'static str]),
    Count,
    Number,
    Table,
}

impl FieldKind {
    /// What a message says is expected.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Text | Self::Choice(_) => "a string",
            Self::Texts => "an array of strings",
            Self::Duration => "a duration such as \"5s\"",
            Self::Count => "a whole number of 1 or more",
            Self::Number => "a number",
            Self::Table => "a table",
        }
    }

    /// The value as this setting means it: bare text that happens to read as a number is text where text is wanted.
    pub(super) fn settle(self, node: &Node) -> Value {
        let is_text = match self {
            Self::Text | Self::Duration | Self::Choice(_) => true,
            Self::Texts | Self::Count | Self::Number | Self::Table => false,
        };
        match &node.kind {
            Kind::Leaf(value) if is_text && !value.is_string() && node.place.source.is_bare() => {
                Value::String(node.place.written().to_owned())
            }
            Kind::Leaf(_) | Kind::Array(_) | Kind::Table(_) => node.value(),
        }
    }

    pub(super) fn schema(self) -> Value {
        match self {
            Self::Text => json!({"type": "string"}),
            Self::Texts => json!({"type": "array", "items": {"type": "string"}}),
            Self::Duration => json!({"type": "string", "pattern": crate::duration::PATTERN}),
            Self::Choice(choices) => json!({"type": "string", "enum": choices}),
            Self::Count => json!({"type": "integer", "minimum": 1, "maximum": u32::MAX}),
            Self::Number => json!({"type": "number"}),
            Self::Table => json!({"type": "object"}),
        }
    }
}

/// Every section, in the order of the sample.
pub(super) const SECTIONS: &[Section] = &[
    Section {
        name: "host",
        description: "The host itself.",
    },
    Section {
        name: "plugins",
        description: "Settings of each plugin's default instance, which bears the plugin's id.",
    },
    Section {
        name: "instances",
        description: "Further instances of plugins, each with settings of its own.",
    },
    #[cfg(feature = "composition")]
    Section {
        name: "composites",
        description: "Plugins made of plugins: slots, and methods that are graphs of calls.",
    },
    Section {
        name: "services",
        description: "Which instance provides a service, for everybody or for one consumer (\"consumer.service\").",
    },
    Section {
        name: "permissions",
        description: "What each principal may do; what is not granted is refused.",
    },
    Section {
        name: "limits",
        description: "Bounds of single methods (\"service.method\").",
    },
    Section {
        name: "alerts",
        description: "Numbers to watch, each under a name of its own; `app metrics` shows what there is.",
    },
];

/// Settings of `[host]`.
pub(super) const HOST: &[Field] = &[
    Field {
        name: "state",
        description: "Folder for everything the host keeps; relative to the working directory.",
        kind: FieldKind::Text,
        default: Some("\"./state\""),
    },
    Field {
        name: "disable",
        description: "Instances that are not started; a plugin's default instance bears the plugin's id.",
        kind: FieldKind::Texts,
        default: Some("[]"),
    },
    Field {
        name: "start_deadline",
        description: "How long one instance may take to start.",
        kind: FieldKind::Duration,
        default: Some("\"1m\""),
    },
    Field {
        name: "stop_deadline",
        description: "How long stopping may take before what is left is abandoned.",
        kind: FieldKind::Duration,
        default: Some("\"10s\""),
    },
    Field {
        name: "log",
        description: "The least important messages that are still printed.",
        kind: FieldKind::Choice(&Level::NAMES),
        default: Some("\"info\""),
    },
    Field {
        name: "log_format",
        description: "How `serve` prints them: text for people, or one JSON object a line for programs.",
        kind: FieldKind::Choice(&LogFormat::NAMES),
        default: Some("\"human\""),
    },
    Field {
        name: "monitor",
        description: "How often the host looks at its metrics, for its history and for alerts; without it, only where there are alerts, every 5 seconds.",
        kind: FieldKind::Duration,
        default: None,
    },
];

/// Names in `[instances.NAME]`.
pub(super) const INSTANCE: &[Field] = &[
    Field {
        name: "plugin",
        description: "The plugin to make an instance of.",
        kind: FieldKind::Text,
        default: None,
    },
    Field {
        name: "settings",
        description: "Its settings.",
        kind: FieldKind::Table,
        default: None,
    },
];

/// Names in one entry of `[limits]`.
pub(super) const LIMIT: &[Field] = &[
    Field {
        name: "concurrency",
        description: "How many calls may run at once.",
        kind: FieldKind::Count,
        default: None,
    },
    Field {
        name: "timeout",
        description: "How long a call may take that brings no deadline of its own.",
        kind: FieldKind::Duration,
        default: None,
    },
];

/// Names in `[alerts.NAME]`.
pub(super) const ALERT: &[Field] = &[
    Field {
        name: "metric",
        description: "The metric: of a counter its rate a second counts, of a gauge its value, of a distribution a percentile.",
        kind: FieldKind::Text,
        default: None,
    },
    Field {
        name: "of",
        description: "The counter that the metric is a share of, in place of a rate.",
        kind: FieldKind::Text,
        default: None,
    },
    Field {
        name: "labels",
        description: "Only series with these labels.",
        kind: FieldKind::Table,
        default: None,
    },
    Field {
        name: "percentile",
        description: "Which percentile of a distribution, between 0 and 1; 0.99 without it.",
        kind: FieldKind::Number,
        default: None,
    },
    Field {
        name: "above",
        description: "Raise it above this: calls a second, a share, seconds, bytes.",
        kind: FieldKind::Number,
        default: None,
    },
    Field {
        name: "below",
        description: "Raise it below this.",
        kind: FieldKind::Number,
        default: None,
    },
    Field {
        name: "window",
        description: "Over what time.",
        kind: FieldKind::Duration,
        default: Some("\"1m\""),
    },
];

/// `[host]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Host {
    /// The state folder.
    pub state: PathBuf,
    /// Instances that are not started.
    pub disable: BTreeSet<String>,
    /// How long one instance may take to start.
    pub start_deadline: Duration,
    /// How long stopping may take.
    pub stop_deadline: Duration,
    /// The least important messages that are still printed.
    pub log: Level,
    /// How `serve` prints them.
    pub log_format: LogFormat,
    /// How often the host looks at its metrics, if not as alerts need it.
    pub monitor: Option<Duration>,
}

/// What is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nothing.
    Off,
    /// What failed.
    Error,
    /// What may fail.
    Warn,
    /// What happened.
    Info,
    /// Why it happened.
    Debug,
}

impl Level {
    /// Every level, the quietest first.
    pub const ALL: [Self; 5] = [Self::Off, Self::Error, Self::Warn, Self::Info, Self::Debug];

    pub(super) const NAMES: [&str; 5] = ["off", "error", "warn", "info", "debug"];

    /// The one that is written so.
    pub(super) fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == text)
    }

    /// How it is written.
    pub fn as_str(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// How messages are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Text for people.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

impl LogFormat {
    const ALL: [Self; 2] = [Self::Human, Self::Json];

    pub(super) const NAMES: [&str; 2] = ["human", "json"];

    /// The one that is written so.
    pub(super) fn named(text: &str) -> Option<Self> {
        let at = Self::NAMES.iter().position(|name| *name == text);
        at.and_then(|at| Self::ALL.get(at).copied())
    }
}

impl Default for Host {
    fn default() -> Self {
        Self {
            state: PathBuf::from("./state"),
            disable: BTreeSet::new(),
            start_deadline: limit::START,
            stop_deadline: limit::STOP,
            log: Level::Info,
            log_format: LogFormat::Human,
            monitor: None,
        }
    }
}

/// Bounds of one method.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Limit {
    /// How many calls may run at once.
    pub concurrency: Option<u32>,
    /// How long a call may take that brings no deadline.
    pub timeout: Option<Duration>,
}

/// What raises an alert: one of `above` and `below` is there.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alert {
    /// The metric.
    pub metric: String,
    /// The counter that it is a share of.
    pub of: Option<String>,
    /// Only series with these labels.
    pub labels: BTreeMap<String, String>,
    /// Which percentile of a distribution.
    pub percentile: Option<f64>,
    /// Raise it above this.
    pub above: Option<f64>,
    /// Raise it below this.
    pub below: Option<f64>,
    /// Over what time.
    pub window: Duration,
}

impl Default for Alert {
    fn default() -> Self {
        Self {
            metric: String::new(),
            of: None,
            labels: BTreeMap::new(),
            percentile: None,
            above: None,
            below: None,
            window: Duration::from_secs(60),
        }
    }
}

/// Everything but settings, in types.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Typed {
    pub(super) host: Host,
    /// Instance to plugin.
    pub(super) instances: BTreeMap<String, String>,
    /// `service` or `consumer.service` to instance.
    pub(super) services: BTreeMap<String, String>,
    pub(super) permissions: BTreeMap<String, Vec<String>>,
    /// As they are written; who makes them reads them.
    pub(super) composites: BTreeMap<String, Value>,
    /// By `service.method`.
    pub(super) limits: BTreeMap<String, Limit>,
    pub(super) alerts: BTreeMap<String, Alert>,
}
