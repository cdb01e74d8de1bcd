struct Memory;

#[weldkit::plugin]
impl Memory {
    fn start() -> Option<Self> {
        Some(Self)
    }
}

fn main() {}
