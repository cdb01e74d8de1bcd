use weldkit::{CallError, Ctx};


#[weldkit::service]
pub trait Storage {
    fn a(&self, ctx: &Ctx, #[serde(flatten)] key: Vec<String>) -> Result<u64, CallError>;
    fn b(&self, ctx: &Ctx, #[garde(lenght(min = 1))] key: String) -> Result<u64, CallError>;
    fn c(&self, ctx: &Ctx, #[garde(range(mni = 1))] key: u64) -> Result<u64, CallError>;
    fn d(&self, #[garde(skip)] ctx: &Ctx) -> Result<u64, CallError>;
    fn e(&self, ctx: &Ctx, #[allow(unused)] key: u64) -> Result<u64, CallError>;
}

fn main() {}
