//! What the plugin is told: where to listen, and for how many.

/// Settings of `scrape`.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct ScrapeSettings {
    /// Where to listen, as `HOST:PORT`; at port 0 the system chooses one, which `scrape.address` tells. Whoever reaches it may
    /// read: nobody is asked who they are.
    #[serde(default = "address")]
    #[garde(pattern(r"^\S+:[0-9]{1,5}$"))]
    pub address: String,
    /// Most connections at once; further ones wait to be accepted.
    #[serde(default = "connections")]
    #[garde(range(min = 1, max = 1_000))]
    pub connections: u32,
}

fn address() -> String {
    // The port that Prometheus keeps for exporters of this kind; only this machine reaches it.
    "127.0.0.1:9464".to_owned()
}

fn connections() -> u32 {
    16
}

impl Default for ScrapeSettings {
    fn default() -> Self {
        Self {
            address: address(),
            connections: connections(),
        }
    }
}
