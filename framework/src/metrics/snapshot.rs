//! Everything that is counted, as it stands at one moment: typed, and as JSON.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Distribution, Labels, MethodCounts};

/// The version of the JSON of a [`Snapshot`]. A reader of an older one ignores fields that it does not know.
pub const FORMAT: u32 = 1;

/// Everything that a host counts. Each value is read at once; two values may be an instant apart.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Snapshot {
    /// [`FORMAT`].
    pub format: u32,
    /// When it was taken, in milliseconds since 1970.
    pub taken_ms: u64,
    /// How long the host has run, in milliseconds.
    pub uptime_ms: u64,
    /// The time in which counters have counted, in milliseconds: the uptime, unless it is what came [`since`](Self::since).
    pub span_ms: u64,
    /// Every instance, by name.
    pub plugins: Vec<PluginMetrics>,
    /// Every method of every instance, by both names.
    pub methods: Vec<MethodMetrics>,
    /// What the layers and the plugins count themselves.
    pub families: Vec<Family>,
}

/// What a host knows of one instance.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PluginMetrics {
    /// The instance.
    pub instance: String,
    /// The plugin.
    pub plugin: String,
    /// Where it is in its life, as `list` shows it.
    pub state: Cow<'static, str>,
    /// Milliseconds since it was started or replaced.
    pub uptime_ms: u64,
    /// Times that it was replaced.
    pub restarts: u64,
    /// Panics that were contained.
    pub panics: u64,
    /// Times that a handler held a worker for too long.
    pub blocked: u64,
    /// Calls under way.
    pub in_flight: u64,
}

/// What one method of one instance has done. `failed` in sum is at most `finished`, which is at most `started`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MethodMetrics {
    /// The instance.
    pub instance: String,
    /// `service.method`.
    pub method: String,
    /// The compatibility line of the service, such as `1` or `0.3`.
    pub line: String,
    /// Calls that began.
    pub started: u64,
    /// Calls that ended, however they did.
    pub finished: u64,
    /// Calls under way.
    pub in_flight: u64,
    /// Calls that ended in an error, by code.
    pub failed: BTreeMap<String, u64>,
    /// Those of them that were over their deadline.
    pub timeouts: u64,
    /// Those of them that panicked.
    pub panics: u64,
    /// Times that a handler held a worker for too long.
    pub blocked: u64,
    /// Bytes of the arguments of JSON calls.
    pub input_bytes: u64,
    /// Bytes of their results.
    pub output_bytes: u64,
    /// Whether `latency_ns` is of a sample: every call until there were 1,000, then one in so many.
    pub is_sampled: bool,
    /// Latency of the timed calls, in nanoseconds.
    pub latency_ns: Distribution,
}

/// Series of one name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Family {
    /// The name, with its unit at the end and without `_total`.
    pub name: Cow<'static, str>,
    /// What its values are.
    pub kind: Kind,
    /// The unit, such as `seconds` or `bytes`; empty where things are counted.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub unit: Cow<'static, str>,
    /// One sentence.
    pub help: Cow<'static, str>,
    /// One value for each combination of labels.
    pub series: Vec<Series>,
}

/// What the values of a family are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Whole numbers that only grow.
    Counter,
    /// Numbers that go up and down.
    Gauge,
    /// Distributions. Where the unit is `seconds`, they are of whole nanoseconds.
    Summary,
}

/// One value with its labels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Series {
    /// What tells it from the others.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// The value.
    pub value: Value,
}

/// A value, of the kind of its family.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Value {
    /// Of a counter.
    Counter(u64),
    /// Of a gauge; what is no number is `null`.
    Gauge(
        #[serde(with = "gauge")]
        #[schemars(with = "Option<f64>")]
        f64,
    ),
    /// Of a summary.
    Summary(Distribution),
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Counter(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Gauge(value)
    }
}

impl From<Distribution> for Value {
    fn from(value: Distribution) -> Self {
        Self::Summary(value)
    }
}

impl Family {
    /// A family without series. `name` ends in the unit, where there is one.
    pub fn new(
        kind: Kind,
        name: impl Into<Cow<'static, str>>,
        unit: impl Into<Cow<'static, str>>,
        help: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            name: name.into(),
            kind,
            unit: unit.into(),
            help: help.into(),
            series: Vec::new(),
        }
    }

    /// The same with one more value.
    #[must_use]
    pub fn and(mut self, labels: Labels, value: impl Into<Value>) -> Self {
        self.add(labels, value);
        self
    }

    /// Adds one value.
    pub fn add(&mut self, labels: Labels, value: impl Into<Value>) {
        let value = value.into();
        self.series.push(Series { labels, value });
    }
}

impl Snapshot {
    /// A counter without labels.
    pub fn counter(&mut self, name: &'static str, help: &'static str, value: u64) {
        let family = Family::new(Kind::Counter, name, "", help);
        self.families.push(family.and(Labels::default(), value));
    }

    /// A gauge without labels.
    pub fn gauge(&mut self, name: &'static str, help: &'static str, value: f64) {
        let family = Family::new(Kind::Gauge, name, "", help);
        self.families.push(family.and(Labels::default(), value));
    }

    /// The method of an instance, by the names that `list` and `describe` show.
    pub fn method(&self, instance: &str, method: &str) -> Option<&MethodMetrics> {
        let mut all = self.methods.iter();
        all.find(|known| known.instance == instance && known.method == method)
    }

    /// The first value of a family that has all these labels; of methods and plugins, see [`method`](Self::method).
    pub fn value(&self, family: &str, labels: &[(&str, &str)]) -> Option<&Value> {
        let has = |series: &&Series| {
            let mut wanted = labels.iter();
            wanted.all(|(name, value)| series.labels.get(name) == Some(value))
        };
        Some(&self.family(family)?.series.iter().find(has)?.value)
    }

    /// A family by its name; those of methods and plugins are among [`all_families`](Self::all_families).
    pub fn family(&self, name: &str) -> Option<&Family> {
        self.families.iter().find(|family| family.name == name)
    }
}

impl MethodMetrics {
    /// Of the counts of every generation of one method.
    pub(crate) fn of(instance: &str, method: String, line: String, all: &[MethodCounts]) -> Self {
        let mut sum = Self {
            instance: instance.to_owned(),
            method,
            line,
            ..Self::default()
        };
        for counts in all {
            sum.started += counts.started;
            sum.finished += counts.finished;
            sum.blocked += counts.blocked;
            sum.input_bytes += counts.input_bytes;
            sum.output_bytes += counts.output_bytes;
            for (code, count) in &counts.failed {
                *sum.failed.entry(code.clone()).or_default() += count;
            }
            sum.latency_ns = counts.latency_ns.with(&sum.latency_ns);
        }
        sum.complete();
        sum
    }

    /// Sets what follows from the rest.
    fn complete(&mut self) {
        let of = |code: &str| self.failed.get(code).copied().unwrap_or(0);
        (self.timeouts, self.panics) = (of("timeout"), of("panicked"));
        self.in_flight = self.started - self.finished;
        self.is_sampled = self.latency_ns.count < self.finished;
    }

    /// All errors.
    pub fn errors(&self) -> u64 {
        self.failed.values().sum()
    }
}

/// A number, or `null` where JSON has none for it.
mod gauge {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(*value)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        Ok(Option::<f64>::deserialize(deserializer)?.unwrap_or(f64::NAN))
    }
}
