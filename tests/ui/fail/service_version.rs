use weldkit::{CallError, Ctx};


#[weldkit::service(version = "v2")]
pub trait A {
    fn count(&self, ctx: &Ctx) -> Result<u64, CallError>;
}

#[weldkit::service(version = "1.2.3.4")]
pub trait B {
    fn count(&self, ctx: &Ctx) -> Result<u64, CallError>;
}

#[weldkit::service(version = 2.0)]
pub trait C {
    fn count(&self, ctx: &Ctx) -> Result<u64, CallError>;
}

#[weldkit::service(version = "1.0.0-beta")]
pub trait D {
    #[method(since = "1.x")]
    fn count(&self, ctx: &Ctx) -> Result<u64, CallError>;
}

fn main() {}
