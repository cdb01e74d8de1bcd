use weldkit::{CallError, Ctx};


#[weldkit::service]
pub trait Storage {
    fn count(&self, ctx: &Ctx) -> Result<u64, CallError> {
        Ok(0)
    }
}

struct Memory;

// The default is still there for impls, so nothing else is reported.
impl Storage for Memory {}

fn main() {}
