//! A receiver of OTLP over HTTP that answers what a test tells it, and keeps what it was sent.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response};
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsPartialSuccess, ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use prost::Message;
use tokio::net::TcpListener;

/// Waits until it is so; when it is not within a minute, the test says what never came.
pub(crate) async fn until(what: &str, is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(60), waiting).await;
    waited.unwrap_or_else(|_| panic!("never: {what}"));
}

/// What is answered once.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(&'static str, &'static str)>,
    body: Vec<u8>,
    is_silent: bool,
}

impl Reply {
    pub(crate) fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            is_silent: false,
        }
    }

    /// None at all.
    pub(crate) fn silent() -> Self {
        Self {
            is_silent: true,
            ..Self::new(200)
        }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(crate) fn body(self, text: &str) -> Self {
        Self {
            body: text.as_bytes().to_vec(),
            ..self
        }
    }

    pub(crate) fn protobuf(self, body: Vec<u8>) -> Self {
        let typed = self.header("content-type", "application/x-protobuf");
        Self { body, ..typed }
    }

    pub(crate) fn partial(self, rejected: i64, message: &str) -> Self {
        let answer = ExportMetricsServiceResponse {
            partial_success: Some(ExportMetricsPartialSuccess {
                rejected_data_points: rejected,
                error_message: message.to_owned(),
            }),
        };
        self.protobuf(answer.encode_to_vec())
    }
}

type Seen = (HeaderMap, ExportMetricsServiceRequest);

#[derive(Debug, Clone)]
pub(crate) struct Receiver {
    address: SocketAddr,
    replies: Arc<Mutex<VecDeque<Reply>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Receiver {
    /// One that takes everything.
    pub(crate) async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self {
            address: listener.local_addr().unwrap(),
            replies: Arc::default(),
            seen: Arc::default(),
        };
        let accepting = receiver.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let answering = accepting.clone();
                let service = service_fn(move |request| {
                    let answering = answering.clone();
                    async move { Ok::<_, Infallible>(answering.answer(request).await) }
                });
                let stream = TokioIo::new(stream);
                tokio::spawn(http1::Builder::new().serve_connection(stream, service));
            }
        });
        receiver
    }

    /// Answers this once, before it takes everything again.
    pub(crate) fn then(&self, reply: Reply) {
        self.replies.lock().unwrap().push_back(reply);
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        assert_eq!(request.method(), Method::POST);
        assert_eq!(request.uri().path(), "/v1/metrics");
        let (head, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let decoded = ExportMetricsServiceRequest::decode(body).unwrap();
        self.seen.lock().unwrap().push((head.headers, decoded));
        let reply = self.replies.lock().unwrap().pop_front();
        let reply = reply.unwrap_or_else(|| Reply::new(200));
        if reply.is_silent {
            std::future::pending::<()>().await;
        }
        let mut response = Response::builder().status(reply.status);
        for (name, value) in reply.headers {
            response = response.header(name, value);
        }
        response.body(Full::new(Bytes::from(reply.body))).unwrap()
    }
}
