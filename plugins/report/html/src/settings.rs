//! The settings of the provider.

/// Settings of reports.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct ReportSettings {
    /// The folder of a report, unless the call says otherwise.
    #[serde(default = "default_folder")]
    #[garde(length(min = 1, max = 4_096))]
    pub folder: String,
    /// The collection of the rows, unless the call says otherwise.
    #[serde(default = "default_collection")]
    #[garde(pattern(r"^[a-z][a-z0-9_-]{0,63}$"))]
    pub collection: String,
    /// How many rows are read, checked and stored at once.
    #[serde(default = "default_batch_size")]
    #[garde(range(min = 1, max = 10_000))]
    pub batch_size: u32,
}

fn default_folder() -> String {
    "report".to_owned()
}

fn default_collection() -> String {
    "strikes".to_owned()
}

fn default_batch_size() -> u32 {
    100
}
