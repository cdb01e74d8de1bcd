use weldkit::{CallError, Ctx};


#[weldkit::service]
pub trait Storage {
    fn a(&self, ctx: &Ctx, (key, value): (String, u64)) -> Result<u64, CallError>;
    fn b(&self, ctx: &Ctx, _: String) -> Result<u64, CallError>;
}

fn main() {}
