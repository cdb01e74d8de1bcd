//! One method: as steps and bindings, or in a short form that becomes them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::Reader;
use super::fields::{BINDING, METHOD, STEP};
use crate::composition::definition::{
    Binding, End, Merge, Method, OnFailure, Outcome, Port, Step, Target,
};

/// The forms of a method, of which each has one.
const FORMS: [&str; 5] = ["call", "chain", "fan_out", "wrap", "steps"];

/// Steps, bindings and result of a method.
pub(super) type Graph = (BTreeMap<String, Step>, Vec<Binding>, Option<Outcome>);

impl Reader<'_> {
    pub(super) fn method(&mut self, value: &Value, pointer: &str) -> Option<Method> {
        let table = self.table(value, pointer, METHOD)?;
        let forms: Vec<&str> = FORMS
            .into_iter()
            .filter(|form| table.contains_key(*form))
            .collect();
        let [form] = forms.as_slice() else {
            let message = format!("a method has one of `{}`", FORMS.join("`, `"));
            self.problems.add("config_invalid_value", message, pointer);
            return None;
        };
        let only = |field: &str| match field {
            "merge" => &["fan_out"][..],
            "before" | "after" | "instead" => &["wrap"],
            "bindings" => &["steps"],
            "with" => &["call"],
            _ => &FORMS,
        };
        for field in table.keys().filter(|field| !only(field).contains(form)) {
            let message = format!(
                "`{field}` belongs to a method with `{}`",
                only(field).join("` or `")
            );
            self.problems.add(
                "config_invalid_value",
                message,
                &format!("{pointer}/{field}"),
            );
        }
        let (steps, bindings, result) = match *form {
            "call" => self.single(table, pointer),
            "chain" => self.chain(table, pointer),
            "fan_out" => self.fan_out(table, pointer),
            "wrap" => self.wrap(table, pointer),
            _ => self.graph(table, pointer),
        };
        let map = self.text(table, "map", pointer).map(Arc::from);
        let result = match self.result(table, pointer) {
            Some(given) => Some(given),
            None => result,
        };
        let mut result = result?;
        result.map = map;
        Some(Method {
            description: self.text(table, "description", pointer).unwrap_or_default(),
            timeout: self.duration(table, "timeout", pointer),
            input: table.get("input").cloned(),
            output: table.get("output").cloned(),
            steps,
            bindings,
            result,
        })
    }

    fn graph(&mut self, table: &Map<String, Value>, pointer: &str) -> Graph {
        let mut steps = BTreeMap::new();
        for (name, value, pointer) in self.entries(table, "steps", pointer) {
            self.named(&name, &pointer);
            if name == "input" {
                let message =
                    "a step cannot be called `input`: that is the method's own".to_owned();
                self.problems.add("bad_name", message, &pointer);
            }
            steps.extend(self.step(value, &pointer).map(|step| (name, step)));
        }
        let mut bindings = Vec::new();
        for (value, pointer) in self.array(table, "bindings", pointer) {
            bindings.extend(self.binding(value, &pointer));
        }
        let feeds = |name: &str| {
            bindings.iter().any(|binding| {
                binding.from.end == End::Step(name.to_owned())
                    && matches!(binding.to.end, End::Step(_))
            })
        };
        let ends: Vec<&String> = steps.keys().filter(|name| !feeds(name)).collect();
        let result = match ends.as_slice() {
            [end] => Some(only(end, &format!("{pointer}/steps/{end}"))),
            _ if table.contains_key("result") => None,
            _ => {
                let message = "nothing says which step gives the result".to_owned();
                let help = "add `result = \"STEP\"`, or a table of names and steps";
                self.problems
                    .add_with("config_missing", message, pointer, help);
                None
            }
        };
        (steps, bindings, result)
    }

    fn step(&mut self, value: &Value, pointer: &str) -> Option<Step> {
        // Short for a step that says nothing else.
        if let Some(text) = value.as_str() {
            return self.target(text, pointer).map(|call| step(call, pointer));
        }
        let table = self.table(value, pointer, STEP)?;
        let call = self.needed(table, "call", pointer)?;
        let call = self.target(&call, &format!("{pointer}/call"))?;
        let instead = self.text(table, "instead", pointer);
        let instead = instead.and_then(|text| self.target(&text, &format!("{pointer}/instead")));
        Some(Step {
            call,
            instead,
            after: self.texts(table, "after", pointer),
            with: self.with(table, pointer),
            on_failure: self.on_failure(table, pointer).unwrap_or_default(),
            pointer: pointer.to_owned(),
        })
    }

    pub(super) fn with(&mut self, table: &Map<String, Value>, pointer: &str) -> Map<String, Value> {
        match table.get("with") {
            None => Map::new(),
            Some(Value::Object(with)) => with.clone(),
            Some(other) => {
                self.problems
                    .wrong_type("a table", other, &format!("{pointer}/with"));
                Map::new()
            }
        }
    }

    fn binding(&mut self, value: &Value, pointer: &str) -> Option<Binding> {
        let table = self.table(value, pointer, BINDING)?;
        let from = self.needed(table, "from", pointer);
        let to = self.needed(table, "to", pointer);
        let kind = self.text(table, "type", pointer);
        let from = self.port(&from?, &format!("{pointer}/from"));
        let to = self.port(&to?, &format!("{pointer}/to"));
        let is_event = matches!(to.end, End::Event(_));
        match kind.as_deref() {
            None => {}
            Some("data_flow") if !is_event => {}
            Some("event_flow") if is_event => {}
            Some("data_flow" | "event_flow") => {
                let message =
                    "`event_flow` binds to an `event:TYPE`, `data_flow` to a step".to_owned();
                self.problems
                    .add("config_invalid_value", message, &format!("{pointer}/type"));
            }
            Some(other) => {
                let at = format!("{pointer}/type");
                self.problems
                    .unknown("binding type", other, &at, ["data_flow", "event_flow"]);
            }
        }
        Some(Binding {
            from,
            to,
            map: self.text(table, "map", pointer).map(Arc::from),
            on_failure: self.on_failure(table, pointer),
            each: self.flag(table, "each", pointer),
            pointer: pointer.to_owned(),
        })
    }

    fn on_failure(&mut self, table: &Map<String, Value>, pointer: &str) -> Option<OnFailure> {
        let at = format!("{pointer}/on_failure");
        match table.get("on_failure")? {
            Value::String(text) if text == "fail" => Some(OnFailure::Fail),
            Value::String(text) if text == "skip" => Some(OnFailure::Skip),
            Value::Object(inner) if inner.len() == 1 && inner.contains_key("default") => {
                inner.get("default").cloned().map(OnFailure::Default)
            }
            _ => {
                let message =
                    "`on_failure` is \"fail\", \"skip\" or { default = VALUE }".to_owned();
                self.problems.add("config_invalid_value", message, &at);
                None
            }
        }
    }

    fn result(&mut self, table: &Map<String, Value>, pointer: &str) -> Option<Outcome> {
        let at = format!("{pointer}/result");
        let (merge, ports) = match table.get("result")? {
            Value::String(text) => (Merge::Only, vec![(String::new(), self.port(text, &at))]),
            Value::Object(inner) => {
                let mut ports = Vec::new();
                for (name, value) in inner {
                    match value.as_str() {
                        Some(text) => ports.push((name.clone(), self.port(text, &at))),
                        None => self.problems.wrong_type("a string", value, &at),
                    }
                }
                (Merge::Named, ports)
            }
            other => {
                self.problems.wrong_type("a string or a table", other, &at);
                return None;
            }
        };
        Some(Outcome {
            merge,
            ports,
            map: None,
            pointer: at,
        })
    }

    /// `input`, `STEP` or `event:TYPE`, each with a `#/pointer` if it is a part.
    fn port(&mut self, text: &str, at: &str) -> Port {
        let (end, pointer) = text.split_once('#').unwrap_or((text, ""));
        if !(pointer.is_empty() || pointer.starts_with('/')) {
            let message = format!("`#{pointer}` is no JSON pointer: write `#/field`");
            self.problems.add("config_invalid_value", message, at);
        }
        let end = match end.strip_prefix("event:") {
            Some(kind) => End::Event(kind.to_owned()),
            None if end == "input" => End::Input,
            None => End::Step(end.to_owned()),
        };
        Port {
            end,
            pointer: pointer.to_owned(),
        }
    }
}

impl Port {
    pub(super) fn input() -> Self {
        Self {
            end: End::Input,
            pointer: String::new(),
        }
    }

    pub(super) fn step(name: &str) -> Self {
        Self {
            end: End::Step(name.to_owned()),
            pointer: String::new(),
        }
    }
}

pub(super) fn step(call: Target, pointer: &str) -> Step {
    Step {
        call,
        instead: None,
        after: Vec::new(),
        with: Map::new(),
        on_failure: OnFailure::Fail,
        pointer: pointer.to_owned(),
    }
}

/// All of a port into all of a step's parameters.
pub(super) fn whole(from: Port, to: &str, pointer: &str) -> Binding {
    Binding {
        from,
        to: Port::step(to),
        map: None,
        on_failure: None,
        each: false,
        pointer: pointer.to_owned(),
    }
}

pub(super) fn only(step: &str, pointer: &str) -> Outcome {
    Outcome {
        merge: Merge::Only,
        ports: vec![(String::new(), Port::step(step))],
        map: None,
        pointer: pointer.to_owned(),
    }
}
