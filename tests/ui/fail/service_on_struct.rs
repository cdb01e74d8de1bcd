#[weldkit::service]
pub struct Storage {
    size: u64,
}

fn main() {}
