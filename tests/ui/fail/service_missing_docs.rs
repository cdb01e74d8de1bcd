//! A contract without docs.
#![deny(missing_docs)]
use weldkit::{CallError, Ctx};


/// Documents.
#[weldkit::service]
pub trait Storage {
    fn undocumented(&self, ctx: &Ctx) -> Result<u64, CallError>;
    /// Documented.
    fn documented(&self, ctx: &Ctx) -> Result<u64, CallError>;
}

fn main() {}
