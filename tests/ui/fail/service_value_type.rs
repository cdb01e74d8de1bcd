use weldkit::{CallError, Ctx};


pub struct Plain;

#[weldkit::service]
pub trait Storage {
    fn a(&self, ctx: &Ctx) -> Result<Plain, CallError>;
}

fn main() {}
