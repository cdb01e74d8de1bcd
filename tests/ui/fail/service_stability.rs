use weldkit::{CallError, Ctx};


#[weldkit::service(stability = "stabel")]
pub trait Storage {
    #[method(stability = "deprecated")]
    fn a(&self, ctx: &Ctx) -> Result<u64, CallError>;
    #[method(stability = "stable", deprecated = "use `a`")]
    fn b(&self, ctx: &Ctx) -> Result<u64, CallError>;
    #[method(deprecated = "")]
    fn c(&self, ctx: &Ctx) -> Result<u64, CallError>;
    #[deprecated(note = "use `a`")]
    fn d(&self, ctx: &Ctx) -> Result<u64, CallError>;
}

fn main() {}
