use weldkit::CallError;

pub struct Ctx;

#[weldkit::service]
pub trait Storage {
    fn count(&self, ctx: &Ctx) -> Result<u64, CallError>;
}

fn main() {}
