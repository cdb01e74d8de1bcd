struct Memory;

#[weldkit::plugin(
    version = "1.0.0",
    description = "Keeps documents",
    name = "memory",
    requires(storage),
    provide(Storage),
    provides = Storage,
    exclusive = true,
    tags(html),
    stability = "solid"
)]
impl Memory {
    fn start() -> weldkit::Result<Self> {
        Ok(Self)
    }
}

fn main() {}
