//! One request and what its answer means, as OTLP over HTTP has it.
//!
//! <https://opentelemetry.io/docs/specs/otlp/#otlphttp-response>

use std::time::{Duration, SystemTime};

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{
    CONNECTION, CONTENT_TYPE, HOST, HeaderMap, HeaderValue, RETRY_AFTER, USER_AGENT,
};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;
use prost::Message;
use tokio::net::TcpStream;

use crate::limit;
use crate::settings::Target;

const PROTOBUF: &str = "application/x-protobuf";

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It was taken; of how many data points it was not, and why.
    Taken {
        /// Data points that the receiver did not want.
        rejected: u64,
        /// Its own words; empty where it has none.
        message: String,
    },
    /// It may be sent again, not before this time has passed.
    Again {
        /// What the receiver asks for, if it does.
        after: Option<Duration>,
        /// Why it was not taken.
        why: String,
    },
    /// It must not be sent again: why.
    Refused(String),
}

/// What a receiver says of an error: `google.rpc.Status`.
#[derive(Clone, PartialEq, prost::Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

/// Sends one body.
pub(crate) async fn post(target: &Target, body: Bytes) -> Answer {
    let again = |why: String| Answer::Again { after: None, why };
    let sent = tokio::time::timeout(target.timeout, send(target, body));
    match sent.await {
        Ok(Ok(answer)) => answer,
        Ok(Err(why)) => again(format!("{}: {why}", target.place())),
        Err(_) => again(format!(
            "{} did not answer within {:?}; see `timeout_ms`",
            target.place(),
            target.timeout
        )),
    }
}

async fn send(target: &Target, body: Bytes) -> Result<Answer, String> {
    let stream = TcpStream::connect(target.peer()).await;
    let stream = stream.map_err(|fault| format!("cannot connect: {fault}"))?;
    let shaken = http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.map_err(|fault| fault.to_string())?;
    let request = request(target, body).map_err(|fault| fault.to_string())?;
    // Both on this task, so that a connection never outlives its request.
    let mut connection = std::pin::pin!(connection);
    let answered = async {
        let response = sender.send_request(request).await;
        read(target, response.map_err(|fault| fault.to_string())?).await
    };
    let mut answered = std::pin::pin!(answered);
    tokio::select! {
        answer = answered.as_mut() => answer,
        // A receiver may close as soon as it has answered, and the answer is read all the same.
        _ = connection.as_mut() => answered.await,
    }
}

fn request(target: &Target, body: Bytes) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
    let agent = concat!("OTel-OTLP-Exporter-Weldkit/", env!("CARGO_PKG_VERSION"));
    let mut request = Request::post(&target.path)
        .header(HOST, target.authority())
        .header(USER_AGENT, agent)
        .header(CONTENT_TYPE, PROTOBUF)
        .header(CONNECTION, "close")
        .body(Full::new(body))?;
    for (name, value) in &target.headers {
        request.headers_mut().insert(name, value.clone());
    }
    Ok(request)
}

async fn read(target: &Target, response: Response<Incoming>) -> Result<Answer, String> {
    let (head, body) = response.into_parts();
    let body = Limited::new(body, limit::ANSWER_BYTES).collect().await;
    let body = body.map(http_body_util::Collected::to_bytes);
    if head.status.is_success() {
        // What was taken was taken, whatever the rest of the answer is.
        let body = body.unwrap_or_default();
        let partial = ExportMetricsServiceResponse::decode(body)
            .ok()
            .and_then(|answer| answer.partial_success)
            .unwrap_or_default();
        return Ok(Answer::Taken {
            rejected: u64::try_from(partial.rejected_data_points).unwrap_or(0),
            message: quote(&partial.error_message),
        });
    }
    let said = said(&head.headers, &body.unwrap_or_default());
    let why = format!("{} answered {}{said}", target.place(), head.status);
    Ok(match head.status {
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT => Answer::Again {
            after: retry_after(&head.headers),
            why,
        },
        _ => Answer::Refused(why),
    })
}

/// The receiver's own words, where it has some that can be read.
fn said(headers: &HeaderMap, body: &Bytes) -> String {
    let kind = headers
        .get(CONTENT_TYPE)
        .map_or(&b""[..], HeaderValue::as_bytes);
    let text = if kind.starts_with(PROTOBUF.as_bytes()) {
        Status::decode(body.clone()).unwrap_or_default().message
    } else {
        String::from_utf8_lossy(body).into_owned()
    };
    match quote(&text) {
        text if text.is_empty() => text,
        text => format!(": {text}"),
    }
}

/// A text of somebody else, on one line and not too long.
fn quote(text: &str) -> String {
    let plain = text.trim().chars().take(limit::QUOTE);
    let plain = plain.map(|sign| if sign.is_control() { ' ' } else { sign });
    plain.collect()
}

/// Seconds, or a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let after = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => until(httpdate::parse_http_date(text).ok()?),
    };
    Some(after.min(limit::RETRY_AFTER_MAX))
}

#[expect(
    clippy::disallowed_methods,
    reason = "a date in an answer is one of the real world"
)]
fn until(date: SystemTime) -> Duration {
    date.duration_since(SystemTime::now()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_receiver_asks_for_is_seconds_or_a_date() {
        let check = |text: &str, expected: Option<u64>| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            assert_eq!(retry_after(&headers).map(|after| after.as_secs()), expected);
        };
        check(" 7 ", Some(7));
        check("0", Some(0));
        check("99999999999", Some(86_400));
        check("Thu, 01 Jan 1998 00:00:00 GMT", Some(0));
        check("Fri, 31 Dec 9999 00:00:00 GMT", Some(86_400));
        check("soon", None);
        check("-1", None);
    }

    #[test]
    fn the_words_of_a_receiver_are_one_short_line() {
        let long = format!("  a\nb\u{1b}[31m{}", "x".repeat(1_000));
        let quoted = quote(&long);
        assert!(quoted.starts_with("a b [31mx"), "{quoted}");
        assert_eq!(quoted.chars().count(), limit::QUOTE);
    }
}
