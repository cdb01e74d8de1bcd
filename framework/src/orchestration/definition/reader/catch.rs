//! Errors: raised, caught and tried again.

use serde_json::{Map, Value};

use super::super::model::{Backoff, ErrorTemplate, Retry, Span, Try};
use super::Reader;
use super::cursor::{Cursor, Fields};
use super::reuse::Kind;

impl<'d> Reader<'d, '_, '_> {
    pub(super) fn raise(&mut self, at: &Cursor<'d>) -> ErrorTemplate {
        let fields = self.fields(at, &["error"]);
        let error = self.required(&fields, "error");
        let error = error.and_then(|at| match at.text() {
            Some(_) => self.referenced(&at, Kind::Error),
            None => Some(at),
        });
        match error {
            Some(at) => self.error(&at),
            None => ErrorTemplate {
                kind: super::call::nothing(),
                status: 0,
                title: None,
                detail: None,
                instance: None,
            },
        }
    }

    /// The definition of an error.
    pub(super) fn error(&mut self, at: &Cursor<'d>) -> ErrorTemplate {
        let fields = self.fields(at, &["type", "status", "title", "detail", "instance"]);
        let kind = self.required(&fields, "type").map(|at| self.uri(&at));
        let status = self.required(&fields, "status").map(|at| self.status(&at));
        let mut text = |key| fields.get(key).map(|at| self.text_template(&at));
        ErrorTemplate {
            title: text("title"),
            detail: text("detail"),
            instance: text("instance"),
            kind: kind.unwrap_or_else(super::call::nothing),
            status: status.unwrap_or_default(),
        }
    }

    fn status(&mut self, at: &Cursor<'d>) -> u16 {
        u16::try_from(self.integer(at, 100, 599)).unwrap_or_default()
    }

    /// `try` with its `catch`.
    pub(super) fn attempt(&mut self, at: &Cursor<'d>, task: &Fields<'d>) -> Try {
        let tasks = self.tasks(at);
        let known = ["errors", "as", "when", "exceptWhen", "retry", "do"];
        let catch = self
            .required(task, "catch")
            .map(|at| self.fields(&at, &known));
        let get = |key| catch.as_ref().and_then(|catch| catch.get(key));
        let name = self.variable(get("as"), "error");
        let errors = get("errors").and_then(|at| self.error_filter(&at));
        self.scoped(&[&name], |reader| Try {
            tasks,
            errors,
            name: name.clone(),
            condition: get("when").map(|at| reader.expression(&at)),
            except: get("exceptWhen").map(|at| reader.expression(&at)),
            retry: get("retry").and_then(|at| reader.retry_or_reference(&at)),
            handler: get("do").map(|at| reader.tasks(&at)),
        })
    }

    fn error_filter(&mut self, at: &Cursor<'d>) -> Option<Map<String, Value>> {
        let fields = self.fields(at, &["with"]);
        let with = fields.get("with")?;
        let known = ["type", "status", "title", "detail", "details", "instance"];
        self.fields(&with, &known);
        let properties = with.properties();
        if with.is_object() && properties.is_empty() {
            self.invalid(&with, "names no property of an error");
        }
        let mut filter = Map::new();
        for (key, at) in properties {
            // The error itself calls `detail` what the filter calls `details`.
            let (key, value) = match &*key {
                "status" => ("status", Value::from(self.status(&at))),
                "details" => ("detail", Value::from(&*self.text(&at))),
                key => (key, Value::from(&*self.text(&at))),
            };
            filter.insert(key.into(), value);
        }
        Some(filter)
    }

    fn retry_or_reference(&mut self, at: &Cursor<'d>) -> Option<Retry> {
        let at = match at.text() {
            Some(_) => self.referenced(at, Kind::Retry)?,
            None => at.clone(),
        };
        Some(self.retry(&at))
    }

    /// The definition of when and how often something is tried again.
    pub(super) fn retry(&mut self, at: &Cursor<'d>) -> Retry {
        let known = ["when", "exceptWhen", "delay", "backoff", "limit", "jitter"];
        let fields = self.fields(at, &known);
        let limit = fields
            .get("limit")
            .map(|at| self.fields(&at, &["attempt", "duration"]));
        let attempt = limit.as_ref().and_then(|limit| limit.get("attempt"));
        let attempt = attempt.map(|at| self.fields(&at, &["count", "duration"]));
        let most = u64::from(u32::MAX);
        let count = attempt.as_ref().and_then(|attempt| attempt.get("count"));
        let count = count.map(|at| self.integer(&at, 1, most));
        let attempt_duration = attempt.and_then(|attempt| attempt.get("duration"));
        Retry {
            condition: fields.get("when").map(|at| self.expression(&at)),
            except: fields.get("exceptWhen").map(|at| self.expression(&at)),
            delay: fields.get("delay").map(|at| self.span(&at)),
            backoff: fields
                .get("backoff")
                .map_or(Backoff::Constant, |at| self.backoff(&at)),
            attempts: count.and_then(|count| u32::try_from(count).ok()),
            attempt_duration: attempt_duration.map(|at| self.span(&at)),
            duration: limit
                .and_then(|limit| limit.get("duration"))
                .map(|at| self.span(&at)),
            jitter: fields.get("jitter").and_then(|at| self.jitter(&at)),
        }
    }

    fn backoff(&mut self, at: &Cursor<'d>) -> Backoff {
        let words = ["constant", "linear", "exponential"];
        let fields = self.fields(at, &words);
        let Some((word, at)) = self.one_of(&fields, &words) else {
            return Backoff::Constant;
        };
        // The DSL leaves open what may stand in it.
        self.fields(&at, &[]);
        match word {
            "constant" => Backoff::Constant,
            "linear" => Backoff::Linear,
            _ => Backoff::Exponential,
        }
    }

    fn jitter(&mut self, at: &Cursor<'d>) -> Option<(Span, Span)> {
        let fields = self.fields(at, &["from", "to"]);
        let from = self.required(&fields, "from").map(|at| self.span(&at));
        let to = self.required(&fields, "to").map(|at| self.span(&at));
        let (from, to) = (from?, to?);
        if let (Span::Fixed(from), Span::Fixed(to)) = (&from, &to)
            && from > to
        {
            self.invalid(at, "ends before it starts: `from` is longer than `to`");
        }
        Some((from, to))
    }
}
