//! Sent to a receiver in this process, which reads what comes with the messages of OpenTelemetry.
#![expect(
    clippy::unwrap_used,
    reason = "a test helper that fails is a failed test"
)]

mod receiver;

use std::time::Duration;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{AggregationTemporality, HistogramDataPoint, Metric};
use serde_json::json;
use weldkit::metrics::{Counter, Distribution, Family, Gauge, Histogram, Labelled, Value};
use weldkit::testing::TestHost;
use weldkit::{CallError, Ctx, Host, HostBuilder};
use weldkit_otlp::{Otlp, OtlpService, OtlpStatus};

use receiver::{Receiver, Reply, until};

/// An interval that no test comes to by itself.
const DAY: Duration = Duration::from_secs(86_400);

#[weldkit::service(name = "wash", version = "1.0")]
trait Wash {
    /// Washes, unless it is to fail.
    #[method(idempotent)]
    fn wash(&self, ctx: &Ctx, fail: bool) -> Result<(), CallError>;
}

#[derive(weldkit::Metrics)]
struct Counts {
    /// Cars that were washed.
    cars: Counter,
    /// Water that is left.
    #[metric(unit = "liters")]
    water: Gauge,
    /// How long a car takes.
    #[metric(unit = "seconds", labels("program"))]
    duration: Labelled<std::sync::Arc<Histogram>, 1>,
    /// Bytes of a bill.
    #[metric(unit = "bytes")]
    bill: std::sync::Arc<Histogram>,
}

struct CarWash;

#[weldkit::plugin(id = "car-wash", provides(Wash), categories("Tests"))]
impl CarWash {
    async fn start(counts: Counts) -> weldkit::Result<Self> {
        counts.cars.add(3);
        counts.water.set(12.5);
        for millis in [0, 1, 250, 251, 90_000, 10_000_000] {
            let foam = counts.duration.with(["foam"]);
            foam.record_duration(Duration::from_millis(millis));
        }
        [0, 1, 2, 15, 16, 17, 1 << 50]
            .iter()
            .for_each(|bytes| counts.bill.record(*bytes));
        Ok(Self)
    }
}

impl Wash for CarWash {
    fn wash(&self, _: &Ctx, fail: bool) -> Result<(), CallError> {
        match fail {
            true => Err(CallError::not_found("no water")),
            false => Ok(()),
        }
    }
}

fn sending(host: HostBuilder, endpoint: &str) -> HostBuilder {
    host.plugin::<Otlp>()
        .plugin::<CarWash>()
        .settings(
            "otlp",
            json!({
                "endpoint": endpoint,
                "interval_ms": DAY.as_millis() as u64,
                "headers": { "authorization": "canary" },
                "service_name": "shop",
                "service_instance": "seven",
                "attributes": { "deployment.environment.name": "test" },
            }),
        )
        .grant("plugin:otlp", &["weldkit.monitoring"])
}

async fn host(receiver: &Receiver) -> TestHost {
    let endpoint = receiver.endpoint();
    let started = TestHost::new(|host| sending(host, &endpoint)).await;
    started.unwrap()
}

fn status(host: &Host) -> OtlpStatus {
    let otlp = host.service::<dyn OtlpService>().unwrap();
    otlp.status(&host.ctx()).unwrap()
}

async fn flush(host: &Host) -> Result<OtlpStatus, CallError> {
    let otlp = host.service::<dyn OtlpService>().unwrap();
    otlp.flush(&host.ctx()).await
}

fn text(attributes: &[KeyValue]) -> Vec<(String, String)> {
    let text = |attribute: &KeyValue| {
        let value = attribute
            .value
            .as_ref()
            .and_then(|value| value.value.clone());
        match value {
            Some(Any::StringValue(value)) => (attribute.key.clone(), value),
            other => panic!("`{}` is no text: {other:?}", attribute.key),
        }
    };
    attributes.iter().map(text).collect()
}

fn metrics(request: &ExportMetricsServiceRequest) -> &[Metric] {
    &request.resource_metrics[0].scope_metrics[0].metrics
}

#[tokio::test]
async fn what_is_sent_is_what_is_counted() {
    let receiver = Receiver::new().await;
    let test = host(&receiver).await;
    let wash = test.service::<dyn Wash>().unwrap();
    for call in 0..100 {
        drop(wash.wash(&test.ctx(), call % 10 == 0));
    }
    test.clock().advance(Duration::from_secs(5));
    assert_eq!(flush(&test).await.unwrap().sent, 1);

    let seen = receiver.seen();
    let (headers, request) = &seen[0];
    assert_eq!(headers["content-type"], "application/x-protobuf");
    assert_eq!(headers["authorization"], "canary");
    let resource = request.resource_metrics[0].resource.as_ref().unwrap();
    let expected = [
        ("service.name", "shop"),
        ("service.instance.id", "seven"),
        ("deployment.environment.name", "test"),
    ];
    let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(text(&resource.attributes), expected);

    let snapshot = test.metrics();
    let mut compared = 0;
    for family in snapshot.all_families() {
        let metric = metrics(request)
            .iter()
            .find(|metric| metric.name == family.name);
        for series in &family.series {
            if series.labels.get("instance") != Some("car-wash") {
                continue;
            }
            let labels = series.labels.iter();
            let labels: Vec<_> = labels
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect();
            let metric = metric.unwrap_or_else(|| panic!("`{}` is not sent", family.name));
            compare(&family, metric, &labels, &series.value, snapshot.taken_ms);
            compared += 1;
        }
    }
    assert!(compared > 15, "{compared}");
    test.stop().await.unwrap();
}

/// A point with these labels has this value.
fn compare(
    family: &Family,
    metric: &Metric,
    labels: &[(String, String)],
    value: &Value,
    taken_ms: u64,
) {
    assert_eq!(metric.description, family.help);
    let name = &metric.name;
    // The clock stands still, and everything counts since the start, five seconds ago.
    let times = ((taken_ms - 5_000) * 1_000_000, taken_ms * 1_000_000);
    let cumulative = AggregationTemporality::Cumulative as i32;
    match (metric.data.as_ref().unwrap(), value) {
        (Data::Sum(sum), Value::Counter(expected)) => {
            assert!(sum.is_monotonic && sum.aggregation_temporality == cumulative);
            let mut points = sum.data_points.iter();
            let point = points.find(|point| text(&point.attributes) == labels);
            let point = point.unwrap_or_else(|| panic!("{name} {labels:?}"));
            let expected = i64::try_from(*expected).unwrap();
            assert_eq!(point.value, Some(Number::AsInt(expected)), "{name}");
            assert_eq!((point.start_time_unix_nano, point.time_unix_nano), times);
        }
        (Data::Gauge(gauge), Value::Gauge(expected)) => {
            let mut points = gauge.data_points.iter();
            let point = points.find(|point| text(&point.attributes) == labels);
            let point = point.unwrap_or_else(|| panic!("{name} {labels:?}"));
            assert_eq!(point.value, Some(Number::AsDouble(*expected)), "{name}");
            assert_eq!(point.time_unix_nano, times.1);
        }
        (Data::Histogram(histogram), Value::Summary(expected)) => {
            assert_eq!(histogram.aggregation_temporality, cumulative);
            let mut points = histogram.data_points.iter();
            let point = points.find(|point| text(&point.attributes) == labels);
            let point = point.unwrap_or_else(|| panic!("{name} {labels:?}"));
            assert_eq!((point.start_time_unix_nano, point.time_unix_nano), times);
            let scale = if metric.unit == "s" { 1e9 } else { 1.0 };
            same_distribution(point, expected, scale);
        }
        (data, _) => panic!("{name} is {data:?}"),
    }
}

fn same_distribution(point: &HistogramDataPoint, expected: &Distribution, scale: f64) {
    assert_eq!(point.count, expected.count);
    assert_eq!(point.sum, Some(expected.sum as f64 / scale));
    assert_eq!(point.max.unwrap_or(0.0), expected.max as f64 / scale);
    assert_eq!(point.bucket_counts.len(), point.explicit_bounds.len() + 1);
    assert_eq!(point.bucket_counts.iter().sum::<u64>(), point.count);
    assert!(point.explicit_bounds.is_sorted());
    let mut below = 0;
    for (bound, count) in point.explicit_bounds.iter().zip(&point.bucket_counts) {
        below += count;
        let exact = expected.buckets.iter();
        let exact = exact.filter(|(largest, _)| *largest as f64 / scale <= *bound);
        assert_eq!(
            below,
            exact.map(|(_, count)| *count).sum::<u64>(),
            "up to {bound}"
        );
    }
}

#[tokio::test]
async fn units_are_those_of_ucum_and_bounds_stay() {
    let receiver = Receiver::new().await;
    let test = host(&receiver).await;
    flush(&test).await.unwrap();
    let wash = test.service::<dyn Wash>().unwrap();
    wash.wash(&test.ctx(), false).unwrap();
    flush(&test).await.unwrap();
    let seen = receiver.seen();
    let unit = |name: &str| {
        let mut all = metrics(&seen[0].1).iter();
        all.find(|metric| metric.name == name).unwrap().unit.clone()
    };
    for (name, expected) in [
        ("car_wash_cars", ""),
        ("car_wash_water_liters", "{liters}"),
        ("car_wash_bill_bytes", "By"),
        ("weldkit_call_duration_seconds", "s"),
    ] {
        assert_eq!(unit(name), expected);
    }
    let bounds = |request: &ExportMetricsServiceRequest| {
        let mut all = metrics(request).iter();
        let latency = all.find(|metric| metric.name == "weldkit_call_duration_seconds");
        match &latency.unwrap().data {
            Some(Data::Histogram(latency)) => latency.data_points[0].explicit_bounds.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(bounds(&seen[0].1), bounds(&seen[1].1));
}

#[tokio::test]
async fn what_is_counted_is_sent_at_the_interval() {
    let receiver = Receiver::new().await;
    let test = host(&receiver).await;
    for exports in 1..=3 {
        test.clock().advance(DAY);
        until("it is sent", || status(&test).sent == exports).await;
    }
    let last = status(&test);
    assert_eq!(receiver.seen().len(), 3);
    assert_eq!(last.sent_ms, Some(test.metrics().taken_ms));
    assert_eq!((last.waiting, last.trouble), (0, None));
}

#[tokio::test]
async fn a_receiver_that_is_down_is_tried_again_and_given_up() {
    let down = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = down.local_addr().unwrap();
    drop(down);
    let endpoint = format!("http://{address}");
    let test = TestHost::new(|host| sending(host, &endpoint))
        .await
        .unwrap();
    test.clock().advance(DAY);
    for tries in 0..6 {
        until("it waits", || status(&test).pause_ms.is_some()).await;
        let now = status(&test);
        assert_eq!((now.retried, now.failed, now.waiting), (tries, 0, 1));
        // Calls go on, and the host says what is not as it should be.
        let wash = test.service::<dyn Wash>().unwrap();
        wash.wash(&test.ctx(), false).unwrap();
        let report = test.health_report().await;
        assert!(report.is_ready, "{report:?}");
        let expected = format!("metrics are not sent: {endpoint}/v1/metrics: cannot connect:");
        let message = &report.findings[0].message;
        assert!(message.contains(&expected), "{message}");
        // It is told in whole milliseconds.
        let pause = Duration::from_millis(now.pause_ms.unwrap() + 1);
        let longest = Duration::from_secs(1 << tries).min(Duration::from_secs(30));
        assert!(
            pause <= longest + Duration::from_millis(1) && pause * 2 >= longest,
            "{pause:?}"
        );
        test.clock().advance(pause);
        until("it tries again", || {
            let now = status(&test);
            now.retried > tries || now.failed == 1
        })
        .await;
    }
    until("it is given up", || status(&test).waiting == 0).await;
    let trouble = status(&test).trouble.unwrap();
    assert!(trouble.ends_with("given up after 6 tries"), "{trouble}");
    let value = |name: &str| match test.metrics().value(name, &[]) {
        Some(Value::Counter(count)) => *count,
        other => panic!("{name}: {other:?}"),
    };
    assert_eq!(value("otlp_requests_failed"), 1);
    assert_eq!(value("otlp_requests_retried"), 5);
    test.stop().await.unwrap();
}

#[tokio::test]
async fn a_receiver_that_asks_for_time_is_given_it() {
    let receiver = Receiver::new().await;
    receiver.then(Reply::new(503).header("retry-after", "7").body("busy\n"));
    let test = host(&receiver).await;
    test.clock().advance(DAY);
    until("it waits", || status(&test).pause_ms.is_some()).await;
    let now = status(&test);
    assert_eq!(now.pause_ms, Some(7_000));
    let trouble = now.trouble.unwrap();
    assert!(
        trouble.ends_with("/v1/metrics answered 503 Service Unavailable: busy"),
        "{trouble}"
    );
    test.clock().advance(Duration::from_millis(6_999));
    assert_eq!(status(&test).pause_ms, Some(1));
    assert_eq!(receiver.seen().len(), 1);
    test.clock().advance(Duration::from_millis(1));
    until("it is sent", || status(&test).sent == 1).await;
    let seen = receiver.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0].1, seen[1].1);
    let now = status(&test);
    assert_eq!((now.retried, now.failed, now.trouble), (1, 0, None));
    assert!(test.health_report().await.findings.is_empty());
}

#[tokio::test]
async fn only_what_may_be_sent_again_is() {
    for again in [429, 502, 503, 504] {
        let receiver = Receiver::new().await;
        receiver.then(Reply::new(again));
        let test = host(&receiver).await;
        test.clock().advance(DAY);
        until("it waits", || status(&test).pause_ms.is_some()).await;
        let pause = status(&test).pause_ms.unwrap();
        assert!((500..=1_000).contains(&pause), "{again}: {pause}");
        test.clock().advance(Duration::from_secs(1));
        until("it is sent", || status(&test).sent == 1).await;
    }
    // `google.rpc.Status`: code 3, message.
    let words = b"\x08\x03\x12\x04nope".to_vec();
    for (never, reply, said) in [
        (
            400,
            Reply::new(400).protobuf(words),
            "400 Bad Request: nope",
        ),
        (401, Reply::new(401), "401 Unauthorized"),
        (301, Reply::new(301), "301 Moved Permanently"),
        (500, Reply::new(500), "500 Internal Server Error"),
    ] {
        let receiver = Receiver::new().await;
        receiver.then(reply);
        let test = host(&receiver).await;
        let fault = flush(&test).await.unwrap_err();
        assert_eq!(fault.code().as_str(), "unavailable");
        assert!(fault.message().ends_with(said), "{}", fault.message());
        let now = status(&test);
        assert_eq!((now.failed, now.retried, now.waiting), (1, 0, 0), "{never}");
        // The next one is another matter.
        assert_eq!(flush(&test).await.unwrap().trouble, None);
    }
}

#[tokio::test]
async fn what_a_receiver_leaves_out_is_counted() {
    let receiver = Receiver::new().await;
    receiver.then(Reply::new(200).partial(5, "too old"));
    let test = host(&receiver).await;
    let now = flush(&test).await.unwrap();
    assert_eq!((now.sent, now.rejected_points, now.retried), (1, 5, 0));
}

#[tokio::test]
async fn a_receiver_that_never_answers_holds_up_nobody() {
    let receiver = Receiver::new().await;
    receiver.then(Reply::silent());
    let test = host(&receiver).await;
    test.clock().advance(DAY);
    until("it is asked", || receiver.seen().len() == 1).await;
    let wash = test.service::<dyn Wash>().unwrap();
    for _ in 0..1_000 {
        wash.wash(&test.ctx(), false).unwrap();
    }
    assert_eq!(status(&test).waiting, 1);
    let stopped = tokio::time::timeout(Duration::from_secs(20), test.stop()).await;
    stopped.expect("it stops in time").unwrap();
    // What was under way is sent once more at the stop.
    assert_eq!(receiver.seen().len(), 2);
}

#[tokio::test]
async fn a_secret_is_sent_and_never_shown() {
    let receiver = Receiver::new().await;
    receiver.then(Reply::new(403));
    let test = host(&receiver).await;
    let fault = flush(&test).await.unwrap_err();
    let report = test.health_report().await;
    let shown = format!(
        "{fault} {fault:?} {report:?} {:?} {}",
        status(&test),
        serde_json::to_string(&test.metrics()).unwrap()
    );
    assert!(!shown.contains("canary"), "{shown}");
    assert_eq!(receiver.seen()[0].0["authorization"], "canary");
}

#[tokio::test]
async fn what_keeps_it_from_starting_is_told() {
    let without = |host: HostBuilder| host.plugin::<Otlp>();
    let fault = TestHost::new(without).await.unwrap_err().to_string();
    let line = "\"plugin:otlp\" = [\"weldkit.monitoring\"]";
    assert!(fault.contains(line), "{fault}");
    let fault = TestHost::new(|host| sending(host, "https://collector"))
        .await
        .unwrap_err()
        .to_string();
    assert!(fault.contains("does not speak"), "{fault}");
    let settings = json!({ "endpont": "http://a" });
    let wrong = |host: HostBuilder| host.plugin::<Otlp>().settings("otlp", settings);
    let fault = TestHost::new(wrong).await.unwrap_err().to_string();
    assert!(fault.contains("endpoint"), "{fault}");
}
