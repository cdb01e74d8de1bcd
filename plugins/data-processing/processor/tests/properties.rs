//! Aggregates against a naive model, in any split and any order of merging.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};
use weldkit::testing::TestHost;
use weldkit_data_processing::{DataProcessing, Grouping, Operation};
use weldkit_data_processor::DataProcessor;

#[derive(Debug, Default)]
struct Naive {
    count: u64,
    sum: i128,
    min: Option<i64>,
    max: Option<i64>,
}

fn model(items: &[(u8, i64)]) -> Vec<Value> {
    let mut groups: BTreeMap<u8, Naive> = BTreeMap::new();
    for (group, value) in items {
        let naive = groups.entry(*group).or_default();
        naive.count += 1;
        naive.sum += i128::from(*value);
        naive.min = Some(naive.min.map_or(*value, |min| min.min(*value)));
        naive.max = Some(naive.max.map_or(*value, |max| max.max(*value)));
    }
    let row = |(group, naive): (u8, Naive)| {
        let sum = i64::try_from(naive.sum).expect("the strategy keeps sums small enough");
        json!({"group": group, "count": naive.count, "sum": sum, "min": naive.min, "max": naive.max})
    };
    groups.into_iter().map(row).collect()
}

fn grouping() -> Grouping {
    serde_json::from_value(json!({"by": ["group"], "aggregates": {
        "count": {"fn": "count"}, "sum": {"fn": "sum", "field": "value"},
        "min": {"fn": "min", "field": "value"}, "max": {"fn": "max", "field": "value"},
    }}))
    .expect("the grouping is valid")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_split_and_order_equals_the_model(
        items in prop::collection::vec((0_u8..5, -(1_i64 << 55)..(1_i64 << 55)), 0..120),
        chunk in 1_usize..40,
        batch_size in 1_u32..50,
        backwards: bool,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        runtime.block_on(async {
            let host = TestHost::new(|host| host.plugin::<DataProcessor>()).await.expect("the host starts");
            let processing = host.service::<dyn DataProcessing>().expect("the service is there");
            let data: Vec<_> = items.iter().map(|(group, value)| json!({"group": group, "value": value})).collect();
            let expected = model(&items);

            let mut partials = Vec::new();
            for part in data.chunks(chunk) {
                partials.push(processing.aggregate(&host.ctx(), vec![grouping()], part.to_vec(), vec![]).await.expect("a partial"));
            }
            if backwards {
                partials.reverse();
            }
            let merged = processing.aggregate(&host.ctx(), vec![grouping()], vec![], partials).await.expect("they merge");
            prop_assert_eq!(merged.items, items.len() as u64);
            let tables = processing.tables(&host.ctx(), merged).await.expect("the tables");
            prop_assert_eq!(&tables[0].rows, &expected);

            let operations = vec![Operation::GroupBy(grouping())];
            let processed = processing.process_batch(&host.ctx(), data, Some(batch_size), operations).await.expect("a result");
            prop_assert_eq!(&processed.results, &expected);
            Ok(())
        })?;
    }
}
