struct Memory;

#[weldkit::plugin]
impl Memory {
    fn start() -> weldkit::Result<Self> {
        Ok(Self)
    }

    async fn stop(self) {}

    async fn health(&self, deep: bool) -> weldkit::Health {
        weldkit::Health::Ready
    }
}

fn main() {}
