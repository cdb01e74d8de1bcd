//! Document storage in memory: fast, bounded, transactional, and gone with the host.
//!
//! For tests, caches and state that may be lost. `storage-redb` provides the same service durably.

use weldkit::metrics::Gauge;
use weldkit::transaction::{Containers, Durability};
use weldkit::{Meter, Settings};
use weldkit_storage::{Documents, Keeper, Storage};

/// Settings of `storage-memory`.
#[weldkit::data]
#[derive(Debug, Clone)]
#[serde(deny_unknown_fields)]
pub struct MemorySettings {
    /// Most bytes of all documents together, roughly; a write beyond is refused as `full`.
    #[serde(default = "bytes_max")]
    pub bytes_max: u64,
}

fn bytes_max() -> u64 {
    1024 * 1024 * 1024
}

/// Documents in memory.
#[derive(Debug)]
pub struct MemoryStorage {
    documents: Documents,
    bytes: Gauge,
}

/// Document storage in memory.
#[weldkit::plugin(
    provides(Storage),
    categories("Storage"),
    tags("memory", "transactional")
)]
impl MemoryStorage {
    /// A storage that is empty when the host starts.
    pub async fn start(
        settings: Settings<MemorySettings>,
        containers: Containers,
        meter: Meter,
    ) -> weldkit::Result<Self> {
        let bytes = containers.bytes("documents", Durability::Volatile).await?;
        Ok(Self {
            documents: Documents::new(bytes, settings.bytes_max),
            bytes: meter.gauge("bytes"),
        })
    }
}

impl Keeper for MemoryStorage {
    fn documents(&self) -> &Documents {
        &self.documents
    }

    fn changed(&self) {
        self.bytes.set(self.documents.bytes() as f64);
    }
}
