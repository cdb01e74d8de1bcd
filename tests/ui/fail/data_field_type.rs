pub struct Plain;

#[weldkit::data]
pub struct Document {
    plain: Plain,
}

fn main() {}
