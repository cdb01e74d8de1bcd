use weldkit::{CallError, Ctx};

#[weldkit::service]
pub trait Storage {
    fn count(&self, ctx: &Ctx) -> Result<u64, CallError>;
}


use weldkit::{Service, Settings};

pub struct Plain;

struct Memory;

#[weldkit::plugin]
impl Memory {
    fn start(name: String, service: Service<Plain>, settings: Settings<Plain>) -> weldkit::Result<Self> {
        Ok(Self)
    }
}

fn main() {}
