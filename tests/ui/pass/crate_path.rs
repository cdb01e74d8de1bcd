//! The framework under a path of the user's own, given with `crate = …`.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "public items are what the macros meet"
)]

mod reexport {
    pub use weldkit as kit;
}

use self::reexport::kit;

#[kit::data(crate = crate::crate_path::reexport::kit)]
#[derive(Debug)]
pub struct Document {
    #[garde(length(min = 1))]
    pub key: String,
}

#[derive(Debug, thiserror::Error, kit::ServiceError)]
#[service_error(crate = crate::crate_path::reexport::kit)]
pub enum Fault {
    #[error("full at {size}")]
    Full { size: u64 },
    #[error(transparent)]
    Call(#[from] kit::CallError),
}

#[kit::service(crate = crate::crate_path::reexport::kit)]
pub trait Storage {
    async fn get(&self, ctx: &kit::Ctx, key: String) -> Result<Document, Fault>;
}

struct Memory;

#[kit::plugin(crate = crate::crate_path::reexport::kit, provides(Storage))]
impl Memory {
    fn start() -> kit::Result<Self> {
        Ok(Self)
    }
}

impl Storage for Memory {
    async fn get(&self, _: &kit::Ctx, key: String) -> Result<Document, Fault> {
        Ok(Document { key })
    }
}
