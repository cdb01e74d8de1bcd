//! Values as TOML text on one line.

use serde_json::{Map, Value};

/// A value as TOML. TOML has no null: as a value it has no text, in a table the name is left out.
pub(super) fn value(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(truth) => truth.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => string(text),
        Value::Array(items) => {
            let items: Option<Vec<String>> = items.iter().map(self::value).collect();
            format!("[{}]", items?.join(", "))
        }
        Value::Object(object) => table(object),
    })
}

fn table(object: &Map<String, Value>) -> String {
    let pairs = object
        .iter()
        .filter_map(|(name, item)| Some(format!("{} = {}", key(name), value(item)?)));
    let pairs: Vec<String> = pairs.collect();
    if pairs.is_empty() {
        "{}".to_owned()
    } else {
        format!("{{ {} }}", pairs.join(", "))
    }
}

/// A name as TOML: bare where that is allowed.
pub(super) fn key(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.chars().all(is_bare) {
        name.to_owned()
    } else {
        string(name)
    }
}

/// Names joined to a dotted key.
pub(super) fn dotted<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(key).collect::<Vec<_>>().join(".")
}

/// A basic string.
pub(super) fn string(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
