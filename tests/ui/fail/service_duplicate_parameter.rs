use weldkit::{CallError, Ctx};


#[weldkit::service]
pub trait Storage {
    fn get(&self, ctx: &Ctx, key: String, #[serde(rename = "key")] other: String) -> Result<u64, CallError>;
}

fn main() {}
