//! Alerts: a number out of the metrics, a bound, and what happens when it is crossed. Pure: it is handed what happened.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{HealthFinding, Severity};
use crate::limit;
use crate::metrics::{Distribution, Family, Series, Snapshot, Value};
use crate::name;

/// What an alert looks at, and where its bound is.
///
/// A counter is looked at as its rate a second, or with `of` as its share of another counter; a gauge as it is, the
/// largest where there are several; a distribution as its percentile. All over the window.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rule {
    /// What to call it.
    pub name: String,
    /// The family, such as `weldkit_calls_failed`; see `app metrics`.
    pub metric: String,
    /// Only series with these labels.
    pub labels: BTreeMap<String, String>,
    /// The counter that `metric` is a share of.
    pub of: Option<String>,
    /// Between 0 and 1, of a distribution; 0.99 unless given.
    pub percentile: Option<f64>,
    /// Where it is raised: in calls a second, a share, seconds, bytes.
    pub bound: Bound,
    /// Over what time.
    pub window: Duration,
}

/// The side on which it is not well.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Bound {
    /// More than this.
    Above(f64),
    /// Less than this.
    Below(f64),
}

impl Bound {
    fn is_crossed(self, value: f64) -> bool {
        match self {
            Self::Above(bound) => value > bound,
            Self::Below(bound) => value < bound,
        }
    }
}

/// How an alert is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AlertStatus {
    /// Its name.
    pub name: String,
    /// What it looks at.
    pub metric: String,
    /// Where it is raised.
    pub bound: Bound,
    /// Whether it is raised.
    pub is_raised: bool,
    /// The number over the last window; nothing where nothing has happened in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// When it was raised or cleared last, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since_ms: Option<u64>,
}

/// One alert, with what has happened in its window.
#[derive(Debug)]
pub(super) struct Alert {
    rule: Rule,
    window: VecDeque<Sample>,
    is_raised: bool,
    since_ms: Option<u64>,
}

/// What one pause has added.
#[derive(Debug, Default)]
struct Sample {
    seconds: f64,
    count: f64,
    of: f64,
    gauge: Option<f64>,
    distribution: Distribution,
    /// What a distribution's unit is divided into.
    scale: f64,
}

impl Alert {
    pub(super) fn new(rule: Rule) -> Self {
        Self {
            rule,
            window: VecDeque::new(),
            is_raised: false,
            since_ms: None,
        }
    }

    /// Takes in what happened since the last time. Whether it is raised now, where that has changed.
    pub(super) fn take(&mut self, delta: &Snapshot, families: &[Family]) -> Option<bool> {
        self.window.push_back(self.sample(delta, families));
        let length =
            |window: &VecDeque<Sample>| window.iter().map(|sample| sample.seconds).sum::<f64>();
        while self.window.len() > limit::ALERT_SAMPLES
            || (self.window.len() > 1
                && length(&self.window) > self.rule.window.as_secs_f64() + 1e-3)
        {
            self.window.pop_front();
        }
        let is_crossed = self
            .value()
            .is_some_and(|value| self.rule.bound.is_crossed(value));
        if is_crossed == self.is_raised {
            return None;
        }
        self.is_raised = is_crossed;
        self.since_ms = Some(delta.taken_ms);
        Some(is_crossed)
    }

    fn sample(&self, delta: &Snapshot, families: &[Family]) -> Sample {
        let mut sample = Sample {
            seconds: delta.span_ms as f64 / 1e3,
            scale: 1.0,
            ..Sample::default()
        };
        let has = |series: &&Series| {
            let mut wanted = self.rule.labels.iter();
            wanted.all(|(name, value)| series.labels.get(name) == Some(value))
        };
        for family in named(families, &self.rule.metric) {
            if family.unit == "seconds" {
                sample.scale = 1e9;
            }
            for series in family.series.iter().filter(has) {
                match &series.value {
                    Value::Counter(count) => sample.count += *count as f64,
                    Value::Gauge(value) => {
                        sample.gauge = Some(sample.gauge.map_or(*value, |known| known.max(*value)));
                    }
                    Value::Summary(read) => sample.distribution = read.with(&sample.distribution),
                }
            }
        }
        let others = self.rule.of.iter().flat_map(|name| named(families, name));
        for series in others.flat_map(|family| family.series.iter()).filter(has) {
            if let Value::Counter(count) = &series.value {
                sample.of += *count as f64;
            }
        }
        sample
    }

    /// The number over the window.
    fn value(&self) -> Option<f64> {
        let last = self.window.back()?;
        let sum = |of: fn(&Sample) -> f64| self.window.iter().map(of).sum::<f64>();
        if last.gauge.is_some() {
            return last.gauge;
        }
        let all = self.window.iter();
        let read = all.fold(Distribution::default(), |all, sample| {
            sample.distribution.with(&all)
        });
        if read.count > 0 {
            let value = read.percentile(self.rule.percentile.unwrap_or(0.99));
            return Some(value as f64 / last.scale);
        }
        let (count, seconds) = (sum(|sample| sample.count), sum(|sample| sample.seconds));
        let over = if self.rule.of.is_some() {
            sum(|sample| sample.of)
        } else {
            seconds
        };
        (over > 0.0).then(|| count / over)
    }

    /// What it looks at and nobody tells: one finding for each name.
    pub(super) fn blind(&self, known: &[&str]) -> Vec<HealthFinding> {
        let names = [Some(&self.rule.metric), self.rule.of.as_ref()];
        let lost = names
            .into_iter()
            .flatten()
            .filter(|name| !known.contains(&name.as_str()));
        let finding = |name: &String| {
            let help = name::suggest(name, known.iter().copied());
            let help = help.map_or_else(String::new, |help| format!("; {help}"));
            let subject = format!("alert {}", self.rule.name);
            let message = format!("it sees nothing: there is no metric `{name}`{help}");
            HealthFinding::new(Severity::Degraded, subject, message)
        };
        lost.map(finding).collect()
    }

    pub(super) fn status(&self) -> AlertStatus {
        AlertStatus {
            name: self.rule.name.clone(),
            metric: self.rule.metric.clone(),
            bound: self.rule.bound,
            is_raised: self.is_raised,
            value: self.value(),
            since_ms: self.since_ms,
        }
    }
}

fn named<'f>(families: &'f [Family], name: &'f str) -> impl Iterator<Item = &'f Family> {
    families.iter().filter(move |family| family.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Histogram, Kind, Labels};

    fn rule(metric: &str, bound: Bound) -> Rule {
        Rule {
            name: "test".to_owned(),
            metric: metric.to_owned(),
            labels: BTreeMap::new(),
            of: None,
            percentile: None,
            bound,
            window: Duration::from_secs(3),
        }
    }

    /// One second in which this has happened.
    fn second(values: &[(&'static str, &str, Value)]) -> Snapshot {
        let mut delta = Snapshot {
            span_ms: 1_000,
            taken_ms: 5,
            ..Snapshot::default()
        };
        for (name, method, value) in values {
            let (kind, unit) = match value {
                Value::Counter(_) => (Kind::Counter, ""),
                Value::Gauge(_) => (Kind::Gauge, ""),
                Value::Summary(_) => (Kind::Summary, "seconds"),
            };
            let family = Family::new(kind, *name, unit, "");
            delta
                .families
                .push(family.and(Labels::new([("method", *method)]), value.clone()));
        }
        delta
    }

    fn take(alert: &mut Alert, values: &[(&'static str, &str, Value)]) -> Option<bool> {
        let delta = second(values);
        alert.take(&delta, &delta.families)
    }

    #[test]
    fn a_rate_is_over_the_window_and_clears_by_itself() {
        let mut alert = Alert::new(rule("calls", Bound::Above(10.0)));
        assert_eq!(
            take(&mut alert, &[("calls", "a", 30u64.into())]),
            Some(true)
        );
        assert_eq!(alert.status().value, Some(30.0));
        assert_eq!(take(&mut alert, &[("calls", "a", 3u64.into())]), None);
        assert_eq!(alert.status().value, Some(16.5));
        assert_eq!(take(&mut alert, &[("calls", "a", 0u64.into())]), None);
        assert_eq!(
            take(&mut alert, &[("calls", "a", 0u64.into())]),
            Some(false)
        );
        assert_eq!(alert.status().value, Some(1.0));
        assert_eq!(alert.status().since_ms, Some(5));
    }

    #[test]
    fn a_share_of_nothing_is_nothing() {
        let errors = Rule {
            of: Some("calls".to_owned()),
            ..rule("errors", Bound::Above(0.5))
        };
        let mut alert = Alert::new(errors);
        assert_eq!(
            take(
                &mut alert,
                &[("errors", "a", 0u64.into()), ("calls", "a", 0u64.into())]
            ),
            None
        );
        assert_eq!(alert.status().value, None);
        assert_eq!(
            take(
                &mut alert,
                &[("errors", "a", 3u64.into()), ("calls", "a", 4u64.into())]
            ),
            Some(true)
        );
        assert_eq!(alert.status().value, Some(0.75));
    }

    #[test]
    fn only_series_with_the_labels_count() {
        let mut only = rule("calls", Bound::Below(1.0));
        only.labels.insert("method".to_owned(), "b".to_owned());
        let mut alert = Alert::new(only);
        let both = [
            ("calls", "a", Value::Counter(9)),
            ("calls", "b", Value::Counter(0)),
        ];
        assert_eq!(take(&mut alert, &both), Some(true));
    }

    #[test]
    fn a_percentile_is_in_seconds_and_a_gauge_as_it_is() {
        let histogram = Histogram::default();
        (0..100).for_each(|_| histogram.record_duration(Duration::from_millis(500)));
        let mut alert = Alert::new(rule("latency", Bound::Above(0.4)));
        assert_eq!(
            take(&mut alert, &[("latency", "a", histogram.read().into())]),
            Some(true)
        );
        assert!((alert.status().value.unwrap() - 0.5).abs() < 0.03);
        let mut alert = Alert::new(rule("depth", Bound::Above(4.0)));
        assert_eq!(
            take(
                &mut alert,
                &[("depth", "a", 3.0.into()), ("depth", "b", 5.0.into())]
            ),
            Some(true)
        );
        assert_eq!(take(&mut alert, &[("depth", "a", 3.0.into())]), Some(false));
    }
}
