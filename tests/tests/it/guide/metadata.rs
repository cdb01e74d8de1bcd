//! The guide's sample of `plugin_metadata.json`, with its values, derived in place of written.

use serde_json::{Value, json};
use weldkit::Plugin;
use weldkit::registry::{PluginDescriptor, metadata};
use weldkit_data_processor::DataProcessor;

use super::book::acme_processor::AdvancedDataProcessor;
use crate::docs::{Block, guide_blocks};

/// The plugin of the guide in a package of its own: what Cargo would have said.
fn advanced_data_processor() -> PluginDescriptor {
    PluginDescriptor {
        version: "2.1.0",
        package: "acme-processor",
        description: "High-performance data processing",
        authors: "Your Company",
        license: "MIT",
        source: "",
        ..*AdvancedDataProcessor::DESCRIPTOR
    }
}

#[test]
fn the_fields_of_the_guide_have_the_guides_values() {
    let found = metadata(&advanced_data_processor());
    let expected = json!({
        "id": "advanced_data_processor",
        "name": "Advanced Data Processor",
        "version": "2.1.0",
        "author": "Your Company",
        "license": "MIT",
        "categories": ["Data Processing", "Analytics"],
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&found[field], value, "{field}");
    }
    let contract = &found["service_contracts"][0];
    assert_eq!(contract["name"], "data_processing");
    assert_eq!(contract["version"], "2.0.0", "2.0 is read as 2.0.0");
    assert_eq!(
        contract["methods"],
        json!(["process_batch", "process_stream", "get_statistics"])
    );
    assert_eq!(found["requirements"]["dependencies"], json!(["storage"]));
}

#[test]
fn the_configuration_schema_has_the_guides_rules() {
    for plugin in [AdvancedDataProcessor::DESCRIPTOR, DataProcessor::DESCRIPTOR] {
        let schema = metadata(plugin)["configuration_schema"].take();
        assert_eq!(schema["type"], "object");
        let properties = &schema["properties"];
        let batch_size = &properties["batch_size"];
        assert_eq!(batch_size["type"], "integer");
        assert_eq!(
            (&batch_size["minimum"], &batch_size["maximum"]),
            (&json!(1), &json!(10_000))
        );
        assert_eq!(batch_size["default"], 1000);
        let monitoring = &properties["enable_monitoring"];
        assert_eq!(monitoring["type"], "boolean");
        assert_eq!(monitoring["default"], true);
        assert_eq!(properties["processing_mode"]["default"], "balanced");
        let modes = modes(&schema);
        assert_eq!(modes, ["accurate", "balanced", "fast"]);
    }
}

/// Every mode that the schema accepts, however it writes an enumeration of documented values.
fn modes(schema: &Value) -> Vec<&str> {
    let mode = &schema["$defs"]["Mode"];
    let alternatives = mode["oneOf"].as_array().expect("documented values");
    let mut modes: Vec<&str> = alternatives
        .iter()
        .map(|one| one["const"].as_str().expect("one value each"))
        .collect();
    modes.sort_unstable();
    modes
}

#[test]
fn the_block_of_the_guide_is_what_is_derived() {
    let blocks: Vec<Block> = guide_blocks("json metadata");
    assert_eq!(blocks.len(), 1);
    let shown: Value = serde_json::from_str(&blocks[0].text).unwrap();
    let derived = metadata(&advanced_data_processor());
    assert_eq!(
        shown,
        derived,
        "docs/guide.md:{} should be\n{}",
        blocks[0].line,
        serde_json::to_string_pretty(&derived).unwrap()
    );
}
