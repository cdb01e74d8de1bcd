#[weldkit::data]
pub union Either {
    a: u32,
    b: f32,
}

#[weldkit::data]
pub fn function() {}

#[weldkit::data]
pub trait Shape {}

fn main() {}
