#[weldkit::data]
pub struct Document {
    #[garde(range(min = 1))]
    a: String,
    #[garde(length(min = 1))]
    b: u32,
    #[garde(dive)]
    c: String,
    #[garde(custom(check))]
    d: u32,
}

fn check(_: &String) -> Result<(), String> {
    Ok(())
}

fn main() {}
