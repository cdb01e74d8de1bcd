use weldkit::{CallError, Ctx};


#[weldkit::service]
pub trait Storage {
    fn by_value(&self, ctx: Ctx) -> Result<u64, CallError>;
    fn by_mut(&self, ctx: &mut Ctx) -> Result<u64, CallError>;
    fn second(&self, key: String, ctx: &Ctx) -> Result<u64, CallError>;
}

fn main() {}
