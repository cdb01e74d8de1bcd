use weldkit::{CallError, Ctx};


use std::borrow::Cow;

#[weldkit::service]
pub trait Storage {
    fn get(&self, ctx: &Ctx, key: &str) -> Result<u64, CallError>;
    fn put(&self, ctx: &Ctx, blob: &[u8], parts: &[String]) -> Result<u64, CallError>;
    fn find(&self, ctx: &Ctx, key: Option<&str>, text: Cow<'_, str>) -> Result<u64, CallError>;
    fn text(&self, ctx: &Ctx) -> Result<&str, CallError>;
}

fn main() {}
