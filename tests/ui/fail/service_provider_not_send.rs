use weldkit::{CallError, Ctx};


use std::rc::Rc;

#[weldkit::service]
pub trait Storage {
    async fn get(&self, ctx: &Ctx) -> Result<u64, CallError>;
}

struct Memory;

impl Storage for Memory {
    async fn get(&self, _: &Ctx) -> Result<u64, CallError> {
        let shared = Rc::new(1);
        std::future::ready(()).await;
        Ok(*shared)
    }
}

fn main() {}
