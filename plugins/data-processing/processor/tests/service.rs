//! The service behind the gate: typed and by JSON, with the guide's own values.

use serde_json::{Value, json};
use weldkit::testing::TestHost;
use weldkit::{Code, ServiceError};
use weldkit_data_processing::{
    Aggregate, DataProcessing, Grouping, Operation, ProcessingError, Status,
};
use weldkit_data_processor::DataProcessor;

async fn host(settings: Value) -> TestHost {
    TestHost::new(|host| {
        host.plugin::<DataProcessor>()
            .settings("data-processing", settings)
    })
    .await
    .expect("the host starts")
}

async fn call(host: &TestHost, method: &str, input: Value) -> Result<Value, weldkit::CallError> {
    host.call(&format!("data_processing.{method}"), &input.to_string())
        .await
}

#[tokio::test]
async fn the_guides_batch_comes_back_as_it_went_in() {
    let host = host(json!({})).await;
    let input = json!({"data": [1, 2, 3, 4, 5]});
    let expected = json!({"status": "completed", "processed_count": 5, "results": [1, 2, 3, 4, 5]});
    assert_eq!(call(&host, "process_batch", input).await.unwrap(), expected);
    // Items are counted, not batches, and an integer may come as `2.0`.
    let batched = json!({"data": [1, 2, 3], "batch_size": 2.0, "operations": []});
    assert_eq!(
        call(&host, "process_batch", batched).await.unwrap()["processed_count"],
        3
    );
    assert_eq!(
        call(&host, "process_batch", json!({"data": []}))
            .await
            .unwrap()["processed_count"],
        0
    );
}

#[tokio::test]
async fn typed_and_json_calls_are_the_same_call() {
    let host = host(json!({"batch_size": 2})).await;
    let typed = host.service::<dyn DataProcessing>().unwrap();
    let operations = vec![
        Operation::Derive {
            field: String::new(),
            expr: ". * 10".into(),
        },
        Operation::Filter {
            expr: ". > 10".into(),
        },
    ];
    let data = vec![json!(1), json!(2), json!(3)];
    let processed = typed
        .process_batch(&host.ctx(), data, None, operations)
        .await
        .unwrap();
    assert_eq!(processed.status, Status::Completed);
    assert_eq!(processed.results, [json!(20), json!(30)]);
    let by_json = json!({"data": [1, 2, 3], "operations": [{"op": "derive", "field": "", "expr": ". * 10"}, {"op": "filter", "expr": ". > 10"}]});
    assert_eq!(
        call(&host, "process_batch", by_json).await.unwrap(),
        serde_json::to_value(processed).unwrap()
    );
}

#[tokio::test]
async fn a_stream_gives_each_batch_and_marks_the_last() {
    let host = host(json!({})).await;
    let typed = host.service::<dyn DataProcessing>().unwrap();
    let data: Vec<_> = (0..5).map(Value::from).collect();
    let batches = typed
        .process_stream(&host.ctx(), data.clone(), Some(2), vec![])
        .collect()
        .await
        .unwrap();
    let seen: Vec<_> = batches
        .iter()
        .map(|batch| {
            (
                batch.batch,
                batch.processed_count,
                batch.results.len(),
                batch.last,
            )
        })
        .collect();
    assert_eq!(seen, [(0, 2, 2, false), (1, 4, 2, false), (2, 5, 1, true)]);

    let count = Grouping {
        by: vec![],
        aggregates: [("n".to_owned(), Aggregate::Count { field: None })].into(),
    };
    let grouped = typed
        .process_stream(&host.ctx(), data, Some(2), vec![Operation::GroupBy(count)])
        .collect()
        .await
        .unwrap();
    let results: Vec<_> = grouped.into_iter().map(|batch| batch.results).collect();
    assert_eq!(results, [vec![], vec![], vec![json!({"n": 5})]]);

    let empty = typed
        .process_stream(&host.ctx(), vec![], None, vec![])
        .collect()
        .await
        .unwrap();
    assert!(empty.len() == 1 && empty[0].last);
}

#[tokio::test]
async fn a_stream_that_fails_keeps_what_it_gave_and_ends() {
    let host = host(json!({})).await;
    let typed = host.service::<dyn DataProcessing>().unwrap();
    let operations = vec![Operation::Cast {
        field: String::new(),
        to: weldkit_data_processing::Type::Integer,
        on_error: Default::default(),
    }];
    let mut stream = typed.process_stream(
        &host.ctx(),
        vec![json!("1"), json!("x"), json!("3")],
        Some(1),
        operations,
    );
    assert_eq!(stream.next().await.unwrap().unwrap().results, [json!(1)]);
    match stream.next().await.unwrap().unwrap_err() {
        ProcessingError::ItemFailed { item, .. } => assert_eq!(item, "/data/1"),
        other => panic!("{other}"),
    }
    assert!(stream.next().await.is_none());
    let statistics = typed.get_statistics(&host.ctx()).unwrap();
    assert_eq!(
        (statistics.total_operations, statistics.error_count),
        (1, 1)
    );
}

#[tokio::test]
async fn wrong_operations_are_all_told_with_their_places() {
    let host = host(json!({})).await;
    let operations =
        json!([{"op": "filter", "expr": ".a |"}, {"op": "derive", "field": "b", "expr": "now"}]);
    let error = call(
        &host,
        "process_batch",
        json!({"data": [1], "operations": operations}),
    )
    .await
    .unwrap_err();
    assert_eq!(*error.code(), Code::InvalidParameter);
    let problems = error.detail().unwrap()["problems"].as_array().unwrap();
    assert_eq!(problems[0]["pointer"], "/operations/0/expr");
    assert_eq!(problems[1]["pointer"], "/operations/1/expr");
    assert!(problems[1]["message"].as_str().unwrap().contains("now/0"));
}

#[tokio::test]
async fn input_that_breaks_the_contract_is_refused() {
    let host = host(json!({})).await;
    for (input, pointer) in [
        (json!({"data": [1], "batch_size": 0}), "/batch_size"),
        (json!({"data": [1], "batch_size": 10_001}), "/batch_size"),
        (json!({"data": {}}), "/data"),
        (
            json!({"data": [1], "operations": [{"op": "grow"}]}),
            "/operations",
        ),
        (
            json!({"data": [1], "operations": [{"op": "limit", "count": 1, "from": 3}]}),
            "/operations",
        ),
    ] {
        let error = call(&host, "process_batch", input.clone())
            .await
            .unwrap_err();
        assert_eq!(*error.code(), Code::InvalidParameter, "{input}: {error}");
        let told = format!("{error} {:?} {:?}", error.at(), error.detail());
        assert!(told.contains(pointer), "{input}: {told}");
    }
    let error = call(&host, "process_batch", json!({"data": [], "batchsize": 5}))
        .await
        .unwrap_err();
    assert_eq!(*error.code(), Code::UnknownParameter);
    assert!(error.message().contains("batch_size"), "{error}");
}

#[tokio::test]
async fn settings_that_break_their_schema_stop_the_start() {
    for settings in [
        json!({"batch_size": 0}),
        json!({"batch_size": 10_001}),
        json!({"processing_mode": "quick"}),
        json!({"batch": 5}),
    ] {
        let started = TestHost::new(|host| {
            host.plugin::<DataProcessor>()
                .settings("data-processing", settings.clone())
        })
        .await;
        assert!(started.is_err(), "{settings}");
    }
}

#[tokio::test]
async fn partial_aggregates_merge_over_json() {
    let host = host(json!({"processing_mode": "accurate"})).await;
    let groupings = json!([{"by": ["species"], "aggregates": {"strikes": {"fn": "count"}, "cost": {"fn": "sum", "field": "cost"}}}]);
    let strike = |species: &str, cost: f64| json!({"species": species, "cost": cost});
    let aggregate = |data: Value, partials: Value| {
        call(
            &host,
            "aggregate",
            json!({"groupings": groupings, "data": data, "partials": partials}),
        )
    };
    let first = aggregate(
        json!([strike("goose", 0.1), strike("gull", 1.0)]),
        json!([]),
    )
    .await
    .unwrap();
    let second = aggregate(json!([strike("goose", 0.2)]), json!([]))
        .await
        .unwrap();
    let merged = aggregate(json!([strike("goose", 0.3)]), json!([second, first]))
        .await
        .unwrap();
    assert_eq!(merged["items"], 4);
    let tables = call(&host, "tables", json!({"partial": merged}))
        .await
        .unwrap();
    let expected = json!([{"columns": ["species", "cost", "strikes"], "rows": [
        {"species": "goose", "strikes": 3, "cost": 0.6}, {"species": "gull", "strikes": 1, "cost": 1}
    ]}]);
    assert_eq!(tables, expected, "0.1 + 0.2 + 0.3 is rounded once");

    let mut other_mode = merged.clone();
    other_mode["mode"] = json!("fast");
    let error = aggregate(json!([]), json!([other_mode])).await.unwrap_err();
    assert_eq!(error.code().as_str(), "partial_mismatch");
    let mut newer = merged;
    newer["format"] = json!(2);
    let error = call(&host, "tables", json!({"partial": newer}))
        .await
        .unwrap_err();
    assert!(error.message().contains("form 2"), "{error}");
}

#[tokio::test]
async fn the_guides_metrics_count_every_call() {
    let host = host(json!({})).await;
    let before = call(&host, "get_statistics", json!({})).await.unwrap();
    assert_eq!(
        (
            &before["total_operations"],
            &before["success_rate"],
            &before["average_response_time"]
        ),
        (&json!(0), &json!(1.0), &json!(0.0))
    );
    for i in 0..100 {
        call(&host, "process_batch", json!({"data": [i, i + 1, i + 2]}))
            .await
            .unwrap();
    }
    let after = call(&host, "get_statistics", json!({})).await.unwrap();
    assert_eq!(
        (
            &after["total_operations"],
            &after["total_items"],
            &after["error_count"]
        ),
        (&json!(100), &json!(300), &json!(0))
    );
    assert!(after["success_rate"].as_f64().unwrap() > 0.9);
    assert!(after["average_response_time"].as_f64().unwrap() > 0.0);
    let items = host.metrics();
    assert_eq!(
        items.value("data_processing_items", &[]),
        Some(&weldkit::metrics::Value::Counter(300))
    );

    let wrong =
        json!({"data": ["x"], "operations": [{"op": "cast", "field": "", "to": "integer"}]});
    call(&host, "process_batch", wrong).await.unwrap_err();
    let failed = call(&host, "get_statistics", json!({})).await.unwrap();
    assert_eq!(
        (&failed["total_operations"], &failed["error_count"]),
        (&json!(101), &json!(1))
    );
    assert!((failed["success_rate"].as_f64().unwrap() - 100.0 / 101.0).abs() < 1e-12);
}

#[tokio::test]
async fn without_monitoring_nothing_is_counted() {
    let host = host(json!({"enable_monitoring": false})).await;
    call(&host, "process_batch", json!({"data": [1]}))
        .await
        .unwrap();
    let statistics = call(&host, "get_statistics", json!({})).await.unwrap();
    assert_eq!(
        (&statistics["monitoring"], &statistics["total_operations"]),
        (&json!(false), &json!(0))
    );
    let metrics = host.metrics();
    let own = |name: &str| name.starts_with("data_processing_");
    assert!(!metrics.families.iter().any(|family| own(&family.name)));
}

#[tokio::test]
async fn modes_differ_as_documented() {
    let values: Vec<_> = (0..5_000).map(|n| json!(f64::from(n) + 0.1)).collect();
    let operations = json!([{"op": "group_by", "aggregates": {"q": {"fn": "quantiles", "field": "", "at": [0.5]}, "s": {"fn": "sum", "field": ""}}}]);
    for (mode, exact_quantile) in [("accurate", true), ("balanced", false), ("fast", false)] {
        let host = host(json!({"processing_mode": mode})).await;
        let processed = call(
            &host,
            "process_batch",
            json!({"data": values, "operations": operations}),
        )
        .await
        .unwrap();
        let quantile = processed["results"][0]["q"][0].as_f64().unwrap();
        assert_eq!(
            (quantile - 2_499.6).abs() < 1e-6,
            exact_quantile,
            "{mode}: {quantile}"
        );
        assert!(
            (quantile - 2_499.6).abs() < 2_499.6 * 0.011,
            "{mode}: {quantile}"
        );
        let sum = processed["results"][0]["s"].as_f64().unwrap();
        assert!((sum - 12_498_000.0).abs() < 1e-3, "{mode}: {sum}");
        assert_eq!(
            call(&host, "get_statistics", json!({})).await.unwrap()["processing_mode"],
            mode
        );
    }
}

#[tokio::test]
async fn a_caller_that_gives_up_ends_the_work_between_two_batches() {
    let host = host(json!({})).await;
    let typed = host.service::<dyn DataProcessing>().unwrap();
    let cancel = weldkit::Cancel::new();
    let ctx = host.ctx().with_cancel(&cancel);
    let mut stream =
        typed.process_stream(&ctx, (0..10).map(Value::from).collect(), Some(1), vec![]);
    assert!(stream.next().await.unwrap().is_ok());
    cancel.cancel();
    let error = loop {
        match stream.next().await.expect("the stream ends with an error") {
            Ok(batch) => assert!(!batch.last, "the work went on to its end"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.code(), "cancelled");
}
