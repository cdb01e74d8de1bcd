struct A;

#[weldkit::plugin]
impl A {
    fn start(&self) -> weldkit::Result<Self> {
        Ok(A)
    }
}

struct B;

#[weldkit::plugin]
impl B {
    fn start() -> Self {
        B
    }
}

struct C;

#[weldkit::plugin]
impl C {
    async fn start() {}
}

struct D;

#[weldkit::plugin]
impl D {
    fn start<T>(name: &str, any: impl Send) -> weldkit::Result<Self> {
        Ok(D)
    }
}

fn main() {}
