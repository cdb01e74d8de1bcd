#[weldkit::data(rename_all = "camelCase")]
#[derive(Debug, serde::Serialize)]
pub struct A {
    a: u32,
}

#[weldkit::data(crat = weldkit)]
pub struct B {
    b: u32,
}

fn main() {}
