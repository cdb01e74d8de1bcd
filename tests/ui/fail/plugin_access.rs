struct Memory;

#[weldkit::plugin(access(files, netw, fs, fs))]
impl Memory {
    fn start() -> weldkit::Result<Self> {
        Ok(Self)
    }
}

fn main() {}
