//! A snapshot as requests of OTLP. Pure: it is handed what was counted.
//!
//! ```text
//! counter ──> monotonic cumulative sum    gauge ──> gauge    distribution ──> cumulative histogram
//! ```
//!
//! Bounds of a histogram are the same in every export, and all of them are bounds of the framework's own finer buckets: each
//! count is exact.

use std::collections::BTreeMap;

use hyper::body::Bytes;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint,
    ResourceMetrics, ScopeMetrics, Sum,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;
use weldkit::metrics::{Distribution, Family, Kind, Labels, Series, Snapshot, Value};

use crate::limit;

/// What the names of the host's own metrics begin with.
const HOST: &str = "weldkit_";
const CUMULATIVE: i32 = AggregationTemporality::Cumulative as i32;
const NANOS_IN_A_SECOND: f64 = 1e9;

/// Makes requests of one resource.
#[derive(Debug)]
pub(crate) struct Encoder {
    resource: Resource,
    /// Bounds of durations, in nanoseconds: from 255 ns to 275 s.
    durations: Vec<u64>,
    /// Bounds of everything else: from 0 to 2^40 - 1.
    numbers: Vec<u64>,
}

impl Encoder {
    pub(crate) fn new(resource: Vec<(String, String)>) -> Self {
        let attributes = resource.iter().map(|(key, value)| text(key, value));
        Self {
            resource: Resource {
                attributes: attributes.collect(),
                ..Resource::default()
            },
            durations: bounds(8, 38),
            numbers: bounds(0, 40),
        }
    }

    /// Everything that is counted, in as many bodies as it takes.
    pub(crate) fn requests(&self, snapshot: &Snapshot) -> Vec<Bytes> {
        let times = Times::new(snapshot);
        let (mut bodies, mut metrics, mut points) = (Vec::new(), Vec::new(), 0);
        for family in snapshot.all_families() {
            let mut series = &family.series[..];
            while !series.is_empty() {
                let (now, later) = series.split_at(series.len().min(limit::POINTS - points));
                metrics.push(self.metric(&family, now, &times));
                (series, points) = (later, points + now.len());
                if points == limit::POINTS {
                    bodies.push(self.body(std::mem::take(&mut metrics)));
                    points = 0;
                }
            }
        }
        if !metrics.is_empty() {
            bodies.push(self.body(metrics));
        }
        bodies
    }

    fn body(&self, metrics: Vec<Metric>) -> Bytes {
        let scope = InstrumentationScope {
            name: "weldkit".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ..InstrumentationScope::default()
        };
        let scope_metrics = vec![ScopeMetrics {
            scope: Some(scope),
            metrics,
            ..ScopeMetrics::default()
        }];
        let request = ExportMetricsServiceRequest {
            resource_metrics: vec![ResourceMetrics {
                resource: Some(self.resource.clone()),
                scope_metrics,
                ..ResourceMetrics::default()
            }],
        };
        Bytes::from(request.encode_to_vec())
    }

    fn metric(&self, family: &Family, series: &[Series], times: &Times<'_>) -> Metric {
        let number = |series: &Series| number(family, series, times);
        let numbers = || series.iter().filter_map(number).collect();
        let data = match family.kind {
            Kind::Counter => Data::Sum(Sum {
                data_points: numbers(),
                aggregation_temporality: CUMULATIVE,
                is_monotonic: true,
            }),
            Kind::Gauge => Data::Gauge(Gauge {
                data_points: numbers(),
            }),
            Kind::Summary => Data::Histogram(Histogram {
                data_points: series
                    .iter()
                    .filter_map(|series| self.histogram(family, series, times))
                    .collect(),
                aggregation_temporality: CUMULATIVE,
            }),
        };
        Metric {
            name: family.name.clone().into_owned(),
            description: family.help.clone().into_owned(),
            unit: unit(&family.unit),
            data: Some(data),
            ..Metric::default()
        }
    }

    fn histogram(
        &self,
        family: &Family,
        series: &Series,
        times: &Times<'_>,
    ) -> Option<HistogramDataPoint> {
        let Value::Summary(read) = &series.value else {
            return None;
        };
        let (bounds, scale) = match &*family.unit {
            "seconds" => (&self.durations, NANOS_IN_A_SECOND),
            _ => (&self.numbers, 1.0),
        };
        Some(HistogramDataPoint {
            attributes: attributes(&series.labels),
            start_time_unix_nano: times.start(family, &series.labels),
            time_unix_nano: times.taken,
            count: read.count,
            sum: Some(scaled(read.sum, scale)),
            bucket_counts: counts(read, bounds),
            explicit_bounds: bounds.iter().map(|bound| scaled(*bound, scale)).collect(),
            max: (read.count > 0).then(|| scaled(read.max, scale)),
            ..HistogramDataPoint::default()
        })
    }
}

/// When a snapshot was taken, and since when its series count, in nanoseconds since 1970.
struct Times<'a> {
    taken: u64,
    host: u64,
    instances: BTreeMap<&'a str, u64>,
}

impl<'a> Times<'a> {
    fn new(snapshot: &'a Snapshot) -> Self {
        let before = |ms: u64| nanos(snapshot.taken_ms.saturating_sub(ms));
        let plugins = snapshot.plugins.iter();
        Self {
            taken: nanos(snapshot.taken_ms),
            host: before(snapshot.uptime_ms),
            instances: plugins
                .map(|plugin| (plugin.instance.as_str(), before(plugin.uptime_ms)))
                .collect(),
        }
    }

    /// What a plugin counts itself begins anew when its instance is replaced; what the host counts goes on.
    fn start(&self, family: &Family, labels: &Labels) -> u64 {
        let own = (!family.name.starts_with(HOST))
            .then(|| labels.get("instance"))
            .flatten();
        let since = own.and_then(|instance| self.instances.get(instance));
        since.copied().unwrap_or(self.host)
    }
}

fn nanos(ms: u64) -> u64 {
    ms.saturating_mul(1_000_000)
}

/// A value of a counter or a gauge; a gauge that is no number has none.
fn number(family: &Family, series: &Series, times: &Times<'_>) -> Option<NumberDataPoint> {
    let (value, start) = match &series.value {
        Value::Counter(value) => (
            Number::AsInt(i64::try_from(*value).unwrap_or(i64::MAX)),
            times.start(family, &series.labels),
        ),
        Value::Gauge(value) if value.is_nan() => return None,
        Value::Gauge(value) => (Number::AsDouble(*value), 0),
        Value::Summary(_) => return None,
    };
    Some(NumberDataPoint {
        attributes: attributes(&series.labels),
        start_time_unix_nano: start,
        time_unix_nano: times.taken,
        value: Some(value),
        ..NumberDataPoint::default()
    })
}

/// Two bounds for each power of two between two of them.
fn bounds(first: u32, last: u32) -> Vec<u64> {
    let mut bounds = vec![(1 << first) - 1];
    for exponent in first..last {
        // Half-way: 3 / 2 of the power of two.
        bounds.extend((exponent > 0).then(|| (3 << exponent.saturating_sub(1)) - 1));
        bounds.push((2 << exponent) - 1);
    }
    bounds
}

/// How many values lie at or below each bound and above the one before; the last is all above the last bound.
fn counts(read: &Distribution, bounds: &[u64]) -> Vec<u64> {
    let mut counts = vec![0; bounds.len() + 1];
    for (largest, count) in &read.buckets {
        counts[bounds.partition_point(|bound| bound < largest)] += count;
    }
    counts
}

#[expect(clippy::cast_precision_loss, reason = "OTLP has doubles here")]
fn scaled(value: u64, scale: f64) -> f64 {
    value as f64 / scale
}

/// The unit as UCUM writes it; what it does not know stands in braces, as a remark.
fn unit(unit: &str) -> String {
    match unit {
        "" => String::new(),
        "seconds" => "s".to_owned(),
        "bytes" => "By".to_owned(),
        other => format!("{{{other}}}"),
    }
}

fn attributes(labels: &Labels) -> Vec<KeyValue> {
    labels.iter().map(|(key, value)| text(key, value)).collect()
}

fn text(key: &str, value: &str) -> KeyValue {
    let value = Any::StringValue(value.to_owned());
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weldkit::metrics::Histogram as Recorder;

    #[test]
    fn every_bound_is_one_of_the_recorder() {
        for bound in bounds(8, 38).into_iter().chain(bounds(0, 40)) {
            let recorder = Recorder::default();
            recorder.record(bound);
            assert_eq!(recorder.read().buckets, [(bound, 1)]);
        }
        assert_eq!(bounds(0, 4), [0, 1, 2, 3, 5, 7, 11, 15]);
    }

    #[test]
    fn a_value_at_a_bound_lies_below_it() {
        let recorder = Recorder::default();
        [0, 1, 3, 4, 7, 8, u64::MAX]
            .iter()
            .for_each(|value| recorder.record(*value));
        let counts = counts(&recorder.read(), &bounds(0, 3));
        // At most 0, 1, 2, 3, 5, 7, and above.
        assert_eq!(counts, [1, 1, 0, 1, 1, 1, 2]);
    }

    #[test]
    fn a_large_snapshot_takes_several_requests_and_loses_nothing() {
        let mut snapshot = Snapshot::default();
        let mut large = Family::new(Kind::Counter, "large", "", "");
        let series = 2 * limit::POINTS + 1;
        for number in 0..series {
            large.add(Labels::new([("number", &*number.to_string())]), 1);
        }
        snapshot.families.push(large);
        let bodies = Encoder::new(Vec::new()).requests(&snapshot);
        let mut seen = 0;
        for body in &bodies {
            let request = ExportMetricsServiceRequest::decode(body.clone()).unwrap();
            let scopes = &request.resource_metrics[0].scope_metrics;
            for metric in &scopes[0].metrics {
                if let (Some(Data::Sum(sum)), "large") = (&metric.data, metric.name.as_str()) {
                    seen += sum.data_points.len();
                }
            }
        }
        assert_eq!((bodies.len(), seen), (3, series));
    }

    #[test]
    fn a_replaced_instance_counts_from_its_own_start() {
        let mut snapshot = Snapshot {
            taken_ms: 100,
            uptime_ms: 90,
            ..Snapshot::default()
        };
        let plugin = weldkit::metrics::PluginMetrics {
            instance: "a".to_owned(),
            uptime_ms: 30,
            ..Default::default()
        };
        snapshot.plugins.push(plugin);
        let times = Times::new(&snapshot);
        let of = |name: &'static str, instance: &str| {
            let family = Family::new(Kind::Counter, name, "", "");
            times.start(&family, &Labels::new([("instance", instance)])) / 1_000_000
        };
        assert_eq!(of("weldkit_calls_started", "a"), 10);
        assert_eq!((of("a_cars", "a"), of("b_cars", "b")), (70, 10));
    }
}
