//! Which events a document may listen for at all. Most events concern few runs: the others are not woken by them.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::workflow::each_task;
use crate::orchestration::definition::{Consume, Definition, EventFilter, Template, Until, Work};

/// The types of events that may be wanted.
#[derive(Debug, Default)]
pub(in crate::orchestration) struct Hears {
    /// Whether the type of a wanted event is only known while it runs.
    is_any: bool,
    types: BTreeSet<Arc<str>>,
}

impl Hears {
    pub(super) fn of(definition: &Definition) -> Self {
        let mut hears = Self::default();
        each_task(&definition.tasks, &mut |task| {
            if let Work::Listen(listen) = &task.work {
                hears.consume(&listen.to);
            }
        });
        hears
    }

    fn consume(&mut self, consume: &Consume) {
        match consume {
            Consume::One(filter) => self.filter(filter),
            Consume::All(filters) => filters.iter().for_each(|filter| self.filter(filter)),
            Consume::Any { filters, until } => {
                self.is_any |= filters.is_empty();
                filters.iter().for_each(|filter| self.filter(filter));
                if let Some(Until::Event(consume)) = until {
                    self.consume(consume);
                }
            }
        }
    }

    fn filter(&mut self, filter: &EventFilter) {
        let kind = filter.with.iter().find_map(|(name, kind)| match kind {
            Template::Value(kind) if **name == *"type" => kind.as_str(),
            _ => None,
        });
        match kind {
            Some(kind) => drop(self.types.insert(kind.into())),
            None => self.is_any = true,
        }
    }

    /// Whether a task may want the event, a CloudEvent.
    pub(in crate::orchestration) fn may_want(&self, event: &Value) -> bool {
        let kind = event["type"].as_str();
        self.is_any || kind.is_some_and(|kind| self.types.contains(kind))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::orchestration::definition::read;

    fn wanted(listen: &str) -> Vec<&'static str> {
        let text = format!(
            "document: {{ dsl: 1.0.3, namespace: test, name: hears, version: 1.0.0 }}\ndo:\n  - hear: {{ listen: {{ to: {listen} }} }}\n"
        );
        let definition = read(&text, "hears.yaml").unwrap().definition;
        let hears = Hears::of(&definition);
        let kinds = ["paid", "sent", "other"].into_iter();
        kinds
            .filter(|kind| hears.may_want(&json!({ "type": kind })))
            .collect()
    }

    #[test]
    fn what_no_filter_can_match_is_not_wanted() {
        assert_eq!(wanted("{ one: { with: { type: paid } } }"), ["paid"]);
        assert_eq!(
            wanted("{ all: [{ with: { type: paid } }, { with: { type: sent } }] }"),
            ["paid", "sent"]
        );
        let until = "{ any: [{ with: { type: paid } }], until: { one: { with: { type: sent } } } }";
        assert_eq!(wanted(until), ["paid", "sent"]);
    }

    #[test]
    fn what_only_a_run_knows_may_be_every_event() {
        for any in [
            "{ any: [] }",
            "{ one: { with: { source: \"https://shop.test\" } } }",
            "{ one: { with: { type: \"${ .kind }\" } } }",
        ] {
            assert_eq!(wanted(any), ["paid", "sent", "other"], "{any}");
        }
    }
}
