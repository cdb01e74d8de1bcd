//! Lines that plugins write with `tracing`: `warning: acme: it is late minutes=5 trace_id=0af7…`, or an object with the same.

use std::fmt::{Debug, Write};

use serde_json::{Map, Value, json};
use tracing::dispatcher::{Dispatch, SetGlobalDefaultError, set_global_default};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::super::output::say;
use super::{Log, line};
use crate::call::current_trace;
use crate::config::{Level, LogFormat};
use crate::limit;

/// The field whose value is the line's trace id.
const TRACE: &str = "trace_id";

pub(super) fn set(log: Log) -> Result<(), SetGlobalDefaultError> {
    set_global_default(Dispatch::new(Listener(log)))
}

/// Writes events down, and takes no spans: the gate knows the trace of a call without them.
struct Listener(Log);

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && level(*metadata.level()).is_some_and(|level| level <= self.0.level)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(match self.0.level {
            Level::Off => LevelFilter::OFF,
            Level::Error => LevelFilter::ERROR,
            Level::Warn => LevelFilter::WARN,
            Level::Info => LevelFilter::INFO,
            Level::Debug => LevelFilter::DEBUG,
        })
    }

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let Some(level) = level(*metadata.level()) else {
            return;
        };
        let mut written = Written {
            trace: current_trace(),
            ..Written::default()
        };
        event.record(&mut written);
        say(&match self.0.format {
            LogFormat::Human => written.text(level, metadata.target()),
            LogFormat::Json => written.json(level, metadata.target()).to_string(),
        });
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        // None is asked for, since none is enabled.
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Nothing where the log has no such level.
fn level(of: tracing::Level) -> Option<Level> {
    match of {
        tracing::Level::ERROR => Some(Level::Error),
        tracing::Level::WARN => Some(Level::Warn),
        tracing::Level::INFO => Some(Level::Info),
        tracing::Level::DEBUG => Some(Level::Debug),
        _ => None,
    }
}

/// What an event holds.
#[derive(Default)]
struct Written {
    message: String,
    fields: Map<String, Value>,
    trace: Option<String>,
    /// Bytes of its texts so far.
    bytes: usize,
}

impl Written {
    fn text(&self, level: Level, target: &str) -> String {
        let level = match level {
            Level::Warn => "warning",
            other => other.as_str(),
        };
        let mut text = format!("{level}: {target}: ");
        // Nobody writes a line of its own by what it puts into another.
        for sign in self.message.chars() {
            match sign.is_control() {
                true => text.extend(sign.escape_default()),
                false => text.push(sign),
            }
        }
        let trace = self.trace.as_ref().map(|trace| (TRACE, trace));
        for (name, value) in &self.fields {
            write!(text, " {name}={value}").ok();
        }
        if let Some((name, trace)) = trace {
            write!(text, " {name}={trace}").ok();
        }
        text
    }

    fn json(self, level: Level, target: &str) -> Value {
        let mut line = line(level, &self.message);
        // What it says is its own, also where it begins like a line of the host.
        line["message"] = json!(self.message);
        line["target"] = json!(target);
        if !self.fields.is_empty() {
            line["fields"] = Value::Object(self.fields);
        }
        if let Some(trace) = self.trace {
            line[TRACE] = json!(trace);
        }
        line
    }

    fn put(&mut self, field: &Field, value: Value) {
        self.fields.insert(field.name().to_owned(), value);
    }

    /// A text, cut where the line has become too long.
    fn put_text(&mut self, field: &Field, mut text: String) {
        let room = limit::LOG_TEXT_BYTES - self.bytes;
        if text.len() > room {
            let is_end = |at: &usize| text.is_char_boundary(*at);
            let end = (0..=room).rev().find(is_end).unwrap_or(0);
            text.truncate(end);
            text.push('…');
        }
        self.bytes = (self.bytes + text.len()).min(limit::LOG_TEXT_BYTES);
        match field.name() {
            "message" => self.message = text,
            TRACE => self.trace = Some(text),
            _ => self.put(field, Value::String(text)),
        }
    }
}

impl Visit for Written {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, json!(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, json!(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, json!(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, json!(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put_text(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put_text(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Keeps what would be said.
    struct Kept(Arc<Mutex<Vec<(String, Value)>>>);

    impl Subscriber for Kept {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn event(&self, event: &Event<'_>) {
            let written = || {
                let mut written = Written::default();
                event.record(&mut written);
                written
            };
            let level = level(*event.metadata().level()).unwrap();
            let (text, json) = (written().text(level, "t"), written().json(level, "t"));
            self.0.lock().unwrap().push((text, json));
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn enter(&self, _: &Id) {}

        fn exit(&self, _: &Id) {}
    }

    fn said(write: impl FnOnce()) -> (String, Value) {
        let kept = Arc::new(Mutex::new(Vec::new()));
        tracing::subscriber::with_default(Kept(kept.clone()), write);
        let mut all = kept.lock().unwrap();
        assert_eq!(all.len(), 1);
        all.remove(0)
    }

    #[test]
    fn an_event_is_one_line_and_no_secret_is_in_it() {
        let secret = crate::Secret::new("canary");
        let (text, json) = said(|| {
            tracing::warn!(count = 3, who = "a b\n", ?secret, "late\nerror: {}", secret);
        });
        let expected = r#"warning: t: late\nerror: *** count=3 who="a b\n" secret="***""#;
        assert_eq!(text, expected);
        assert_eq!(json["message"], json!("late\nerror: ***"));
        let fields = json!({ "count": 3, "who": "a b\n", "secret": "***" });
        assert_eq!((&json["fields"], &json["level"]), (&fields, &json!("warn")));
        assert_eq!((&json["target"], json.get(TRACE)), (&json!("t"), None));
        let (text, json) = said(|| tracing::info!(trace_id = "7", "warning: mine"));
        assert_eq!(text, "info: t: warning: mine trace_id=7");
        assert_eq!(json["message"], json!("warning: mine"));
        assert_eq!((&json[TRACE], json.get("fields")), (&json!("7"), None));
    }

    #[test]
    fn a_line_has_an_end() {
        let long = "ä".repeat(limit::LOG_TEXT_BYTES);
        let (text, _) = said(|| tracing::info!(more = long.as_str(), "{long}"));
        assert!(text.len() < limit::LOG_TEXT_BYTES + 100, "{}", text.len());
        assert_eq!(text.matches('…').count(), 2);
    }
}
