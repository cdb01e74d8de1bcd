use weldkit::{CallError, Ctx};


pub struct Plain;

#[weldkit::service]
pub trait Storage {
    fn a(&self, ctx: &Ctx, plain: Plain) -> Result<u64, CallError>;
}

fn main() {}
