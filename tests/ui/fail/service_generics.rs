use weldkit::{CallError, Ctx};


#[weldkit::service]
pub trait Storage<K>
where
    K: Send,
{
    fn get<V>(&self, ctx: &Ctx, key: V) -> Result<u64, CallError>;
    fn put(&self, ctx: &Ctx) -> Result<u64, CallError>
    where
        Self: Clone;
    fn any(&self, ctx: &Ctx, key: impl Into<String>) -> Result<u64, CallError>;
}

fn main() {}
