use weldkit::{CallError, Ctx};


#[weldkit::service]
pub trait Storage {
    type Key;
    const SIZE: usize;
    fn count(&self, ctx: &Ctx) -> Result<u64, CallError>;
}

fn main() {}
