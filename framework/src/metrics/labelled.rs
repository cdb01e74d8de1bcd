use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, PoisonError, RwLock};

use super::Labels;
use super::meter::Measure;
use super::snapshot::Family;
use crate::limit;

/// The value of every label of a series that stands for all that were too many.
const OTHER: &str = "other";

/// Instruments of one name, one for each combination of values of `N` labels. Cheap to clone.
///
/// Bind a handle with [`with`](Self::with) once and keep it: the handle costs one atomic addition, to find it costs a
/// lock and a search.
pub struct Labelled<T, const N: usize>(pub(super) Arc<Set<T>>);

/// Instruments by the values of their labels.
pub struct Set<T> {
    names: Vec<String>,
    /// In the order of their values.
    all: RwLock<Vec<(Labels, T)>>,
    other: T,
    overflowed: AtomicU64,
}

impl<T, const N: usize> Clone for Labelled<T, N> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Measure, const N: usize> Labelled<T, N> {
    /// The instrument of these values, in the order of the labels. Beyond [`limit::SERIES`] combinations, and for a
    /// value longer than [`limit::LABEL_BYTES`], it is one that stands for all of them, with the value `other`.
    pub fn with(&self, values: [&str; N]) -> T {
        self.0.with(&values)
    }
}

impl<T, const N: usize> fmt::Debug for Labelled<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T> fmt::Debug for Set<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Set({:?})", self.names)
    }
}

impl<T: Measure> Set<T> {
    pub(super) fn new(names: Vec<String>) -> Self {
        Self {
            names,
            all: RwLock::default(),
            other: T::default(),
            overflowed: AtomicU64::new(0),
        }
    }

    pub(super) fn has(&self, names: &[String]) -> bool {
        self.names == names
    }

    fn with(&self, values: &[&str]) -> T {
        let is_other = !values.is_empty() && values.iter().all(|value| *value == OTHER);
        if is_other || values.iter().any(|value| value.len() > limit::LABEL_BYTES) {
            return self.overflow();
        }
        let search = |all: &[(Labels, T)]| {
            all.binary_search_by(|(labels, _)| {
                let known = labels.iter().map(|(_, value)| value);
                known.cmp(values.iter().copied())
            })
        };
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        if let Ok(at) = search(&all) {
            return all[at].1.clone();
        }
        drop(all);
        let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
        match search(&all) {
            Ok(at) => all[at].1.clone(),
            Err(_) if all.len() >= limit::SERIES => self.overflow(),
            Err(at) => {
                let names = self.names.iter().map(String::as_str);
                let labels = Labels::of(names.zip(values.iter().copied()));
                let new = T::default();
                all.insert(at, (labels, new.clone()));
                new
            }
        }
    }

    fn overflow(&self) -> T {
        self.overflowed.fetch_add(1, Relaxed);
        self.other.clone()
    }

    /// Adds every value to a family, behind these labels. How often there was none of its own.
    pub(super) fn tell(&self, labels: &Labels, family: &mut Family) -> u64 {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        family.series.reserve(all.len() + 1);
        for (own, measure) in all.iter() {
            family.add(labels.with(own), measure.value());
        }
        let overflowed = self.overflowed.load(Relaxed);
        if overflowed > 0 {
            let other = Labels::of(self.names.iter().map(|name| (name.as_str(), OTHER)));
            family.add(labels.with(&other), self.other.value());
        }
        overflowed
    }
}
