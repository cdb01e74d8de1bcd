struct Memory;

#[weldkit::plugin]
impl Memory {
    fn start() -> weldkit::Result<Self> {
        Ok(Self)
    }

    fn health(&self) -> bool {
        true
    }
}

fn main() {}
