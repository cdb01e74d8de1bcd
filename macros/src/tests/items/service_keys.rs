#[allow(dead_code)]
pub(crate) trait KeyValue: std::fmt::Debug {
    #[method(stability = "experimental", since = "1.5")]
    fn r#type(&self, ctx: &Ctx, r#match: bool) -> Outcome;
    #[method(stream)]
    fn all(&self, ctx: &Ctx) -> Items;
}
