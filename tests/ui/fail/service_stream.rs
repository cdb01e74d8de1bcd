use weldkit::{CallError, Ctx};


use weldkit::Stream;

#[weldkit::service]
pub trait Storage {
    async fn tail(&self, ctx: &Ctx) -> Stream<u64, CallError>;
    #[method(stream)]
    fn all(&self, ctx: &Ctx) -> Result<u64, CallError>;
    fn any(&self, ctx: &Ctx) -> impl futures_core::Stream<Item = u64>;
    #[method(transactional, isolated)]
    fn some(&self, ctx: &Ctx) -> Stream<u64, CallError>;
}

fn main() {}
