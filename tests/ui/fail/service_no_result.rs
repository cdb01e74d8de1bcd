use weldkit::{CallError, Ctx};


#[weldkit::service]
pub trait Storage {
    fn clear(&self, ctx: &Ctx);
    async fn pair(&self, ctx: &Ctx) -> (u64, u64);
    fn name(&self, ctx: &Ctx) -> &str;
    fn items(&self, ctx: &Ctx) -> impl Iterator<Item = u64>;
}

fn main() {}
