use weldkit::{CallError, Ctx};


#[derive(Debug)]
pub struct Fault;

#[weldkit::service]
pub trait Storage {
    fn a(&self, ctx: &Ctx) -> Result<u64, CallError>;
    fn b(&self, ctx: &Ctx) -> Result<u64, Fault>;
}

fn main() {}
