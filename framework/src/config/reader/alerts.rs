//! `[alerts.NAME]`: which numbers to watch.

use super::{Entries, Reader, Spot, unknown};
use crate::config::problem::{Code, Problem};
use crate::config::section::{ALERT, Alert, Field, FieldKind};
use crate::config::tree::{Node, join};
use crate::metrics;

impl Reader<'_> {
    pub(super) fn alerts(&mut self, entries: &Entries) {
        for (name, node) in entries {
            let pointer = join("/alerts", name);
            if !self.is_watching(&format!("the alert `{name}`"), node, &pointer) {
                continue;
            }
            let Some(entries) = self.table(name, node, &pointer) else {
                continue;
            };
            let mut alert = Alert::default();
            for (field, node, pointer) in self.fields("an alert", ALERT, entries, &pointer) {
                self.alert(&mut alert, field, node, &pointer);
            }
            self.complete(name, entries, node, &pointer);
            if !alert.metric.is_empty() && alert.above.is_some() != alert.below.is_some() {
                self.typed.alerts.insert(name.clone(), alert);
            }
        }
    }

    fn alert(&mut self, alert: &mut Alert, field: &Field, node: &Node, pointer: &str) {
        match field.name {
            "metric" => {
                alert.metric = self.metric(field, node, pointer).unwrap_or_default();
            }
            "of" => alert.of = self.metric(field, node, pointer),
            "labels" => {
                for (label, node) in self.table(field.name, node, pointer).into_iter().flatten() {
                    let text = self.text_of(label, FieldKind::Text, node, &join(pointer, label));
                    alert.labels.extend(text.map(|text| (label.clone(), text)));
                }
            }
            "percentile" => {
                alert.percentile = self.number(field, node, pointer);
                if alert
                    .percentile
                    .is_some_and(|share| !(0.0..=1.0).contains(&share))
                {
                    self.invalid(
                        "`percentile` lies between 0 and 1, such as 0.99".to_owned(),
                        node,
                        pointer,
                    );
                }
            }
            "above" => alert.above = self.number(field, node, pointer),
            "below" => alert.below = self.number(field, node, pointer),
            _ => {
                if let Some(window) = self.duration(field, node, pointer) {
                    alert.window = window;
                }
            }
        }
    }

    /// Whether this binary watches anything; if not, that is said of the first thing to be watched, and not passed over.
    pub(super) fn is_watching(&mut self, what: &str, node: &Node, pointer: &str) -> bool {
        if !cfg!(feature = "monitoring") {
            let message = format!("{what} is never looked at: this binary watches no metrics");
            let problem = Problem::new(Code::InvalidValue, pointer, message);
            let fix = "build with the feature `monitoring` of weldkit, or leave it out";
            self.problems.push(problem.at_key(&node.place).fix(fix));
        }
        cfg!(feature = "monitoring")
    }

    /// A name that the host tells, or may yet be told by a plugin: what a plugin counts is known only when it runs.
    fn metric(&mut self, field: &Field, node: &Node, pointer: &str) -> Option<String> {
        let text = self.text(field, node, pointer)?;
        // As a monitoring system shows a counter.
        let name = text.strip_suffix("_total").unwrap_or(&text);
        let is_of = |plugin: &str| {
            let rest = name.strip_prefix(&metrics::prefix(plugin));
            rest.is_some_and(|rest| rest.starts_with('_'))
        };
        let mut plugins = self.catalog.plugins.iter();
        if metrics::HOST.contains(&name) || plugins.any(|plugin| is_of(&plugin.id)) {
            return Some(name.to_owned());
        }
        let problem = unknown("metric", name, Spot::Value(node), pointer, metrics::HOST);
        let fix = "`app metrics --format prometheus` shows every name; those of a plugin begin with its id";
        self.problems.push(problem.fix(fix));
        None
    }

    /// Refuses an alert that says too little or too much. What is there and wrong has been reported.
    fn complete(&mut self, name: &str, entries: &Entries, node: &Node, pointer: &str) {
        if !entries.contains_key("metric") {
            let message = format!("the alert `{name}` does not say what it watches");
            let problem = Problem::new(Code::Missing, join(pointer, "metric"), message);
            let fix =
                "add `metric = \"weldkit_calls_failed\"`, or another that `app metrics` shows";
            self.problems.push(problem.at_key(&node.place).fix(fix));
        }
        let bounds = ["above", "below"].map(|bound| entries.contains_key(bound));
        let message = match bounds {
            [false, false] => format!("the alert `{name}` has no bound"),
            [true, true] => format!("the alert `{name}` has two bounds"),
            _ => return,
        };
        let code = if bounds[0] {
            Code::InvalidValue
        } else {
            Code::Missing
        };
        let problem = Problem::new(code, pointer, message);
        let fix = "write either `above` or `below`; two alerts watch both sides";
        self.problems.push(problem.at_key(&node.place).fix(fix));
    }
}
