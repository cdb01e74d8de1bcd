use weldkit::{CallError, Ctx};

#[weldkit::service]
pub trait Storage {
    fn count(&self, ctx: &Ctx) -> Result<u64, CallError>;
}


struct Memory;

#[weldkit::plugin(provides(Storage))]
impl Memory {
    fn start() -> weldkit::Result<Self> {
        Ok(Self)
    }
}

fn main() {}
