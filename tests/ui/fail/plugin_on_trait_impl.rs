use weldkit::{CallError, Ctx};

#[weldkit::service]
pub trait Storage {
    fn count(&self, ctx: &Ctx) -> Result<u64, CallError>;
}


struct Memory;

#[weldkit::plugin(provides(Storage))]
impl Storage for Memory {
    fn count(&self, _: &Ctx) -> Result<u64, CallError> {
        Ok(0)
    }
}

fn main() {}
