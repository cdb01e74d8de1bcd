use weldkit::{CallError, Ctx};


pub struct Plain;

#[weldkit::service]
pub trait Storage {
    fn a(&self, ctx: &Ctx, first: u64, plain: Plain) -> Result<u64, CallError>;
    fn b(&self, ctx: &Ctx, #[serde(default)] plain: Plain) -> Result<u64, CallError>;
}

fn main() {}
