//! Errors that rustc would not let through to a macro, and how many come at once. The others are
//! compile-fail tests of the workspace.

use proc_macro2::TokenStream;

use super::{Macro, tokens};

fn messages(expand: Macro, attribute: &str, item: &str) -> Vec<String> {
    let output: syn::File =
        syn::parse2(expand(tokens(attribute), tokens(item))).expect("the output is Rust");
    let errors = output.items.into_iter().filter_map(|item| match item {
        syn::Item::Macro(call) => syn::parse2::<syn::LitStr>(call.mac.tokens).ok(),
        _ => None,
    });
    errors.map(|message| message.value()).collect()
}

fn check(expand: Macro, attribute: &str, item: &str, expected: &[&str]) {
    let messages = messages(expand, attribute, item);
    for expected in expected {
        assert!(
            messages.iter().any(|message| message.contains(expected)),
            "`{expected}` is missing in {messages:#?}"
        );
    }
    assert_eq!(messages.len(), expected.len(), "{messages:#?}");
}

#[test]
fn every_error_of_a_trait_comes_at_once() {
    check(
        crate::service::service,
        r#"nam = "x", version = "2.x""#,
        "trait T<X> { #[method(readonly, timeout = \"5 s\")] async fn Get(&mut self, key: &str) -> Result<u8, E>; fn b(&self, ctx: &Ctx); type A; }",
        &[
            "unknown key `nam`",
            "`x` in `2.x`",
            "unknown key `readonly`",
            "` s` is not a unit",
            "write `&self`",
            "write `ctx: &Ctx`",
            "write `String`",
            "returns a `Result`",
            "has methods only",
            "has no generics",
        ],
    );
}

#[test]
fn a_method_that_cannot_be_read_leaves_the_others() {
    let output = crate::service::service(
        TokenStream::new(),
        tokens("trait T { fn a(&self, ctx: &Ctx) -> ; fn b(&self, ctx: &Ctx) -> Result<u8, E>; }"),
    );
    let text = output.to_string();
    assert!(text.contains("compile_error"), "{text}");
    assert!(text.contains("fn b"), "{text}");
}

#[test]
fn a_body_that_cannot_be_read_costs_nothing() {
    let item =
        "impl P { fn start() -> weldkit::Result<Self> { let x = ; foo( } fn other(&self) { if } }";
    // An unbalanced bracket cannot reach a macro; the rest can.
    let item = item.replace("foo(", "foo!");
    let output = crate::plugin::plugin(TokenStream::new(), tokens(&item)).to_string();
    assert!(!output.contains("compile_error"), "{output}");
    assert!(
        output.contains("impl :: weldkit :: Plugin for P"),
        "{output}"
    );
}

#[test]
fn every_error_of_an_error_type_comes_at_once() {
    check(
        super::service_error,
        "",
        "enum E { #[service_error(code = \"timeout\")] A, #[service_error(code = \"b\", retryabel)] B, #[service_error(code = \"b\")] C, Call(#[from] CallError) }",
        &[
            "`timeout` is a code of the host",
            "did you mean `retryable`?",
            "`B` has the code `b` already",
        ],
    );
}

#[test]
fn every_error_of_metrics_comes_at_once() {
    check(
        super::metrics,
        "",
        "struct M { a: Counter, #[doc = \"x\"] #[metric(unit = \"Seconds\", labals(\"k\"))] b: Counter, #[doc = \"x\"] #[metric(name = \"b\", help = \"y\")] c: Counter }",
        &[
            "say in a doc comment",
            "`Seconds`: write lower-case",
            "did you mean `labels`?",
            "another field has the name `b`",
            "is the doc comment of the field",
        ],
    );
    check(super::metrics, "", "enum M { A }", &["write a `struct`"]);
    check(super::metrics, "", "struct M(Counter);", &["named fields"]);
}

#[test]
fn every_error_of_data_comes_at_once() {
    check(
        crate::data::data,
        "x",
        "#[derive(Serialize)] struct D { #[garde(lenght(min = 1), range(mni = 1), dive, skip)] a: u8, #[garde(length)] b: String, #[garde(pattern(\"(a\"), email)] c: String }",
        &[
            "unknown key `x`",
            "derives `Serialize`",
            "did you mean `length`?",
            "unknown bound `mni`",
            "`skip` means",
            "write `length(min = 1, max = 64)`",
            "do not pair",
            "`email` is not built in",
        ],
    );
}
