#[weldkit::plugin]
struct Memory;

fn main() {}
