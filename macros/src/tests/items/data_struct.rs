/// One document.
#[derive(Debug, Clone, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// The key.
    #[garde(length(min = 1, max = 512), pattern("^[a-z/]+$"))]
    pub key: String,
    #[garde(range(min = 0.0), custom(finite))]
    weight_kg: Option<f64>,
    #[garde(length(max = 8), inner(length(chars, min = 2), ascii))]
    tags: Vec<String>,
    #[serde(default, rename = "sub")]
    parts: Vec<Part>,
    #[garde(skip)]
    unchecked: Part,
    #[cfg(feature = "extra")]
    #[garde(dive)]
    extra: Extra,
    #[garde(ipv4)]
    address: String,
    body: weldkit::Json,
}
