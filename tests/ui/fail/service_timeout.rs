use weldkit::{CallError, Ctx};


#[weldkit::service]
pub trait Storage {
    #[method(timeout = "5s")]
    fn now(&self, ctx: &Ctx) -> Result<u64, CallError>;
    #[method(timeout = "5")]
    async fn a(&self, ctx: &Ctx) -> Result<u64, CallError>;
    #[method(timeout = "five seconds")]
    async fn b(&self, ctx: &Ctx) -> Result<u64, CallError>;
    #[method(timeout = "0s")]
    async fn c(&self, ctx: &Ctx) -> Result<u64, CallError>;
    #[method(timeout = "900h")]
    async fn d(&self, ctx: &Ctx) -> Result<u64, CallError>;
    #[method(timeout = 5)]
    async fn e(&self, ctx: &Ctx) -> Result<u64, CallError>;
    #[method(timeout)]
    async fn f(&self, ctx: &Ctx) -> Result<u64, CallError>;
}

fn main() {}
