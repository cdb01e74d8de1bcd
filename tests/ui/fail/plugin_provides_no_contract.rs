struct Memory;

trait Plain {}

impl Plain for Memory {}

#[weldkit::plugin(provides(Plain))]
impl Memory {
    fn start() -> weldkit::Result<Self> {
        Ok(Self)
    }
}

fn main() {}
