use weldkit::Settings;

#[weldkit::data]
pub struct Limits {
    size: u64,
}

type Other = Settings<Limits>;

struct Memory;

#[weldkit::plugin]
impl Memory {
    fn start(first: Settings<Limits>, second: Other) -> weldkit::Result<Self> {
        let _ = (first.size, second.size);
        Ok(Self)
    }
}

fn main() {}
