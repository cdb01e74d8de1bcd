//! Scraped over TCP, as Prometheus and probes do it.
#![expect(
    clippy::unwrap_used,
    reason = "a test helper that fails is a failed test"
)]

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use weldkit::testing::TestHost;
use weldkit::{CallError, Ctx, Health, Host, HostBuilder};
use weldkit_scrape::{Scrape, ScrapeService};

/// A plugin that is as well as its setting says.
#[weldkit::service(name = "patient", version = "1.0")]
trait Patient {
    /// Does nothing.
    #[method(read_only)]
    fn breathe(&self, ctx: &Ctx) -> Result<(), CallError>;
}

#[weldkit::data]
struct PatientSettings {
    /// Whether it works.
    #[serde(default)]
    is_ill: bool,
}

#[derive(Debug)]
struct Man {
    is_ill: bool,
}

#[weldkit::plugin(id = "man", provides(Patient), categories("Tests"))]
impl Man {
    fn start(settings: weldkit::Settings<PatientSettings>) -> weldkit::Result<Self> {
        let is_ill = settings.is_ill;
        Ok(Self { is_ill })
    }

    fn health(&self) -> Health {
        match self.is_ill {
            true => Health::Failed("no pulse".to_owned()),
            false => Health::Ready,
        }
    }
}

impl Patient for Man {
    fn breathe(&self, _: &Ctx) -> Result<(), CallError> {
        Ok(())
    }
}

fn scraped(host: HostBuilder) -> HostBuilder {
    host.plugin::<Scrape>()
        .settings(
            "scrape",
            json!({ "address": "127.0.0.1:0", "connections": 2 }),
        )
        .grant("plugin:scrape", &["weldkit.monitoring"])
}

fn address(host: &Host) -> String {
    let scrape = host.service::<dyn ScrapeService>().unwrap();
    scrape.address(&host.ctx()).unwrap()
}

/// Sends a request and reads until the other side closes: the head and the body.
async fn send(address: &str, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    (head.to_owned(), body.to_owned())
}

async fn get(host: &Host, path: &str, more: &str) -> (String, String) {
    let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\n{more}\r\n");
    send(&address(host), &request).await
}

#[tokio::test]
async fn metrics_come_in_the_format_that_the_reader_prefers() {
    let test = TestHost::new(scraped).await.unwrap();
    let (head, body) = get(&test, "/metrics", "").await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let kind = "\r\ncontent-type: text/plain; version=0.0.4; charset=utf-8\r\n";
    assert!(head.contains(kind), "{head}");
    let own = r#"weldkit_calls_finished_total{instance="scrape",method="scrape.address",line="1"}"#;
    let labels = |line: &&str| {
        let parts = [
            r#"instance="scrape""#,
            r#"method="scrape.address""#,
            "weldkit_calls_finished_total{",
        ];
        parts.iter().all(|part| line.contains(part))
    };
    let line = body.lines().find(labels);
    assert!(
        line.is_some_and(|line| line.ends_with(" 1")),
        "{own}: {body}"
    );
    promtool_accepts(&body);

    let prometheus = "accept: application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1\r\n";
    let (head, body) = get(&test, "/metrics?ignored=1", prometheus).await;
    let kind = "\r\ncontent-type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n";
    assert!(head.contains(kind), "{head}");
    assert!(body.ends_with("# EOF\n"), "{body}");
    test.stop().await.unwrap();
}

fn promtool_accepts(text: &str) {
    let child = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        weldkit_xtask::skips::skip(
            "promtool",
            "there is no promtool: install the Debian package `prometheus`",
        );
        return;
    };
    let mut input = child.stdin.take().unwrap();
    input.write_all(text.as_bytes()).unwrap();
    drop(input);
    let said = child.wait_with_output().unwrap();
    let complaint = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.status.success() && complaint.is_empty(), "{complaint}");
}

#[tokio::test]
async fn probes_are_told_whether_the_host_lives_and_is_ready() {
    for (is_ill, ready) in [
        (false, "HTTP/1.1 200 OK"),
        (true, "HTTP/1.1 503 Service Unavailable"),
    ] {
        let test = TestHost::new(|host| {
            scraped(host)
                .plugin::<Man>()
                .settings("man", json!({ "is_ill": is_ill }))
        })
        .await
        .unwrap();
        let reason = match is_ill {
            true => "failed: instance man: no pulse\n",
            false => "",
        };
        let (head, body) = get(&test, "/healthz", "").await;
        assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
        assert_eq!(body, format!("live\n{reason}"));
        let (head, body) = get(&test, "/readyz", "").await;
        assert!(head.starts_with(ready), "{head}");
        let not = if is_ill { "not " } else { "" };
        assert_eq!(body, format!("{not}ready\n{reason}"));
        test.stop().await.unwrap();
    }
}

#[tokio::test]
async fn whatever_else_is_asked_for_is_refused() {
    let test = TestHost::new(scraped).await.unwrap();
    let (head, body) = get(&test, "/metrics/", "").await;
    assert!(head.starts_with("HTTP/1.1 404 "), "{head}");
    assert!(body.contains("/readyz"), "{body}");
    let address = address(&test);
    let post = "POST /metrics HTTP/1.1\r\nhost: test\r\ncontent-length: 1\r\n\r\nx";
    let (head, _) = send(&address, post).await;
    assert!(head.starts_with("HTTP/1.1 405 "), "{head}");
    assert!(head.contains("\r\nallow: GET, HEAD\r\n"), "{head}");
    let (head, body) = send(&address, "HEAD /healthz HTTP/1.1\r\nhost: test\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert_eq!(body, "");
    let (head, _) = send(&address, "no request\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
    let fields: String = (0..65).map(|at| format!("a{at}: b\r\n")).collect();
    let (head, _) = get(&test, "/metrics", &fields).await;
    assert!(head.starts_with("HTTP/1.1 431 "), "{head}");
}

#[tokio::test(start_paused = true)]
async fn who_is_slow_is_left_and_who_comes_after_has_room() {
    let test = TestHost::new(scraped).await.unwrap();
    let address = address(&test);
    let mut slow = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream
            .write_all(b"GET /metrics HTTP/1.1\r\n")
            .await
            .unwrap();
        slow.push(stream);
    }
    // Both connections are taken, so this one waits until their time is over; the clock goes on while everybody waits.
    let before = tokio::time::Instant::now();
    let (head, _) = get(&test, "/healthz", "").await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert!(
        before.elapsed() >= Duration::from_secs(5),
        "{:?}",
        before.elapsed()
    );
    for mut stream in slow {
        let mut rest = String::new();
        stream.read_to_string(&mut rest).await.ok();
        assert!(!rest.starts_with("HTTP/1.1 200"), "{rest}");
    }
}

#[tokio::test]
async fn it_stops_with_its_port_and_an_open_connection() {
    let test = TestHost::new(scraped).await.unwrap();
    let address = address(&test);
    let mut open = TcpStream::connect(&address).await.unwrap();
    open.write_all(b"GET /metrics HTTP/1.1\r\n").await.unwrap();
    let stopped = tokio::time::timeout(Duration::from_secs(10), test.stop()).await;
    stopped.expect("it stops in time").unwrap();
    let mut rest = String::new();
    open.read_to_string(&mut rest).await.ok();
    assert_eq!(rest, "");
    TcpStream::connect(&address)
        .await
        .expect_err("nobody listens");
}

#[tokio::test]
async fn what_keeps_it_from_starting_is_told() {
    let without = |host: HostBuilder| {
        let settings = json!({ "address": "127.0.0.1:0" });
        host.plugin::<Scrape>().settings("scrape", settings)
    };
    let fault = TestHost::new(without).await.unwrap_err().to_string();
    assert!(
        fault.contains("\"plugin:scrape\" = [\"weldkit.monitoring\"]"),
        "{fault}"
    );

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let fault = TestHost::new(|host| scraped(host).settings("scrape", json!({ "address": taken })))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        fault.contains(&format!("cannot listen on `{taken}`")),
        "{fault}"
    );
}
