use weldkit::{CallError, Ctx};


#[weldkit::service]
pub trait Storage {
    fn get(&self, ctx: &Ctx) -> Result<u64, CallError>;
    fn get(&self, ctx: &Ctx, key: String) -> Result<u64, CallError>;
}

fn main() {}
