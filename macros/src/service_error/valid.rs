//! Codes: named by the rule, one for each variant, and none that is the host's alone.

use std::collections::BTreeMap;

use super::{HOST_CODES, Model, SHARED_CODES};
use crate::error::Errors;
use crate::text;

pub(super) fn check(model: &Model, errors: &mut Errors) {
    let mut seen = BTreeMap::new();
    for variant in &model.variants {
        let code = variant.code.as_str();
        if let Some(fault) = text::name_fault(code) {
            errors.push(variant.code_span, fault);
        } else if HOST_CODES.contains(&code) {
            let own = text::snake_case(&model.ident.to_string());
            let own = own.strip_suffix("_error").unwrap_or(&own);
            let shared: Vec<&str> = SHARED_CODES.iter().map(|(code, _)| *code).collect();
            errors.push(variant.code_span, format!("`{code}` is a code of the host, which callers take for the host's own; write `#[service_error(code = \"{own}_{code}\")]`. Of the host's codes a service may use: {}", shared.join(", ")));
        }
        if let Some(first) = seen.insert(code, &variant.ident) {
            errors.push(variant.code_span, format!("`{first}` has the code `{code}` already; give one of them another: `#[service_error(code = \"…\")]`"));
        }
    }
}
