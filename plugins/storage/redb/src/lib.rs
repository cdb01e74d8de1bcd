//! Durable document storage: the containers of the host, its journal and its checkpoint in redb. Pure Rust, no server.
//!
//! A write has been forced to disk when its call returns, or when the transaction around it is committed.

use weldkit::transaction::{Containers, Durability};
use weldkit_storage::{Documents, Keeper, Storage};

/// Documents on disk.
#[derive(Debug)]
pub struct RedbStorage {
    documents: Documents,
}

/// Durable document storage in the state folder of the host.
#[weldkit::plugin(
    provides(Storage),
    categories("Storage"),
    tags("durable", "embedded", "transactional"),
    access(fs)
)]
impl RedbStorage {
    /// Opens the container, or makes it.
    pub async fn start(containers: Containers) -> weldkit::Result<Self> {
        let bytes = containers.bytes("documents", Durability::Durable).await?;
        Ok(Self {
            // The disk is the bound.
            documents: Documents::new(bytes, u64::MAX),
        })
    }
}

impl Keeper for RedbStorage {
    fn documents(&self) -> &Documents {
        &self.documents
    }
}
