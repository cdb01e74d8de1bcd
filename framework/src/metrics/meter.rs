use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::histogram::Histogram;
use super::labelled::{Labelled, Set};
use super::snapshot::{Family, Kind, Value};
use super::{Labels, Snapshot};
use crate::limit;

/// What a plugin counts itself. Ask for it in the constructor; names are the plugin's own.
///
/// A handle is bound once and costs one atomic addition. A monitoring system sees the name with the plugin's id before
/// it and its unit behind it: `items` of `data-processing` is `data_processing_items`. What is not a letter, a digit or
/// `_` becomes `_`.
#[derive(Clone, Default)]
pub struct Meter(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    instruments: BTreeMap<String, Instrument>,
    described: BTreeMap<String, Described>,
    /// Instruments that were asked for and are not there, by name.
    refused: BTreeMap<String, u64>,
}

#[derive(Default)]
struct Described {
    unit: String,
    help: String,
}

#[derive(Clone)]
enum Instrument {
    Counter(Arc<Set<Counter>>),
    Gauge(Arc<Set<Gauge>>),
    Histogram(Arc<Set<Arc<Histogram>>>),
}

/// A number that only grows.
#[derive(Debug, Clone, Default)]
pub struct Counter(Arc<AtomicU64>);

/// A number that goes up and down.
#[derive(Debug, Clone, Default)]
pub struct Gauge(Arc<AtomicU64>);

impl Counter {
    /// Adds `n`.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Relaxed);
    }

    /// The present value.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

impl Gauge {
    /// Sets the value.
    pub fn set(&self, value: f64) {
        self.0.store(value.to_bits(), Relaxed);
    }

    /// The present value.
    pub fn get(&self) -> f64 {
        f64::from_bits(self.0.load(Relaxed))
    }
}

/// A kind of instrument.
pub trait Measure: Clone + Default + private::Sealed {
    #[doc(hidden)]
    fn value(&self) -> Value;
}

/// What a field of a struct of metrics may be, with `N` labels. For the derive.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no metric with these labels",
    label = "a metric is a `Counter`, a `Gauge` or an `Arc<Histogram>`; with N labels, a `Labelled` of one of them and N"
)]
pub trait Metric<const N: usize>: Sized {
    /// Binds it in a meter.
    fn bind(meter: &Meter, name: &str, labels: [&str; N]) -> Self;
}

impl<T: Measure> Metric<0> for T {
    fn bind(meter: &Meter, name: &str, labels: [&str; 0]) -> Self {
        meter.measure(name, labels).with([])
    }
}

impl<T: Measure, const N: usize> Metric<N> for Labelled<T, N> {
    fn bind(meter: &Meter, name: &str, labels: [&str; N]) -> Self {
        meter.measure(name, labels)
    }
}

mod private {
    use super::{Arc, Instrument, Set};

    /// Keeps [`Measure`](super::Measure) to the three kinds that there are.
    pub trait Sealed: Sized {
        /// A set of them as the meter keeps it.
        #[doc(hidden)]
        fn wrap(set: Arc<Set<Self>>) -> Wrapped;
        /// The set of them, where it is one.
        #[doc(hidden)]
        fn unwrap(wrapped: &Wrapped) -> Option<&Arc<Set<Self>>>;
    }

    /// An instrument whose type stays inside.
    #[derive(Clone)]
    pub struct Wrapped(pub(super) Instrument);

    impl std::fmt::Debug for Wrapped {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("Wrapped")
        }
    }
}

use private::Wrapped;

macro_rules! measure {
    ($type:ty, $kind:ident, $read:expr) => {
        impl private::Sealed for $type {
            fn wrap(set: Arc<Set<Self>>) -> Wrapped {
                Wrapped(Instrument::$kind(set))
            }

            fn unwrap(wrapped: &Wrapped) -> Option<&Arc<Set<Self>>> {
                match &wrapped.0 {
                    Instrument::$kind(set) => Some(set),
                    _ => None,
                }
            }
        }

        impl Measure for $type {
            fn value(&self) -> Value {
                let read: fn(&$type) -> Value = $read;
                read(self)
            }
        }
    };
}

measure!(Counter, Counter, |counter| counter.get().into());
measure!(Gauge, Gauge, |gauge| gauge.get().into());
measure!(Arc<Histogram>, Histogram, |histogram| histogram
    .read()
    .into());

impl Meter {
    /// The counter of that name. A name that stands for something else already gives a detached one, and so does one
    /// more than [`limit::INSTRUMENTS`]; both are counted as refused.
    pub fn counter(&self, name: &str) -> Counter {
        self.measure(name, []).with([])
    }

    /// The gauge of that name; as [`counter`](Self::counter).
    pub fn gauge(&self, name: &str) -> Gauge {
        self.measure(name, []).with([])
    }

    /// The histogram of that name; as [`counter`](Self::counter). Where the unit is `seconds`, record durations.
    pub fn histogram(&self, name: &str) -> Arc<Histogram> {
        self.measure(name, []).with([])
    }

    /// Counters of that name, one for each combination of values of these labels.
    pub fn counters<const N: usize>(&self, name: &str, labels: [&str; N]) -> Labelled<Counter, N> {
        self.measure(name, labels)
    }

    /// Gauges of that name, one for each combination of values of these labels.
    pub fn gauges<const N: usize>(&self, name: &str, labels: [&str; N]) -> Labelled<Gauge, N> {
        self.measure(name, labels)
    }

    /// Histograms of that name, one for each combination of values of these labels.
    pub fn histograms<const N: usize>(
        &self,
        name: &str,
        labels: [&str; N],
    ) -> Labelled<Arc<Histogram>, N> {
        self.measure(name, labels)
    }

    /// The instruments of that name, whatever their kind. For the derive.
    #[doc(hidden)]
    pub fn measure<T: Measure, const N: usize>(
        &self,
        name: &str,
        labels: [&str; N],
    ) -> Labelled<T, N> {
        let name = clean(name);
        let labels = labels.map(clean_label);
        let mut inner = self.inner();
        if let Some(known) = inner.instruments.get(&name) {
            let known = Wrapped(known.clone());
            match T::unwrap(&known).filter(|set| set.has(&labels)) {
                Some(set) => return Labelled(set.clone()),
                None => *inner.refused.entry(name).or_default() += 1,
            }
            return Labelled(Arc::new(Set::new(labels.to_vec())));
        }
        let set = Arc::new(Set::new(labels.to_vec()));
        if inner.instruments.len() < limit::INSTRUMENTS {
            inner.instruments.insert(name, T::wrap(set.clone()).0);
        } else {
            let refused = inner.refused.len() < limit::INSTRUMENTS;
            let name = if refused { name } else { "other".to_owned() };
            *inner.refused.entry(name).or_default() += 1;
        }
        Labelled(set)
    }

    /// Says in what unit a metric is, such as `seconds` or `bytes`, and what it means, in one sentence. An empty unit
    /// is for things that are counted.
    pub fn describe(&self, name: &str, unit: &str, help: &str) {
        let mut inner = self.inner();
        if inner.described.len() < limit::INSTRUMENTS {
            let described = Described {
                unit: if unit.is_empty() {
                    String::new()
                } else {
                    clean(unit)
                },
                help: help.to_owned(),
            };
            inner.described.insert(clean(name), described);
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds everything to a snapshot: under the id of the plugin, with the name of the instance.
    pub(crate) fn tell(&self, plugin: &str, instance: &str, into: &mut Told) {
        // Read without the lock: whoever binds a handle does not wait for it.
        let (all, refused) = {
            let inner = self.inner();
            let all = inner.instruments.iter().map(|(name, instrument)| {
                let described = inner.described.get(name);
                let (unit, help) = described.map_or(("", ""), |said| (&said.unit, &said.help));
                (
                    name.clone(),
                    unit.to_owned(),
                    help.to_owned(),
                    instrument.clone(),
                )
            });
            (all.collect::<Vec<_>>(), inner.refused.clone())
        };
        let (plugin, labels) = (prefix(plugin), Labels::new([("instance", instance)]));
        for (name, unit, help, instrument) in all {
            let mut family = family(&plugin, &name, unit, help, &instrument);
            let overflowed = match &instrument {
                Instrument::Counter(set) => set.tell(&labels, &mut family),
                Instrument::Gauge(set) => set.tell(&labels, &mut family),
                Instrument::Histogram(set) => set.tell(&labels, &mut family),
            };
            if overflowed > 0 {
                into.overflow
                    .add(labels.and("metric", &family.name), overflowed);
            }
            into.take(family, &labels);
        }
        for (name, count) in refused {
            into.refused
                .add(labels.and("metric", &format!("{plugin}_{name}")), count);
        }
    }
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.inner().instruments.keys())
            .finish()
    }
}

fn family(plugin: &str, name: &str, unit: String, help: String, of: &Instrument) -> Family {
    let kind = match of {
        Instrument::Counter(_) => Kind::Counter,
        Instrument::Gauge(_) => Kind::Gauge,
        Instrument::Histogram(_) => Kind::Summary,
    };
    // OpenMetrics adds this itself.
    let name = name
        .strip_suffix("_total")
        .filter(|rest| !rest.is_empty() && kind == Kind::Counter)
        .unwrap_or(name);
    let is_there = unit.is_empty() || name == unit || name.ends_with(&format!("_{unit}"));
    let name = if is_there {
        format!("{plugin}_{name}")
    } else {
        format!("{plugin}_{name}_{unit}")
    };
    let help = if help.is_empty() {
        format!("Counted by the plugin {plugin}")
    } else {
        help
    };
    Family::new(kind, name, unit, help)
}

/// What all meters have told. Instances of one plugin share their families.
pub(crate) struct Told {
    families: BTreeMap<String, Family>,
    overflow: Family,
    refused: Family,
}

impl Default for Told {
    fn default() -> Self {
        let overflow = "Series that were asked for beyond the bound of their metric, and share one";
        let refused = "Metrics that were asked for and are not there";
        Self {
            families: BTreeMap::new(),
            overflow: Family::new(Kind::Counter, "weldkit_meter_overflow", "", overflow),
            refused: Family::new(Kind::Counter, "weldkit_meter_refused", "", refused),
        }
    }
}

impl Told {
    /// One name has one kind, whoever uses it.
    fn take(&mut self, family: Family, labels: &Labels) {
        match self.families.get_mut(&*family.name) {
            None => drop(self.families.insert(family.name.to_string(), family)),
            Some(known) if known.kind == family.kind && known.unit == family.unit => {
                known.series.extend(family.series);
            }
            Some(_) => self.refused.add(labels.and("metric", &family.name), 1),
        }
    }

    pub(crate) fn into(self, snapshot: &mut Snapshot) {
        snapshot.families.extend(self.families.into_values());
        snapshot.families.extend([self.overflow, self.refused]);
    }
}

/// What stands before the names of a plugin; those of the host and of the process stay their own.
pub(crate) fn prefix(plugin: &str) -> String {
    let plugin = clean(plugin);
    let is_taken = plugin == "process" || plugin.starts_with("weldkit");
    if is_taken {
        format!("plugin_{plugin}")
    } else {
        plugin
    }
}

/// A name as monitoring systems take it.
fn clean(name: &str) -> String {
    let fits = |char: char| {
        if char.is_ascii_alphanumeric() {
            char
        } else {
            '_'
        }
    };
    let mut clean: String = name.chars().take(limit::NAME_LEN).map(fits).collect();
    if !clean.starts_with(|first: char| first.is_ascii_alphabetic()) {
        clean.insert(0, 'm');
    }
    clean
}

/// The same of a label, which has further names that mean something.
fn clean_label(name: &str) -> String {
    let mut name = clean(name);
    if ["instance", "quantile", "le"].contains(&name.as_str()) {
        name.push('_');
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(meter: &Meter) -> Snapshot {
        let (mut told, mut snapshot) = (Told::default(), Snapshot::default());
        meter.tell("my-plugin", "one", &mut told);
        told.into(&mut snapshot);
        snapshot
    }

    #[test]
    fn a_name_carries_plugin_and_unit() {
        let meter = Meter::default();
        meter.describe("wait", "seconds", "Time in the queue");
        meter.histogram("wait").record(1);
        meter.counter("items_total").add(2);
        meter.gauge("7 odd-name").set(0.5);
        meter.describe("size_bytes", "bytes", "Its size");
        meter.gauge("size_bytes").set(1.0);
        let snapshot = told(&meter);
        let names: Vec<(&str, &str)> = snapshot
            .families
            .iter()
            .map(|family| (&*family.name, &*family.unit))
            .collect();
        assert_eq!(
            names[..4],
            [
                ("my_plugin_items", ""),
                ("my_plugin_m7_odd_name", ""),
                ("my_plugin_size_bytes", "bytes"),
                ("my_plugin_wait_seconds", "seconds")
            ]
        );
        assert_eq!(
            snapshot.value("my_plugin_items", &[("instance", "one")]),
            Some(&Value::Counter(2))
        );
    }

    #[test]
    fn no_plugin_takes_a_name_of_the_host() {
        for (plugin, expected) in [
            ("process", "plugin_process"),
            ("weldkit-calls", "plugin_weldkit_calls"),
            ("processor", "processor"),
        ] {
            assert_eq!(prefix(plugin), expected);
        }
    }

    #[test]
    fn a_name_of_another_kind_is_detached_and_named() {
        let meter = Meter::default();
        meter.counter("items").add(1);
        meter.gauge("items").set(7.0);
        meter.counters("items", ["kind"]).with(["a"]).add(5);
        let snapshot = told(&meter);
        assert_eq!(
            snapshot.value("my_plugin_items", &[("instance", "one")]),
            Some(&Value::Counter(1))
        );
        assert_eq!(
            snapshot.value("weldkit_meter_refused", &[("metric", "my_plugin_items")]),
            Some(&Value::Counter(2))
        );
    }

    #[test]
    fn an_attack_on_names_and_values_stays_bounded() {
        let meter = Meter::default();
        let family = meter.counters("seen", ["user"]);
        for user in 0..100_000u32 {
            family.with([&user.to_string()]).add(1);
        }
        family.with([&"x".repeat(limit::LABEL_BYTES + 1)]).add(1);
        for name in 0..10_000u32 {
            meter.counter(&format!("name{name}")).add(1);
        }
        let snapshot = told(&meter);
        let seen = snapshot.family("my_plugin_seen").unwrap();
        assert_eq!(seen.series.len(), limit::SERIES + 1);
        let beyond = 100_001 - limit::SERIES as u64;
        assert_eq!(
            snapshot.value("my_plugin_seen", &[("user", "other")]),
            Some(&Value::Counter(beyond))
        );
        assert_eq!(
            snapshot.value("weldkit_meter_overflow", &[("metric", "my_plugin_seen")]),
            Some(&Value::Counter(beyond))
        );
        assert!(
            snapshot.families.len() <= limit::INSTRUMENTS + 2,
            "{}",
            snapshot.families.len()
        );
        assert!(
            snapshot
                .family("weldkit_meter_refused")
                .unwrap()
                .series
                .len()
                <= limit::INSTRUMENTS + 1
        );
    }

    #[test]
    fn what_is_lost_to_nobody_is_counted_by_all() {
        let meter = Meter::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let one = meter.counters("done", ["kind"]).with(["a"]);
                    (0..50_000).for_each(|_| one.add(1));
                });
            }
        });
        assert_eq!(
            told(&meter).value("my_plugin_done", &[("kind", "a")]),
            Some(&Value::Counter(200_000))
        );
    }
}
