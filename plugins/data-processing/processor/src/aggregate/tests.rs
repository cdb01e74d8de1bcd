use serde_json::json;

use super::*;

fn grouping(by: &[&str], aggregates: Value) -> Grouping {
    serde_json::from_value(json!({"by": by, "aggregates": aggregates})).unwrap()
}

fn every_aggregate() -> Grouping {
    let aggregates = json!({
        "n": {"fn": "count"}, "known": {"fn": "count", "field": "cost"}, "sum": {"fn": "sum", "field": "cost"},
        "mean": {"fn": "mean", "field": "cost"}, "min": {"fn": "min", "field": "cost"}, "max": {"fn": "max", "field": "day"},
        "days": {"fn": "distinct", "field": "day"}, "half": {"fn": "quantiles", "field": "cost", "at": [0.5, 1.0]}
    });
    grouping(&["species"], aggregates)
}

fn strikes() -> Vec<Value> {
    vec![
        json!({"species": "Canada goose", "cost": 10, "day": "1990-01-02"}),
        json!({"species": "Rock pigeon", "cost": null, "day": "1990-01-01"}),
        json!({"species": "Canada goose", "cost": 30, "day": "1990-01-02"}),
        json!({"species": "Canada goose", "cost": null, "day": "1990-01-03"}),
    ]
}

fn rows(grouping: &Grouping, items: &[Value], mode: Mode) -> Vec<Value> {
    let mut aggregator = Aggregator::new(grouping, mode).unwrap();
    items.iter().for_each(|item| aggregator.fold(item).unwrap());
    aggregator.table().unwrap().rows
}

#[test]
fn every_aggregate_gives_what_it_says() {
    let expected = [
        json!({"species": "Canada goose", "n": 3, "known": 2, "sum": 40, "mean": 20.0, "min": 10, "max": "1990-01-03", "days": 2, "half": [20.0, 30.0]}),
        json!({"species": "Rock pigeon", "n": 1, "known": 0, "sum": 0, "mean": null, "min": null, "max": "1990-01-01", "days": 1, "half": [null, null]}),
    ];
    assert_eq!(
        rows(&every_aggregate(), &strikes(), Mode::Accurate),
        expected
    );
    assert_eq!(
        rows(&every_aggregate(), &strikes(), Mode::Balanced),
        expected
    );
}

#[test]
fn partials_merge_to_the_same_rows_in_any_order() {
    let items: Vec<_> = (0..600)
        .map(
            |n| json!({"species": n % 7, "cost": f64::from(n * 7_919 % 613) / 10.0, "day": n % 11}),
        )
        .collect();
    for mode in [Mode::Fast, Mode::Balanced, Mode::Accurate] {
        let grouping = every_aggregate();
        let partial = |items: &[Value]| {
            let mut aggregator = Aggregator::new(&grouping, mode).unwrap();
            items.iter().for_each(|item| aggregator.fold(item).unwrap());
            // Through JSON and back: a partial may wait in a store.
            serde_json::from_str(&serde_json::to_string(&aggregator.into_partial()).unwrap())
                .unwrap()
        };
        let parts: Vec<PartialGrouping> = items.chunks(100).map(partial).collect();
        let merged = |parts: Vec<PartialGrouping>| {
            let mut aggregator = Aggregator::new(&grouping, mode).unwrap();
            parts
                .into_iter()
                .for_each(|part| aggregator.merge(part).unwrap());
            aggregator.table().unwrap().rows
        };
        let forward = merged(parts.clone());
        let backward = merged(parts.into_iter().rev().collect());
        if mode == Mode::Fast {
            // Rounded sums depend on the order, by as little as rounding does.
            let close = |left: &Value, right: &Value| {
                (left["sum"].as_f64().unwrap() - right["sum"].as_f64().unwrap()).abs() < 1e-6
            };
            assert!(
                forward
                    .iter()
                    .zip(&backward)
                    .all(|(left, right)| close(left, right) && left["half"] == right["half"])
            );
        } else {
            assert_eq!(forward, backward);
            assert_eq!(forward, rows(&grouping, &items, mode));
        }
    }
}

#[test]
fn numbers_are_aggregated_as_they_are() {
    let aggregates = json!({"sum": {"fn": "sum", "field": ""}, "n": {"fn": "count"}});
    let numbers: Vec<_> = (1..=5).map(Value::from).collect();
    assert_eq!(
        rows(&grouping(&[], aggregates.clone()), &numbers, Mode::Fast),
        [json!({"sum": 15, "n": 5})]
    );
    assert_eq!(
        rows(&grouping(&[], aggregates.clone()), &[], Mode::Fast),
        [json!({"sum": 0, "n": 0})]
    );
    assert_eq!(
        rows(
            &grouping(&[""], json!({"n": {"fn": "count"}})),
            &[json!(2), json!(2.0), json!("2")],
            Mode::Fast
        )
        .len(),
        2
    );
}

#[test]
fn what_does_not_fit_says_so() {
    for (field, item, part) in [
        ("cost", json!({"cost": "12"}), "`cast`"),
        ("cost", json!({"cost": [1]}), "an array is not a number"),
        ("cots", json!({"cost": 1}), "has `cost`"),
        ("cost", json!(5), "no field `cost`"),
    ] {
        let mut aggregator = Aggregator::new(
            &grouping(&[], json!({"total": {"fn": "sum", "field": field}})),
            Mode::Fast,
        )
        .unwrap();
        let reason = aggregator.fold(&item).unwrap_err();
        assert!(
            reason.contains("`total`") && reason.contains(part),
            "{reason}"
        );
    }
    let mut mixed = Aggregator::new(
        &grouping(&[], json!({"min": {"fn": "min", "field": ""}})),
        Mode::Fast,
    )
    .unwrap();
    mixed.fold(&json!(1)).unwrap();
    assert!(mixed.fold(&json!("a")).unwrap_err().contains("mixed"));
}

#[test]
fn every_problem_of_a_grouping_is_told_at_once() {
    let grouping: Grouping = serde_json::from_value(json!({
        "by": ["a", "/x/a"], "aggregates": {"a": {"fn": "count"}, "q": {"fn": "quantiles", "field": "c", "at": [2.0]}}
    }))
    .unwrap();
    let problems = Aggregator::new(&grouping, Mode::Fast).unwrap_err();
    let pointers: Vec<_> = problems
        .iter()
        .map(|(pointer, _)| pointer.as_str())
        .collect();
    assert_eq!(pointers, ["/by/1", "/aggregates/a", "/aggregates/q/at"]);
}

#[test]
fn a_partial_of_another_grouping_is_refused() {
    let mut aggregator =
        Aggregator::new(&grouping(&["a"], json!({"n": {"fn": "count"}})), Mode::Fast).unwrap();
    let other =
        Aggregator::new(&grouping(&["b"], json!({"n": {"fn": "count"}})), Mode::Fast).unwrap();
    assert!(aggregator.merge(other.into_partial()).is_err());
    let mut torn = aggregator.clone().into_partial();
    torn.groups.push(PartialGroup {
        key: vec![json!(1)],
        states: vec![State::Sum {
            total: Default::default(),
        }],
    });
    assert!(aggregator.merge(torn).is_err());
}
