//! Events: published and waited for.

use std::sync::Arc;

use super::super::model::{
    Consume, Correlation, EventFilter, Expr, ForEach, Listen, Read, Template, Until,
};
use super::Reader;
use super::cursor::Cursor;

impl<'d> Reader<'d, '_, '_> {
    pub(super) fn emit(&mut self, at: &Cursor<'d>) -> Template {
        let fields = self.fields(at, &["event"]);
        let event = self
            .required(&fields, "event")
            .map(|at| self.fields(&at, &["with"]));
        let with = event.and_then(|event| self.required(&event, "with"));
        let Some(with) = with else {
            return super::call::nothing();
        };
        for key in ["source", "type"] {
            let fields = super::cursor::Fields { at: with.clone() };
            self.required(&fields, key);
        }
        let properties = self.attributes(&with);
        let plain = properties
            .iter()
            .all(|(_, value)| matches!(value, Template::Value(_)));
        if plain {
            Template::Value(self.value(&with))
        } else {
            Template::Object(properties)
        }
    }

    /// The properties of a CloudEvent.
    fn attributes(&mut self, at: &Cursor<'d>) -> Vec<(Arc<str>, Template)> {
        let mut attributes = Vec::new();
        for (key, at) in self.open(at) {
            let template = match &*key {
                "source" | "dataschema" => self.uri(&at),
                "id" | "type" | "time" | "subject" | "datacontenttype" => self.text_template(&at),
                _ => self.template(&at),
            };
            attributes.push((key, template));
        }
        attributes
    }

    pub(super) fn listen(&mut self, at: &Cursor<'d>, each: Option<Cursor<'d>>) -> Listen {
        let fields = self.fields(at, &["to", "read"]);
        let to = self
            .required(&fields, "to")
            .map(|at| self.consume(&at, true));
        let read = fields
            .get("read")
            .map(|at| self.word(&at, &["data", "envelope", "raw"]));
        Listen {
            to: to.unwrap_or_else(|| Consume::All(Vec::new())),
            read: match read.as_deref() {
                Some("envelope") => Read::Envelope,
                Some("raw") => Read::Raw,
                Some(_) | None => Read::Data,
            },
            each: each.map(|at| self.each_event(&at)),
        }
    }

    /// Which events; `until` is not for events that themselves end a wait.
    fn consume(&mut self, at: &Cursor<'d>, may_go_on: bool) -> Consume {
        let known = ["all", "any", "one", "until"];
        let fields = self.fields(at, if may_go_on { &known } else { &known[..3] });
        let which = self.one_of(&fields, &["all", "any", "one"]);
        let until = fields.get("until").filter(|_| may_go_on);
        if let (Some(until), Some(("all" | "one", _))) = (&until, &which) {
            self.invalid(until, "stands without `any`, to which alone it belongs");
        }
        match which {
            Some(("one", at)) => Consume::One(self.event_filter(&at)),
            Some(("any", at)) => Consume::Any {
                filters: self.event_filters(&at),
                until: until.map(|at| self.until(&at)),
            },
            Some((_, at)) => Consume::All(self.event_filters(&at)),
            None => Consume::All(Vec::new()),
        }
    }

    fn until(&mut self, at: &Cursor<'d>) -> Until {
        if at.is_object() {
            return Until::Event(Box::new(self.consume(at, false)));
        }
        let Some(text) = at.text() else {
            self.wrong_type(at, "an expression, or the events that end the wait");
            return Until::Never;
        };
        if super::template::unwrapped(text).unwrap_or(text.trim()) == "false" {
            return Until::Never;
        }
        Until::Condition(self.expression(at))
    }

    fn event_filters(&mut self, at: &Cursor<'d>) -> Vec<EventFilter> {
        let items = self.list(at);
        items.iter().map(|at| self.event_filter(at)).collect()
    }

    fn event_filter(&mut self, at: &Cursor<'d>) -> EventFilter {
        let fields = self.fields(at, &["with", "correlate"]);
        let with = self.required(&fields, "with").map(|at| {
            if at.is_object() && at.properties().is_empty() {
                self.invalid(&at, "names no attribute of an event");
            }
            self.attributes(&at)
        });
        let correlate = fields
            .get("correlate")
            .map(|at| self.open(&at))
            .unwrap_or_default();
        let correlate = correlate
            .into_iter()
            .map(|(key, at)| self.correlation(key, &at));
        EventFilter {
            correlate: correlate.collect(),
            with: with.unwrap_or_default(),
        }
    }

    fn correlation(&mut self, key: Arc<str>, at: &Cursor<'d>) -> Correlation {
        let fields = self.fields(at, &["from", "expect"]);
        let from = self
            .required(&fields, "from")
            .map(|at| self.expression(&at));
        Correlation {
            key,
            from: from.unwrap_or(Expr(0)),
            expect: fields.get("expect").map(|at| self.text_template(&at)),
        }
    }

    fn each_event(&mut self, at: &Cursor<'d>) -> ForEach {
        let fields = self.fields(at, &["item", "at", "do", "output", "export"]);
        let item = self.variable(fields.get("item"), "item");
        let index = self.variable(fields.get("at"), "index");
        self.scoped(&[&item, &index], |reader| ForEach {
            item: item.clone(),
            at: index.clone(),
            tasks: fields.get("do").map(|at| reader.tasks(&at)),
            output: reader.filter(fields.get("output"), "as"),
            export: reader.filter(fields.get("export"), "as"),
        })
    }
}
