//! The contract that the guide gives by hand as data, here derived: `data_processing` 2.0 with its three methods.

use std::time::Duration;

use weldkit::contract::{MethodKind, ServiceDescriptor, Version};
use weldkit::{Contract, Plugin};
use weldkit_data_processing::DataProcessing;
use weldkit_data_processor::DataProcessor;

use super::book::{acme_processing, acme_processor};

const METHODS: [&str; 3] = ["process_batch", "process_stream", "get_statistics"];

/// The contract of the repository's plugin, and the one of our edition of the guide.
const CONTRACTS: [&ServiceDescriptor; 2] = [
    <dyn DataProcessing as Contract>::DESCRIPTOR,
    <dyn acme_processing::DataProcessing as Contract>::DESCRIPTOR,
];

#[test]
fn the_service_is_data_processing_in_version_2_0() {
    for contract in CONTRACTS {
        assert_eq!(contract.name, "data_processing");
        assert_eq!(contract.version, Version::parse("2.0"));
        assert_eq!(contract.version.to_string(), "2.0.0");
    }
}

#[test]
fn it_has_the_three_methods_and_each_says_what_it_does() {
    for contract in CONTRACTS {
        for name in METHODS {
            let method = contract.method(name).expect(name);
            assert!(!contract.methods[method].docs.is_empty(), "{name}");
        }
    }
    let docs = |name| {
        let contract = CONTRACTS[1];
        contract.methods[contract.method(name).unwrap()].docs
    };
    assert_eq!(docs("process_batch"), "Process data in batches.");
    assert!(docs("process_stream").starts_with("Process streaming data"));
    assert_eq!(docs("get_statistics"), "Get processing statistics.");
}

#[test]
fn a_call_has_30_seconds_unless_something_else_is_said() {
    for contract in CONTRACTS {
        let batch = &contract.methods[contract.method("process_batch").unwrap()];
        assert_eq!(batch.kind, MethodKind::Async);
        assert_eq!(batch.timeout, Some(Duration::from_millis(30_000)));
        let statistics = &contract.methods[contract.method("get_statistics").unwrap()];
        assert_eq!(statistics.kind, MethodKind::Sync);
        assert_eq!(statistics.timeout, None, "a sync method has no deadline");
    }
    let stream = CONTRACTS[1].method("process_stream").unwrap();
    assert_eq!(
        CONTRACTS[1].methods[stream].timeout,
        Some(Duration::from_secs(300))
    );
}

#[test]
fn the_dependencies_are_what_the_constructor_asks_for() {
    let requires: Vec<(&str, bool)> = acme_processor::AdvancedDataProcessor::DESCRIPTOR
        .requires()
        .map(|(service, optional)| (service.name, optional))
        .collect();
    assert_eq!(requires, [("storage", false), ("validation", true)]);
    assert_eq!(DataProcessor::DESCRIPTOR.requires().count(), 0);
}

#[test]
fn batch_size_is_optional_and_bounded_in_the_schema_that_callers_see() {
    for contract in CONTRACTS {
        let method = &contract.methods[contract.method("process_batch").unwrap()];
        let schema = method.input.get().to_value();
        assert_eq!(schema["required"], serde_json::json!(["data"]), "{schema}");
        let batch_size = &schema["properties"]["batch_size"];
        assert_eq!(batch_size["minimum"], 1, "{schema}");
        assert_eq!(batch_size["maximum"], 10_000, "{schema}");
        assert_eq!(schema["additionalProperties"], false, "{schema}");
    }
}
