use weldkit::{CallError, Ctx};


#[weldkit::service]
pub trait Storage {
    fn count(&self) -> Result<u64, CallError>;
    fn get(&self, key: String) -> Result<u64, CallError>;
    fn find(&self, key: &str) -> Result<u64, CallError>;
}

fn main() {}
