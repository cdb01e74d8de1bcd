#[derive(Debug)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
enum Shape<T: Copy> {
    Point,
    Circle {
        #[garde(range(min = 1, max = 9))]
        radius: u32,
        of: T,
    },
    Named(#[garde(length(equal = 3))] String, Vec<Part>),
}
