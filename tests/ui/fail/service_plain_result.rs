use weldkit::{CallError, Ctx};


#[weldkit::service]
pub trait Storage {
    fn name(&self, ctx: &Ctx) -> String;
}

fn main() {}
