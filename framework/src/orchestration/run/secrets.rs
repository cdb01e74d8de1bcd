use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Event, TaskError};

/// What stands where a secret stood.
const HIDDEN: &str = "***";

/// What `$secrets` is. A secret reaches the parameters of a call and nothing else: from what tasks give, from events
/// and from errors it is taken out, so that it is neither kept nor shown. What a method makes of one (its hash, its
/// Base64) cannot be known as one.
#[derive(Clone, Default)]
pub struct Secrets {
    value: Value,
    /// The longest first: one may be a part of another.
    words: Arc<[String]>,
}

impl Secrets {
    /// Secrets by their names.
    pub fn new(secrets: &BTreeMap<String, String>) -> Self {
        let mut words: Vec<String> = secrets.values().cloned().collect();
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        let pairs = secrets.iter();
        let pairs = pairs.map(|(name, word)| (name.clone(), Value::from(word.as_str())));
        Self {
            value: Value::Object(pairs.collect()),
            words: words.into(),
        }
    }

    pub(super) fn value(&self) -> &Value {
        &self.value
    }

    /// The value without secrets.
    pub(super) fn hide(&self, value: Value) -> Value {
        if self.words.is_empty() {
            return value;
        }
        match value {
            Value::String(text) => Value::String(self.hide_text(text)),
            Value::Array(values) => {
                Value::Array(values.into_iter().map(|value| self.hide(value)).collect())
            }
            Value::Object(entries) => {
                let entries = entries.into_iter();
                let hidden = entries.map(|(key, value)| (self.hide_text(key), self.hide(value)));
                Value::Object(hidden.collect::<Map<_, _>>())
            }
            other => other,
        }
    }

    pub(super) fn hide_text(&self, mut text: String) -> String {
        for word in &*self.words {
            if text.contains(word.as_str()) {
                text = text.replace(word.as_str(), HIDDEN);
            }
        }
        text
    }

    pub(super) fn hide_shared(&self, value: Arc<Value>) -> Arc<Value> {
        if self.words.is_empty() {
            return value;
        }
        Arc::new(self.hide(Arc::unwrap_or_clone(value)))
    }

    fn hide_error(&self, error: TaskError) -> TaskError {
        let hide = |text: Box<str>| Box::from(self.hide_text(text.into()));
        TaskError {
            kind: hide(error.kind),
            title: error.title.map(hide),
            detail: error.detail.map(hide),
            ..error
        }
    }

    /// What has happened, without secrets.
    pub(super) fn hide_event(&self, event: Event) -> Event {
        if self.words.is_empty() {
            return event;
        }
        match event {
            Event::Done {
                key,
                output,
                context,
            } => Event::Done {
                key,
                output: self.hide_shared(output),
                context: context.map(|context| self.hide_shared(context)),
            },
            Event::Failed { key, error } => Event::Failed {
                key,
                error: self.hide_error(error),
            },
            Event::Received { keys, event } => Event::Received {
                keys,
                event: self.hide_shared(event),
            },
            Event::Cancelled { reason } => Event::Cancelled {
                reason: self.hide_text(reason),
            },
            other @ (Event::Due { .. } | Event::Paused | Event::Resumed) => other,
        }
    }
}

/// Their names.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.value.as_object().into_iter().flat_map(Map::keys);
        f.debug_list().entries(names).finish()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_secret_is_found_in_texts_and_in_names_and_the_longer_one_first() {
        let pairs = [("a", "open"), ("b", "open-sesame")];
        let pairs = pairs.map(|(name, word)| (name.to_owned(), word.to_owned()));
        let secrets = Secrets::new(&pairs.into());
        let value = json!({"Bearer open-sesame": ["reopened", 7, null, {"a": "open-sesame!"}]});
        let hidden = json!({"Bearer ***": ["re***ed", 7, null, {"a": "***!"}]});
        assert_eq!(secrets.hide(value), hidden);
        assert_eq!(format!("{secrets:?}"), r#"["a", "b"]"#);
    }
}
