#[weldkit::data]
pub struct Document {
    #[garde(lenght(min = 1))]
    a: String,
    #[garde(length(minimum = 1))]
    b: String,
    #[garde(length)]
    c: String,
    #[garde(length())]
    d: String,
    #[garde(range(min = 1, equal = 2))]
    e: u32,
    #[garde(pattern("(a"), pattern("[a"))]
    f: String,
    #[garde(email)]
    g: String,
    #[garde(skip, ascii)]
    h: String,
    #[garde = "ascii"]
    i: String,
    #[cfg_attr(unix, garde(ascii))]
    j: String,
}

fn main() {}
