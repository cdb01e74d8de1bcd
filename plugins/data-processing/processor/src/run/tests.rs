use serde_json::json;
use weldkit_data_processing::{Mode, Operation};

use super::*;
use crate::expression::Expressions;

fn run(operations: Value, items: &[Value], batch: usize) -> Result<Vec<Value>, ProcessingError> {
    let operations: Vec<Operation> = serde_json::from_value(operations).unwrap();
    let mut run = Run::new(Plan::new(
        &operations,
        Mode::Balanced,
        &Expressions::default(),
    )?);
    let mut results = Vec::new();
    for batch in items.chunks(batch) {
        results.extend(run.push(batch.to_vec())?);
    }
    results.extend(run.finish()?);
    Ok(results)
}

fn strikes() -> Vec<Value> {
    vec![
        json!({"Species": "Canada goose", "Cost": "10", "Speed": "", "Date": "1990-01-08"}),
        json!({"Species": "Rock pigeon", "Cost": "0", "Speed": "140", "Date": "1990-02-08"}),
        json!({"Species": "Canada goose", "Cost": "7.5", "Speed": "130", "Date": "1991-01-30"}),
    ]
}

#[test]
fn every_operation_does_what_it_says_whatever_the_batch() {
    let cases = [
        (json!([]), json!(strikes())),
        (
            json!([{"op": "select", "fields": ["Cost"]}, {"op": "limit", "count": 1, "offset": 1}]),
            json!([{"Cost": "0"}]),
        ),
        (
            json!([{"op": "select", "fields": ["Cost", "Wings"], "missing": "null"}, {"op": "limit", "count": 1}]),
            json!([{"Cost": "10", "Wings": null}]),
        ),
        (
            json!([{"op": "select", "fields": ["Cost", "Date"]}, {"op": "rename", "fields": {"Cost": "Date", "Date": "Cost"}}, {"op": "limit", "count": 1}]),
            json!([{"Date": "10", "Cost": "1990-01-08"}]),
        ),
        (
            json!([{"op": "cast", "field": "Cost", "to": "number"}, {"op": "filter", "expr": ".Cost > 5"}, {"op": "select", "fields": ["Cost"]}]),
            json!([{"Cost": 10}, {"Cost": 7.5}]),
        ),
        (
            json!([{"op": "cast", "field": "Speed", "to": "integer", "on_error": "null"}, {"op": "select", "fields": ["Speed"]}]),
            json!([{"Speed": null}, {"Speed": 140}, {"Speed": 130}]),
        ),
        (
            json!([{"op": "cast", "field": "Speed", "to": "integer", "on_error": "drop"}, {"op": "select", "fields": ["Speed"]}]),
            json!([{"Speed": 140}, {"Speed": 130}]),
        ),
        (
            json!([{"op": "derive", "field": "Month", "expr": ".Date[0:7]"}, {"op": "derive", "field": "", "expr": ".Month"}]),
            json!(["1990-01", "1990-02", "1991-01"]),
        ),
        (
            json!([
                {"op": "cast", "field": "Cost", "to": "number"},
                {"op": "group_by", "by": ["Species"], "aggregates": {"strikes": {"fn": "count"}, "cost": {"fn": "sum", "field": "Cost"}}},
                {"op": "sort", "by": [{"field": "cost", "order": "descending"}]},
                {"op": "derive", "field": "mean", "expr": ".cost / .strikes"},
            ]),
            json!([
                {"Species": "Canada goose", "strikes": 2, "cost": 17.5, "mean": 8.75},
                {"Species": "Rock pigeon", "strikes": 1, "cost": 0, "mean": 0.0},
            ]),
        ),
        (
            json!([{"op": "sort", "by": [{"field": "Species"}, {"field": "Date", "order": "descending"}]}, {"op": "select", "fields": ["Date"]}]),
            json!([{"Date": "1991-01-30"}, {"Date": "1990-01-08"}, {"Date": "1990-02-08"}]),
        ),
    ];
    for (operations, expected) in cases {
        for batch in [1, 2, 3, 100] {
            assert_eq!(
                json!(run(operations.clone(), &strikes(), batch).unwrap()),
                expected,
                "{operations} in batches of {batch}"
            );
        }
    }
}

#[test]
fn plain_values_pass_and_can_be_worked_on() {
    let numbers = [json!(1), json!(2), json!(3), json!(4), json!(5)];
    assert_eq!(run(json!([]), &numbers, 2).unwrap(), numbers);
    let doubled = run(
        json!([{"op": "derive", "field": "", "expr": ". * 2"}, {"op": "filter", "expr": ". > 4"}]),
        &numbers,
        2,
    );
    assert_eq!(doubled.unwrap(), [json!(6), json!(8), json!(10)]);
}

#[test]
fn limits_cross_batches() {
    let numbers: Vec<_> = (0..20).map(Value::from).collect();
    for batch in 1..21 {
        for (offset, count) in [
            (0, 0),
            (0, 5),
            (3, 5),
            (19, 5),
            (25, 5),
            (0, u64::MAX),
            (u64::MAX, u64::MAX),
        ] {
            let expected: Vec<_> = (0..20_u64)
                .filter(|n| *n >= offset && *n - offset < count)
                .map(Value::from)
                .collect();
            let limited = run(
                json!([{"op": "limit", "count": count, "offset": offset}]),
                &numbers,
                batch,
            )
            .unwrap();
            assert_eq!(
                limited, expected,
                "{count} from {offset} in batches of {batch}"
            );
        }
    }
}

#[test]
fn a_failing_item_is_named_with_its_operation() {
    let select = json!({"op": "select", "fields": ["Cost", "Species"]});
    for (operation, item, part) in [
        (
            json!({"op": "cast", "field": "Cost", "to": "integer"}),
            "/data/2",
            "`\"7.5\"` cannot be cast to an integer",
        ),
        (
            json!({"op": "cast", "field": "Kost", "to": "integer"}),
            "/data/0",
            "the record has `Cost`, `Species`",
        ),
        (
            json!({"op": "filter", "expr": ".Cost | fromjson | . > 1 or error(\"cheap\")"}),
            "/data/1",
            "cheap",
        ),
        (
            json!({"op": "rename", "fields": {"Cost": "Species"}}),
            "/data/0",
            "already",
        ),
        (
            json!({"op": "select", "fields": ["Nope"]}),
            "/data/0",
            "no field `Nope`",
        ),
        (
            json!({"op": "sort", "by": [{"field": "Nope"}]}),
            "/data/0",
            "no field `Nope`",
        ),
    ] {
        for batch in [1, 3] {
            match run(json!([select, operation]), &strikes(), batch).unwrap_err() {
                ProcessingError::ItemFailed {
                    operation: pointer,
                    item: found,
                    reason,
                } => {
                    assert_eq!(
                        (pointer.as_str(), found.as_str()),
                        ("/operations/1", item),
                        "{operation}"
                    );
                    assert!(reason.contains(part), "{reason}");
                }
                other => panic!("{other}"),
            }
        }
    }
}

#[test]
fn every_problem_of_every_operation_is_told_at_once() {
    let operations = json!([
        {"op": "filter", "expr": ".a |"},
        {"op": "select", "fields": ["a"]},
        {"op": "derive", "field": "b", "expr": "now"},
        {"op": "group_by", "by": ["x"], "aggregates": {"x": {"fn": "count"}}},
        {"op": "select", "fields": ["a", "/b/a"]},
        {"op": "rename", "fields": {"a": "z", "b": "z"}},
        {"op": "sort", "by": []},
    ]);
    let ProcessingError::InvalidOperations { problems } = run(operations, &[], 1).unwrap_err()
    else {
        panic!("another error")
    };
    let pointers: Vec<_> = problems
        .iter()
        .map(|problem| problem.pointer.as_str())
        .collect();
    assert_eq!(
        pointers,
        [
            "/operations/0/expr",
            "/operations/2/expr",
            "/operations/3/aggregates/x",
            "/operations/4/fields/1",
            "/operations/5/fields/b",
            "/operations/6/by",
        ]
    );
}
