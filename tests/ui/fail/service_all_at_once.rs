use weldkit::{CallError, Ctx};


#[weldkit::service(version = "two", colour = "red")]
pub trait Storage {
    #[method(transactoinal, timeout = "5 s")]
    async fn put(&mut self, key: &str);
    type Key;
    fn Count(&self, ctx: &Ctx) -> Result<u64, CallError>;
}

fn main() {}
