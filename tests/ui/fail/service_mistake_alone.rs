//! One mistake in a contract is one error: provider, consumer and plugin go on type-checking.
use weldkit::{CallError, Ctx, Service};

#[weldkit::service]
pub trait Storage {
    #[method(timeout = "soon")]
    async fn get(&self, ctx: &Ctx, #[garde(length(min = 1))] key: String) -> Result<u64, CallError>;
    fn count(&self, ctx: &Ctx) -> Result<u64, CallError>;
}

pub struct Memory;

#[weldkit::plugin(provides(Storage))]
impl Memory {
    fn start() -> weldkit::Result<Self> {
        Ok(Self)
    }
}

impl Storage for Memory {
    async fn get(&self, _: &Ctx, key: String) -> Result<u64, CallError> {
        Ok(key.len() as u64)
    }

    fn count(&self, _: &Ctx) -> Result<u64, CallError> {
        Ok(0)
    }
}

pub struct Reader {
    storage: Service<dyn Storage>,
}

#[weldkit::plugin(id = "reader")]
impl Reader {
    async fn start(storage: Service<dyn Storage>) -> weldkit::Result<Self> {
        Ok(Self { storage })
    }

    pub async fn read(&self, ctx: &Ctx) -> Result<u64, CallError> {
        self.storage.get(ctx, String::from("a")).await
    }
}

fn main() {}
