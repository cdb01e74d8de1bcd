//! The JSON and TOML blocks of the guide, checked by the code that reads such things.

use std::sync::Arc;

use serde_json::Value;
use weldkit::config::{Config, Sources};
use weldkit::host::catalog;
use weldkit::registry::PluginEntry;
use weldkit::testing::TestHost;
use weldkit_data_processor::DataProcessor;
use weldkit_records_files::FileRecords;
use weldkit_report_html::HtmlReport;
use weldkit_storage_memory::MemoryStorage;
use weldkit_storage_redb::RedbStorage;
use weldkit_validation_jsonschema::JsonSchemaValidation;

use super::book::acme_processor::AdvancedDataProcessor;
use crate::docs::{guide_blocks, repository};

#[tokio::test]
async fn the_error_of_the_guide_is_the_error_of_its_program() {
    let test = TestHost::new(|host| {
        host.plugin::<AdvancedDataProcessor>()
            .plugin::<MemoryStorage>()
    })
    .await
    .unwrap();
    let blocks = guide_blocks("json error");
    assert_eq!(blocks.len(), 1);
    let shown: Value = serde_json::from_str(&blocks[0].text).unwrap();
    let error = test
        .call("data_processing.process_batch", r#"{"data": [1e300]}"#)
        .await
        .unwrap_err();
    assert_eq!(shown, serde_json::to_value(&error).unwrap());
}

#[test]
fn the_configuration_of_the_guide_is_valid_for_the_full_edition() {
    let entries = [
        PluginEntry::new::<DataProcessor>(""),
        PluginEntry::new::<FileRecords>(""),
        PluginEntry::new::<HtmlReport>(""),
        PluginEntry::new::<MemoryStorage>(""),
        PluginEntry::new::<RedbStorage>(""),
        PluginEntry::new::<JsonSchemaValidation>(""),
    ];
    let catalog = Arc::new(catalog(&entries));
    let blocks = guide_blocks("toml configuration");
    let (mut sizes, mut alerts) = (Vec::new(), 0);
    for block in blocks {
        let sources = Sources::new("").file_content("weldkit.toml", block.text);
        let config = Config::load(&sources, catalog.clone());
        let problems = config.check_all();
        assert!(
            problems.is_empty(),
            "docs/guide.md:{}: {problems:?}",
            block.line
        );
        let size = config.settings_value("data-processing")["batch_size"].as_u64();
        sizes.extend(size);
        alerts += config.alerts().len();
    }
    assert_eq!((sizes, alerts), (vec![500], 2));
}

#[test]
fn the_manifest_of_the_guide_is_part_of_the_template() {
    let template = std::fs::read_to_string(repository().join("app-template/Cargo.toml")).unwrap();
    let template: toml::Table = toml::from_str(&template).unwrap();
    let blocks = guide_blocks("toml manifest");
    assert!(!blocks.is_empty());
    for block in blocks {
        let shown: toml::Table = toml::from_str(&block.text).unwrap();
        for (section, entries) in &shown {
            for (name, value) in entries.as_table().unwrap() {
                assert_eq!(
                    template[section].get(name),
                    Some(value),
                    "docs/guide.md:{}: {section}.{name}",
                    block.line
                );
            }
        }
    }
}
