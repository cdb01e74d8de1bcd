struct Memory;

#[weldkit::plugin(id = "Memory Store", permissions("storage.*", "Storage"), tags("a", "a"), categories(""))]
impl Memory {
    fn start() -> weldkit::Result<Self> {
        Ok(Self)
    }
}

fn main() {}
