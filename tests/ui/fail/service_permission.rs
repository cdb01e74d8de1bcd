use weldkit::{CallError, Ctx};


#[weldkit::service]
pub trait Storage {
    #[method(permission = "storage.*")]
    fn a(&self, ctx: &Ctx) -> Result<u64, CallError>;
    #[method(permission = "Storage.write")]
    fn b(&self, ctx: &Ctx) -> Result<u64, CallError>;
    #[method(permission = "storage..write")]
    fn c(&self, ctx: &Ctx) -> Result<u64, CallError>;
    #[method(permissions("storage.write"))]
    fn d(&self, ctx: &Ctx) -> Result<u64, CallError>;
}

fn main() {}
