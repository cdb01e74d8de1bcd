//! What a wildlife strike is: how it is read, what is checked, how it is made uniform, what is counted.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use weldkit_data_processing::{Aggregate, Grouping, Missing, Operation};
use weldkit_records::{ColumnType, ReadOptions};

/// The columns of the file, the names that they get, and their types.
const COLUMNS: [(&str, &str, ColumnType); 14] = [
    ("Airport Name", "airport", ColumnType::String),
    ("Aircraft Make Model", "aircraft", ColumnType::String),
    ("Effect Amount of damage", "damage", ColumnType::String),
    ("Flight Date", "date", ColumnType::String),
    ("Aircraft Airline Operator", "operator", ColumnType::String),
    ("Origin State", "state", ColumnType::String),
    ("Phase of flight", "phase", ColumnType::String),
    ("Wildlife Size", "size", ColumnType::String),
    ("Wildlife Species", "species", ColumnType::String),
    ("Time of day", "time_of_day", ColumnType::String),
    ("Cost Other", "cost_other", ColumnType::Integer),
    ("Cost Repair", "cost_repair", ColumnType::Integer),
    ("Cost Total $", "cost", ColumnType::Integer),
    ("Speed IAS in knots", "speed", ColumnType::Integer),
];

/// How the file is read.
pub(super) fn read_options(batch_size: u32) -> ReadOptions {
    let types = COLUMNS.map(|(name, _, of)| (name.to_owned(), of));
    ReadOptions {
        types: BTreeMap::from(types),
        batch_size: Some(batch_size),
        ..ReadOptions::default()
    }
}

/// The JSON Schema of a row.
pub(super) fn schema() -> Value {
    let text = json!({"type": "string", "minLength": 1, "maxLength": 200, "pattern": "\\S"});
    let dollars = json!({"type": "integer", "minimum": 0, "maximum": 10_000_000_000_i64});
    let mut properties = Map::new();
    for (name, _, of) in COLUMNS {
        let rule = match (name, of) {
            ("Flight Date", _) => {
                json!({"type": "string", "format": "date"})
            }
            ("Speed IAS in knots", _) => {
                json!({"type": ["integer", "null"], "minimum": 0, "maximum": 2_000})
            }
            (_, ColumnType::Integer) => dollars.clone(),
            _ => text.clone(),
        };
        properties.insert(name.to_owned(), rule);
    }
    let required: Vec<_> = COLUMNS.iter().map(|(name, ..)| *name).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Wildlife strike",
        "type": "object",
        "properties": properties,
        "required": required,
    })
}

/// What a schema cannot say, or need not be asked for: the date is one even where `format` is not checked, and the two
/// costs make the total.
pub(super) fn contradiction(row: &Map<String, Value>) -> Option<String> {
    let date = row
        .get("Flight Date")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if !is_date(date) {
        return Some(format!(
            "the flight date `{date}` is not a date such as 2001-05-31"
        ));
    }
    let dollars = |name: &str| row.get(name).and_then(Value::as_i64);
    let (other, repair, total) = (
        dollars("Cost Other")?,
        dollars("Cost Repair")?,
        dollars("Cost Total $")?,
    );
    let sum = other.checked_add(repair)?;
    (sum != total).then(|| {
        format!("the total cost is {total}, but `Cost Other` and `Cost Repair` make {sum}")
    })
}

fn is_date(text: &str) -> bool {
    let parts: Vec<_> = text
        .split('-')
        .map(|part| (part.len(), part.parse::<u32>()))
        .collect();
    let [(4, Ok(_)), (2, Ok(month)), (2, Ok(day))] = parts[..] else {
        return false;
    };
    (1..=12).contains(&month) && (1..=31).contains(&day)
}

/// The operations that make a row uniform.
pub(super) fn normalise() -> Vec<Operation> {
    let fields = COLUMNS.map(|(from, to, _)| (from.to_owned(), to.to_owned()));
    vec![
        Operation::Rename { fields: BTreeMap::from(fields), missing: Missing::Fail },
        Operation::Derive {
            field: String::new(),
            expr: ". + {airport: (.airport | trim), species: (.species | trim), phase: (.phase | trim), \
                   month: .date[0:7], season: .date[5:7]}"
                .to_owned(),
        },
    ]
}

/// What is counted, in the order of [`Tally`](super::tally::Tally).
pub(super) fn groupings() -> Vec<Grouping> {
    let all = json!({
        "by": [],
        "aggregates": {
            "strikes": {"fn": "count"},
            "cost": {"fn": "sum", "field": "cost"},
            "speeds": {"fn": "count", "field": "speed"},
            "different": {"fn": "distinct", "field": ""},
            "first": {"fn": "min", "field": "date"},
            "last": {"fn": "max", "field": "date"},
        },
    });
    let all = Grouping::deserialize(all).expect("the grouping is valid");
    let by = |field: &str| {
        let mut aggregates = BTreeMap::from([
            ("strikes".to_owned(), Aggregate::Count { field: None }),
            (
                "cost".to_owned(),
                Aggregate::Sum {
                    field: "cost".to_owned(),
                },
            ),
        ]);
        if field == "phase" {
            aggregates.insert(
                "speed".to_owned(),
                Aggregate::Quantiles {
                    field: "speed".to_owned(),
                    at: vec![0.5],
                },
            );
        }
        Grouping {
            by: vec![field.to_owned()],
            aggregates,
        }
    };
    vec![
        all,
        by("species"),
        by("airport"),
        by("phase"),
        by("season"),
        by("month"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contradictions_are_found() {
        let row = |date: &str, other: i64, total: Value| json!({"Flight Date": date, "Cost Other": other, "Cost Repair": 5, "Cost Total $": total});
        for (row, part) in [
            (row("2001-05-31", 2, json!(7)), None),
            (row("2001-05-31", 2, json!(8)), Some("make 7")),
            (row("2001-13-31", 2, json!(7)), Some("not a date")),
            (row("31 May 2001", 2, json!(7)), Some("not a date")),
            // A missing cost is the schema's to find.
            (row("2001-05-31", 2, json!(null)), None),
        ] {
            let found = contradiction(row.as_object().unwrap());
            assert_eq!(found.is_some(), part.is_some(), "{row}: {found:?}");
            assert!(found.unwrap_or_default().contains(part.unwrap_or_default()));
        }
    }
}
