use weldkit::{CallError, Ctx};


#[weldkit::service]
pub trait Storage {
    #[cfg(unix)]
    fn a(&self, ctx: &Ctx) -> Result<u64, CallError>;
    fn b(&self, ctx: &Ctx, #[cfg(unix)] key: String) -> Result<u64, CallError>;
}

fn main() {}
