use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use super::histogram::Histogram;

/// What a plugin counts itself. Ask for it in the constructor; names are the plugin's own.
///
/// A handle is bound once and costs one atomic addition.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<Mutex<BTreeMap<String, Instrument>>>);

#[derive(Debug, Clone)]
enum Instrument {
    Counter(Counter),
    Gauge(Gauge),
    Histogram(Arc<Histogram>),
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

impl Meter {
    /// The counter of that name. A name that another kind has already gives a detached counter.
    pub fn counter(&self, name: &str) -> Counter {
        match self.instrument(name, || Instrument::Counter(Counter::default())) {
            Instrument::Counter(counter) => counter,
            _ => Counter::default(),
        }
    }

    /// The gauge of that name. A name that another kind has already gives a detached gauge.
    pub fn gauge(&self, name: &str) -> Gauge {
        match self.instrument(name, || Instrument::Gauge(Gauge::default())) {
            Instrument::Gauge(gauge) => gauge,
            _ => Gauge::default(),
        }
    }

    /// The histogram of that name. A name that another kind has already gives a detached one.
    pub fn histogram(&self, name: &str) -> Arc<Histogram> {
        match self.instrument(name, || Instrument::Histogram(Arc::default())) {
            Instrument::Histogram(histogram) => histogram,
            _ => Arc::default(),
        }
    }

    /// Every instrument with its present value.
    pub fn snapshot(&self) -> Value {
        let instruments = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entries = instruments.iter().map(|(name, instrument)| {
            let value = match instrument {
                Instrument::Counter(counter) => json!(counter.get()),
                Instrument::Gauge(gauge) => json!(gauge.get()),
                Instrument::Histogram(histogram) => json!(histogram.percentiles()),
            };
            (name.clone(), value)
        });
        Value::Object(entries.collect())
    }

    fn instrument(&self, name: &str, make: impl FnOnce() -> Instrument) -> Instrument {
        let mut instruments = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        instruments
            .entry(name.to_owned())
            .or_insert_with(make)
            .clone()
    }
}
