use weldkit::{CallError, Ctx};


#[weldkit::service]
pub trait Storage {
    fn without(ctx: &Ctx) -> Result<u64, CallError>;
    fn changing(&mut self, ctx: &Ctx) -> Result<u64, CallError>;
    fn taking(self, ctx: &Ctx) -> Result<u64, CallError>;
    fn boxed(self: Box<Self>, ctx: &Ctx) -> Result<u64, CallError>;
}

fn main() {}
