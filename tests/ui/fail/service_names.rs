use weldkit::{CallError, Ctx};


#[weldkit::service(name = "My Storage")]
pub trait Storage {
    #[allow(non_snake_case)]
    fn getAll(&self, ctx: &Ctx) -> Result<u64, CallError>;
    fn größe(&self, ctx: &Ctx) -> Result<u64, CallError>;
}

#[weldkit::service]
pub trait Überblick {
    fn count(&self, ctx: &Ctx) -> Result<u64, CallError>;
}

fn main() {}
