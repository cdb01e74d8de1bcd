use weldkit::{CallError, Ctx};


#[weldkit::service]
pub trait Storage {
    async fn get(&self, ctx: &Ctx, key: String) -> Result<u64, CallError>;
    fn count(&self, ctx: &Ctx) -> Result<u64, CallError>;
}

struct Memory;

impl Storage for Memory {
    async fn get(&self, _: &Ctx, key: u64) -> Result<u64, CallError> {
        Ok(key)
    }
}

fn main() {}
