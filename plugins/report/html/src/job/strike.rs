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
                json!({"type": "string", "pattern": "^(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"})
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

/// What no schema can say: the two costs make the total.
pub(super) fn contradiction(row: &Map<String, Value>) -> Option<String> {
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
    fn costs_that_do_not_add_up_are_found() {
        let row = |other: i64, total: Value| json!({"Cost Other": other, "Cost Repair": 5, "Cost Total $": total});
        assert_eq!(contradiction(row(2, json!(7)).as_object().unwrap()), None);
        assert!(
            contradiction(row(2, json!(8)).as_object().unwrap())
                .unwrap()
                .contains("make 7")
        );
        assert_eq!(
            contradiction(row(2, json!(null)).as_object().unwrap()),
            None,
            "a missing cost is the schema's to find"
        );
    }
}
