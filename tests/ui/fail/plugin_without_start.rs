struct Memory;

#[weldkit::plugin(id = "memory")]
impl Memory {
    fn new() -> Self {
        Self
    }
}

fn main() {
    Memory::new();
}
