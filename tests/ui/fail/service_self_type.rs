use weldkit::{CallError, Ctx};


#[weldkit::service]
pub trait Storage {
    fn a(&self, ctx: &Ctx, other: Box<Self>) -> Result<u64, CallError>;
    fn b(&self, ctx: &Ctx) -> Result<Option<Self>, CallError>
    where
        Self: Sized;
}

fn main() {}
