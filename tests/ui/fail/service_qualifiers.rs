use weldkit::{CallError, Ctx};


#[weldkit::service]
pub unsafe trait A {
    unsafe fn a(&self, ctx: &Ctx) -> Result<u64, CallError>;
    extern "C" fn b(&self, ctx: &Ctx) -> Result<u64, CallError>;
}

fn main() {}
