//! What the plugin is told: where the collector is, how often, and as whom.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use hyper::Uri;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use weldkit::{Error, ErrorKind, Secret};

use crate::limit;

/// What stands behind the base address, as OTLP has it.
const PATH: &str = "/v1/metrics";
/// The port of OTLP over HTTP.
const PORT: u16 = 4318;
/// Headers that follow from the request.
const OWN: [&str; 6] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "host",
    "transfer-encoding",
];

/// Settings of `otlp`.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct OtlpSettings {
    /// The base address of a collector, as `http://HOST:PORT`; `/v1/metrics` is put behind it. Without TLS: a collector on this
    /// machine or network passes on what must go further.
    #[serde(default = "endpoint")]
    pub endpoint: String,
    /// How often everything that is counted is sent, in milliseconds.
    #[serde(default = "interval_ms")]
    #[garde(range(min = 100, max = 86_400_000))]
    pub interval_ms: u64,
    /// How long one request may take, in milliseconds.
    #[serde(default = "timeout_ms")]
    #[garde(range(min = 10, max = 600_000))]
    pub timeout_ms: u64,
    /// Headers of every request, such as `authorization`. Never shown.
    #[serde(default)]
    pub headers: BTreeMap<String, Secret<String>>,
    /// The name of the application (`service.name`); `unknown_service:PROGRAM` unless given.
    #[serde(default)]
    pub service_name: Option<String>,
    /// What tells this host from others of that name (`service.instance.id`), such as a host's id; made up at each start unless
    /// given.
    #[serde(default)]
    pub service_instance: Option<String>,
    /// Further attributes of the resource, such as `"deployment.environment.name" = "test"`.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
}

fn endpoint() -> String {
    format!("http://127.0.0.1:{PORT}")
}

fn interval_ms() -> u64 {
    60_000
}

fn timeout_ms() -> u64 {
    10_000
}

impl Default for OtlpSettings {
    fn default() -> Self {
        Self {
            endpoint: endpoint(),
            interval_ms: interval_ms(),
            timeout_ms: timeout_ms(),
            headers: BTreeMap::new(),
            service_name: None,
            service_instance: None,
            attributes: BTreeMap::new(),
        }
    }
}

/// Where requests go, checked.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Path with `/v1/metrics` at its end.
    pub(crate) path: String,
    /// Those of the settings; marked as sensitive, so that nothing prints them.
    pub(crate) headers: HeaderMap,
    pub(crate) timeout: Duration,
}

impl Target {
    /// The address as messages name it. No header and no password is in it.
    pub(crate) fn place(&self) -> String {
        format!("http://{}{}", self.authority(), self.path)
    }

    /// What `host` says.
    pub(crate) fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// What is connected to: an IPv6 address stands without its brackets there.
    pub(crate) fn peer(&self) -> (&str, u16) {
        (self.host.trim_matches(['[', ']']), self.port)
    }
}

impl OtlpSettings {
    /// Where requests go.
    pub(crate) fn target(&self) -> Result<Target, Error> {
        // The text may hold a password, so no message repeats it.
        let write = "write `endpoint` as http://HOST:PORT, such as http://127.0.0.1:4318";
        let uri: Uri = self
            .endpoint
            .parse()
            .map_err(|fault| refuse(format!("`endpoint` is no address ({fault}); {write}")))?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => {
                return Err(refuse(
                    "`endpoint` asks for TLS, which otlp does not speak; send to a collector on this machine or network over http:// and let that pass it on",
                ));
            }
            _ => return Err(refuse(format!("`endpoint` is not of http; {write}"))),
        }
        let authority = uri
            .authority()
            .filter(|authority| !authority.host().is_empty())
            .ok_or_else(|| refuse(format!("`endpoint` names no host; {write}")))?;
        if authority.as_str().contains('@') {
            return Err(refuse(
                "`endpoint` holds a user or a password; put them into `headers`, as `authorization = { env = \"NAME\" }`",
            ));
        }
        if uri.query().is_some() {
            return Err(refuse(format!("`endpoint` has a query; {write}")));
        }
        let base = uri.path().trim_end_matches('/');
        if base.ends_with(PATH) {
            return Err(refuse(format!(
                "`endpoint` ends in `{PATH}`, which is put behind it; leave that out"
            )));
        }
        Ok(Target {
            host: authority.host().to_owned(),
            port: authority.port_u16().unwrap_or(PORT),
            path: format!("{base}{PATH}"),
            headers: self.headers()?,
            timeout: Duration::from_millis(self.timeout_ms),
        })
    }

    fn headers(&self) -> Result<HeaderMap, Error> {
        if self.headers.len() > limit::NAMED {
            return Err(refuse(format!(
                "`headers` names more than {}",
                limit::NAMED
            )));
        }
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let known = HeaderName::try_from(name.as_str());
            let known = known.map_err(|_| {
                refuse(format!(
                    "`headers.{name}`: the name of a header is letters, digits and `-`"
                ))
            })?;
            if OWN.contains(&known.as_str()) {
                return Err(refuse(format!(
                    "`headers.{name}` follows from the request and cannot be set; leave it out"
                )));
            }
            // The value is a secret, so the message does not repeat it.
            let mut value = HeaderValue::try_from(value.reveal().as_str()).map_err(|_| {
                refuse(format!(
                    "the value of `headers.{name}` has characters that no header may have, such as the end of a line"
                ))
            })?;
            value.set_sensitive(true);
            headers.insert(known, value);
        }
        Ok(headers)
    }

    /// Who sends: `service.name`, `service.instance.id` and the attributes.
    pub(crate) fn resource(&self, made_up: &str) -> Result<Vec<(String, String)>, Error> {
        if self.attributes.len() > limit::NAMED {
            return Err(refuse(format!(
                "`attributes` names more than {}",
                limit::NAMED
            )));
        }
        let name = self.service_name.clone().unwrap_or_else(unknown_service);
        let instance = self.service_instance.as_deref().unwrap_or(made_up);
        let mut all = vec![
            ("service.name".to_owned(), name),
            ("service.instance.id".to_owned(), instance.to_owned()),
        ];
        for (key, value) in &self.attributes {
            let setting = match key.as_str() {
                "service.name" => "service_name",
                "service.instance.id" => "service_instance",
                "" => return Err(refuse("`attributes` has one without a name")),
                _ => {
                    all.push((key.clone(), value.clone()));
                    continue;
                }
            };
            return Err(refuse(format!(
                "`attributes` has `{key}`; set `{setting}` in its place"
            )));
        }
        Ok(all)
    }
}

/// What OpenTelemetry calls a service that nobody has named.
fn unknown_service() -> String {
    let program = std::env::current_exe().ok();
    let name = program.as_deref().and_then(Path::file_name);
    name.map_or_else(
        || "unknown_service".to_owned(),
        |name| format!("unknown_service:{}", name.to_string_lossy()),
    )
}

fn refuse(reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::Configuration, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(endpoint: &str) -> OtlpSettings {
        OtlpSettings {
            endpoint: endpoint.to_owned(),
            ..OtlpSettings::default()
        }
    }

    #[test]
    fn an_endpoint_becomes_the_place_of_its_metrics() {
        for (endpoint, place, peer) in [
            ("http://a", "http://a:4318/v1/metrics", "a"),
            ("http://a:80/", "http://a:80/v1/metrics", "a"),
            ("http://a/x/y/", "http://a:4318/x/y/v1/metrics", "a"),
            ("http://[::1]:9", "http://[::1]:9/v1/metrics", "::1"),
        ] {
            let target = at(endpoint).target().unwrap();
            assert_eq!((target.place().as_str(), target.peer().0), (place, peer));
        }
    }

    #[test]
    fn what_cannot_be_is_refused_and_no_secret_shown() {
        let header = |name: &str, value: &str| {
            let secret = Secret::new(value.to_owned());
            OtlpSettings {
                headers: BTreeMap::from([(name.to_owned(), secret)]),
                ..OtlpSettings::default()
            }
        };
        for (bad, expected) in [
            (at("canary"), "is not of http"),
            (at("http://"), "is no address"),
            (at("ftp://canary"), "is not of http"),
            (at("https://canary"), "does not speak"),
            (at("http://ada:canary@host"), "into `headers`"),
            (at("http://host/?canary"), "has a query"),
            (at("http://host/v1/metrics"), "leave that out"),
            (header("a b", "canary"), "`headers.a b`"),
            (header("Host", "canary"), "`headers.Host` follows"),
            (header("x", "canary\n"), "the value of `headers.x`"),
        ] {
            let error = bad.target().expect_err(expected).to_string();
            assert!(
                error.contains(expected) && !error.contains("canary"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_resource_is_named_once() {
        let mut settings = OtlpSettings {
            service_name: Some("shop".to_owned()),
            attributes: BTreeMap::from([("host.id".to_owned(), "seven".to_owned())]),
            ..OtlpSettings::default()
        };
        let resource = settings.resource("made-up").unwrap();
        let expected = [
            ("service.name", "shop"),
            ("service.instance.id", "made-up"),
            ("host.id", "seven"),
        ];
        assert!(
            resource
                .iter()
                .map(|(key, value)| (key.as_str(), value.as_str()))
                .eq(expected)
        );
        let twice = ("service.name".to_owned(), "other".to_owned());
        settings.attributes.extend([twice]);
        let error = settings.resource("").unwrap_err().to_string();
        assert!(error.contains("set `service_name`"), "{error}");
    }
}
