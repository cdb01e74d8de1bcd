struct Memory;

struct Fault;

#[weldkit::plugin]
impl Memory {
    fn start() -> Result<Self, Fault> {
        Ok(Self)
    }
}

fn main() {}
