//! What is answered: a page by its path, through the gate of the host.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, VARY};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use weldkit::metrics::TextFormat;
use weldkit::monitoring::{HealthReport, MonitoringService};
use weldkit::{CallError, Ctx, Service};

type Answer = Response<Full<Bytes>>;

/// Who answers. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    monitoring: Service<dyn MonitoringService>,
    ctx: Ctx,
}

impl Desk {
    pub(crate) fn new(monitoring: Service<dyn MonitoringService>, ctx: Ctx) -> Self {
        Self { monitoring, ctx }
    }

    /// The answer to one request; its body is not read.
    pub(crate) async fn answer<B>(&self, request: &Request<B>) -> Answer {
        let path = request.uri().path();
        if !matches!(path, "/metrics" | "/healthz" | "/readyz") {
            let text = "not found; there are /metrics, /healthz and /readyz\n";
            return plain(StatusCode::NOT_FOUND, text.to_owned());
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let text = "this is only to be read: GET or HEAD\n";
            let mut answer = plain(StatusCode::METHOD_NOT_ALLOWED, text.to_owned());
            let allow = HeaderValue::from_static("GET, HEAD");
            answer.headers_mut().insert(ALLOW, allow);
            return answer;
        }
        let answer = match path {
            "/metrics" => self.metrics(request.headers()).await,
            "/healthz" => self.health("live", |report| report.is_live).await,
            _ => self.health("ready", |report| report.is_ready).await,
        };
        answer.unwrap_or_else(|fault| {
            let text = format!("{}: {}\n", fault.code(), fault.message());
            plain(StatusCode::SERVICE_UNAVAILABLE, text)
        })
    }

    async fn metrics(&self, headers: &HeaderMap) -> Result<Answer, CallError> {
        let lines = headers.get_all(ACCEPT).iter();
        let accept: Vec<&str> = lines.filter_map(|line| line.to_str().ok()).collect();
        let format = TextFormat::accepted(&accept.join(","));
        let text = self.monitoring.text(&self.ctx, format).await?;
        let mut answer = page(StatusCode::OK, format.content_type(), text);
        let vary = HeaderValue::from_static("accept");
        answer.headers_mut().insert(VARY, vary);
        Ok(answer)
    }

    /// One line, and one for everything that is not as it should be: also what does not count here.
    async fn health(
        &self,
        word: &str,
        is_well: impl Fn(&HealthReport) -> bool,
    ) -> Result<Answer, CallError> {
        let report = self.monitoring.health(&self.ctx).await?;
        let (status, not) = match is_well(&report) {
            true => (StatusCode::OK, ""),
            false => (StatusCode::SERVICE_UNAVAILABLE, "not "),
        };
        let mut text = format!("{not}{word}\n");
        for finding in &report.findings {
            let level = finding.level.as_str();
            text += &format!("{level}: {}: {}\n", finding.subject, finding.message);
        }
        Ok(plain(status, text))
    }
}

fn plain(status: StatusCode, text: String) -> Answer {
    page(status, "text/plain; charset=utf-8", text)
}

fn page(status: StatusCode, kind: &'static str, text: String) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(text)));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
