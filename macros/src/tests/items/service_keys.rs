#[allow(dead_code)]
pub(crate) trait KeyValue: std::fmt::Debug {
    #[method(stability = "experimental", since = "1.5")]
    fn r#type(&self, ctx: &Ctx, r#match: bool) -> Outcome;
    fn find(&self, ctx: &Ctx, #[garde(prefix("/"))] key: Key, #[serde(alias = "max")] limit: u32) -> Outcome;
    #[method(stream)]
    fn all(&self, ctx: &Ctx) -> Items;
}
