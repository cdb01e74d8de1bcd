struct Memory<T>(T);

#[weldkit::plugin]
impl<T> Memory<T>
where
    T: Default,
{
    fn start() -> weldkit::Result<Self> {
        Ok(Self(T::default()))
    }
}

fn main() {}
