#[weldkit::service]
pub trait Storage {}

fn main() {}
