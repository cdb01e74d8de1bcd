//! The settings of the provider.

use weldkit_data_processing::Mode;

/// Settings of data processing.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct ProcessorSettings {
    /// How many items a call works on between two looks at its deadline, unless the call says otherwise.
    #[serde(default = "default_batch_size")]
    #[garde(range(min = 1, max = 10_000))]
    pub batch_size: u32,
    /// How sums and quantiles are computed.
    #[serde(default)]
    pub processing_mode: Mode,
    /// Whether calls, items, errors and times are counted, for `get_statistics` and the metrics of the host.
    #[serde(default = "default_enable_monitoring")]
    pub enable_monitoring: bool,
}

impl Default for ProcessorSettings {
    fn default() -> Self {
        Self {
            batch_size: default_batch_size(),
            processing_mode: Mode::default(),
            enable_monitoring: default_enable_monitoring(),
        }
    }
}

fn default_batch_size() -> u32 {
    1_000
}

fn default_enable_monitoring() -> bool {
    true
}
