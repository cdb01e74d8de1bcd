use weldkit::{CallError, Ctx};


#[weldkit::service(nmae = "storage", id = "storage", description = "Documents")]
pub trait Storage {
    #[method(readonly)]
    fn a(&self, ctx: &Ctx) -> Result<u64, CallError>;
    #[method(read_only, read_only)]
    fn b(&self, ctx: &Ctx) -> Result<u64, CallError>;
    #[method(read_only = true)]
    fn c(&self, ctx: &Ctx) -> Result<u64, CallError>;
    #[method(name = "other")]
    fn d(&self, ctx: &Ctx) -> Result<u64, CallError>;
    #[method(frobnicate)]
    fn e(&self, ctx: &Ctx) -> Result<u64, CallError>;
    #[method = "read_only"]
    fn f(&self, ctx: &Ctx) -> Result<u64, CallError>;
    #[method(read_only)]
    #[method(idempotent)]
    fn g(&self, ctx: &Ctx) -> Result<u64, CallError>;
    #[method(read_only idempotent)]
    fn h(&self, ctx: &Ctx) -> Result<u64, CallError>;
}

fn main() {}
