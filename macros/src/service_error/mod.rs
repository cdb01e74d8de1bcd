//! `#[derive(ServiceError)]`: an enum becomes the error type of a contract.
//!
//! Each variant has a code, by default its name; its named fields are the details. One variant
//! carries the host's own errors, which pass through unchanged.

mod expand;
mod fallback;
mod parse;
mod valid;

use proc_macro2::{Span, TokenStream};
use syn::{DeriveInput, Ident, Type};

use crate::error::Errors;
use crate::framework;

/// Expands the derive; the item itself stays where it is.
pub(crate) fn service_error(item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let input = match syn::parse2::<DeriveInput>(item) {
        Ok(input) => input,
        Err(error) => {
            errors.add(error);
            return errors.into_tokens();
        }
    };
    let weldkit = framework::path(parse::framework(&input, &mut errors).as_ref());
    let model = parse::model(&input, weldkit.clone(), &mut errors);
    if let Some(model) = &model {
        valid::check(model, &mut errors);
    }
    match model {
        Some(model) if errors.is_empty() => expand::expand(&model),
        _ => fallback::expand(&weldkit, &input, errors),
    }
}

struct Model {
    weldkit: syn::Path,
    ident: Ident,
    /// The variant that carries the host's errors.
    host: Host,
    variants: Vec<Variant>,
}

struct Host {
    ident: Ident,
    /// The name of its one field, unless it has none.
    field: Option<Ident>,
    ty: Type,
}

struct Variant {
    ident: Ident,
    docs: String,
    code: String,
    code_span: Span,
    retryable: bool,
    effect_possible: bool,
    shape: Shape,
}

enum Shape {
    Unit,
    /// How many unnamed fields, and which of them is the source.
    Unnamed {
        source: Option<usize>,
    },
    Named(Vec<Field>),
}

struct Field {
    ident: Ident,
    ty: Type,
    /// Docs, serde and schemars.
    attributes: Vec<syn::Attribute>,
    role: Role,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Becomes part of the details.
    Detail,
    /// What caused the error: for the operator, not for strangers.
    Source,
    /// Neither.
    Skipped,
}

/// The host's codes that a service may use with their meaning, and whether the host's is retryable.
const SHARED_CODES: &[(&str, bool)] = &[
    ("not_found", false),
    ("conflict", true),
    ("invalid_state", false),
    ("invalid_parameter", false),
    ("limit", false),
    ("unavailable", true),
    ("permission_denied", false),
];

/// The host's codes that only the host may use.
const HOST_CODES: &[&str] = &[
    "service_not_found",
    "method_not_found",
    "unknown_parameter",
    "incompatible_interface",
    "security_violation",
    "timeout",
    "cancelled",
    "panicked",
    "internal",
];
