//! The plugins this application can weld in. Written by `cargo xtask tidy --fix` from Cargo.toml.

#[cfg(feature = "data-processing")]
use weldkit_data_processor as _;
#[cfg(feature = "otlp")]
use weldkit_otlp as _;
#[cfg(feature = "records")]
use weldkit_records_files as _;
#[cfg(feature = "report")]
use weldkit_report_html as _;
#[cfg(feature = "scrape")]
use weldkit_scrape as _;
#[cfg(feature = "storage-memory")]
use weldkit_storage_memory as _;
#[cfg(feature = "storage-postgres")]
use weldkit_storage_postgres as _;
#[cfg(feature = "storage-redb")]
use weldkit_storage_redb as _;
#[cfg(feature = "validation")]
use weldkit_validation_jsonschema as _;

/// The ids of the plugins chosen at build time; the host refuses to start when one of them is not linked.
pub(crate) const CHOSEN: &[&str] = &[
    #[cfg(feature = "data-processing")]
    "data-processing",
    #[cfg(feature = "otlp")]
    "otlp",
    #[cfg(feature = "records")]
    "records",
    #[cfg(feature = "report")]
    "report",
    #[cfg(feature = "scrape")]
    "scrape",
    #[cfg(feature = "storage-memory")]
    "storage-memory",
    #[cfg(feature = "storage-postgres")]
    "storage-postgres",
    #[cfg(feature = "storage-redb")]
    "storage-redb",
    #[cfg(feature = "validation")]
    "validation",
];

/// Every plugin that this application can weld in, chosen or not, and its services as `name@line`; a message about a
/// missing service names the plugin that supplies it and the command that builds it in.
#[rustfmt::skip]
pub(crate) const KNOWN: &[(&str, &[&str])] = &[
    ("data-processing", &["data_processing@2"]),
    ("otlp", &["otlp@1"]),
    ("records", &["records@1"]),
    ("report", &["report@1"]),
    ("scrape", &["scrape@1"]),
    ("storage-memory", &["storage@1"]),
    ("storage-postgres", &["storage@1"]),
    ("storage-redb", &["storage@1"]),
    ("validation", &["validation@1"]),
];
