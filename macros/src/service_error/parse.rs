//! Enum -> model. What has no place in the model is an error here.

use syn::{Attribute, Data, DataEnum, DeriveInput, Fields, Path, Type};

use super::{Field, Host, Model, Role, SHARED_CODES, Shape, Variant};
use crate::attribute::{Arguments, CRATE, Form, Key};
use crate::error::Errors;
use crate::text::{self, plain};

const ADD_HOST: &str = "add `#[error(transparent)] Call(#[from] weldkit::CallError)`";

const ITEM_KEYS: &[Key] = &[
    CRATE,
    Key {
        name: "code",
        form: Form::Elsewhere("each variant has a code; write it there"),
    },
];

const VARIANT_KEYS: &[Key] = &[
    Key {
        name: "code",
        form: Form::Text("not_found"),
    },
    Key {
        name: "retryable",
        form: Form::Flag,
    },
    Key {
        name: "effect",
        form: Form::Choice(&["none", "possible"]),
    },
    Key {
        name: "host",
        form: Form::Flag,
    },
    Key {
        name: "skip",
        form: Form::Elsewhere("`skip` leaves one field out of the details; write it on the field"),
    },
    Key {
        name: "message",
        form: Form::Elsewhere("the message is that of `#[error(\"…\")]`"),
    },
];

const FIELD_KEYS: &[Key] = &[
    Key {
        name: "skip",
        form: Form::Flag,
    },
    Key {
        name: "rename",
        form: Form::Elsewhere("write serde's own attribute: `#[serde(rename = \"…\")]`"),
    },
    Key {
        name: "code",
        form: Form::Elsewhere("a variant has a code; write it there"),
    },
];

/// `crate = path` on the item.
pub(super) fn framework(input: &DeriveInput, errors: &mut Errors) -> Option<Path> {
    arguments(&input.attrs, ITEM_KEYS, errors)
        .path("crate")
        .cloned()
}

/// Reads the enum; nothing when it is none or has no variant for the host.
pub(super) fn model(input: &DeriveInput, weldkit: Path, errors: &mut Errors) -> Option<Model> {
    let data = match &input.data {
        Data::Enum(data) => data,
        Data::Struct(data) => {
            errors.at(data.struct_token, format!("a service fails in several ways, the host's among them; write an `enum`, and {ADD_HOST}"));
            return None;
        }
        Data::Union(data) => {
            errors.at(data.union_token, format!("write an `enum`, and {ADD_HOST}"));
            return None;
        }
    };
    if !input.generics.params.is_empty() {
        errors.at(
            &input.generics,
            "the error type of a contract has no generics; write the types out",
        );
    }
    let host = host(input, data, errors);
    let variants = data
        .variants
        .iter()
        .filter(|variant| host.as_ref().is_none_or(|host| host.ident != variant.ident));
    let variants = variants
        .map(|variant| self::variant(variant, errors))
        .collect();
    Some(Model {
        weldkit,
        ident: input.ident.clone(),
        host: host?,
        variants,
    })
}

/// The variant that carries the host's errors: marked so, or `#[from]` of a type named `CallError`.
/// That it really is that type is checked by what is emitted.
fn host(input: &DeriveInput, data: &DataEnum, errors: &mut Errors) -> Option<Host> {
    let one_field = |variant: &syn::Variant| variant.fields.len() == 1;
    let from =
        |variant: &syn::Variant| variant.fields.iter().any(|field| has(&field.attrs, "from"));
    let marked = |variant: &syn::Variant| {
        // Errors in the attribute are reported when the variant is read.
        arguments(&variant.attrs, VARIANT_KEYS, &mut Errors::default())
            .flag("host")
            .is_some()
    };
    let named = |variant: &syn::Variant| matches!(variant.fields.iter().next().map(|field| &field.ty), Some(Type::Path(path)) if path.path.segments.last().is_some_and(|segment| segment.ident == "CallError"));
    let mut marks = data.variants.iter().filter(|variant| marked(variant));
    let found = marks.next().or_else(|| {
        data.variants
            .iter()
            .find(|variant| one_field(variant) && from(variant) && named(variant))
    });
    if let Some(second) = marks.next() {
        errors.at(
            &second.ident,
            "one variant carries the host's errors; another is marked `host` already",
        );
    }
    let Some(variant) = found else {
        let near = data
            .variants
            .iter()
            .find(|variant| one_field(variant) && named(variant));
        match near {
            Some(near) => errors.at(&near.fields, "the host's errors come in by `?`; write `#[from]` before the type"),
            None => errors.push(input.ident.span(), format!("no variant carries the host's own errors (timeout, permission denied, …); {ADD_HOST}. One whose type has another name is marked `#[service_error(host)]`")),
        }
        return None;
    };
    if !one_field(variant) {
        errors.at(
            &variant.ident,
            "the variant for the host's errors has one field: `Call(#[from] weldkit::CallError)`",
        );
        return None;
    }
    let arguments = arguments(&variant.attrs, VARIANT_KEYS, errors);
    for key in ["code", "retryable", "effect"] {
        if let Some(span) = arguments.flag(key) {
            errors.push(
                span,
                format!("the host's errors have a `{key}` of their own; leave it out here"),
            );
        }
    }
    let field = variant.fields.iter().next()?;
    if !from(variant) {
        errors.at(
            &field.ty,
            "the host's errors come in by `?`; write `#[from]` before the type",
        );
    }
    Some(Host {
        ident: variant.ident.clone(),
        field: field.ident.clone(),
        ty: field.ty.clone(),
    })
}

fn variant(variant: &syn::Variant, errors: &mut Errors) -> Variant {
    let arguments = arguments(&variant.attrs, VARIANT_KEYS, errors);
    let (code, code_span) = match arguments.text("code") {
        Some(code) => (code.value(), code.span()),
        None => (
            text::snake_case(&plain(&variant.ident)),
            variant.ident.span(),
        ),
    };
    let shared = SHARED_CODES
        .iter()
        .any(|(shared, retryable)| *shared == code && *retryable);
    Variant {
        ident: variant.ident.clone(),
        docs: text::docs(&variant.attrs),
        retryable: arguments.flag("retryable").is_some() || shared,
        effect_possible: arguments
            .text("effect")
            .is_some_and(|effect| effect.value() == "possible"),
        shape: shape(&variant.fields, errors),
        code,
        code_span,
    }
}

fn shape(fields: &Fields, errors: &mut Errors) -> Shape {
    match fields {
        Fields::Unit => Shape::Unit,
        Fields::Unnamed(unnamed) => {
            let mut source = None;
            for (index, field) in unnamed.unnamed.iter().enumerate() {
                // There is nothing to leave out, so the key is refused like any that means nothing.
                if arguments(&field.attrs, FIELD_KEYS, errors)
                    .flag("skip")
                    .is_some()
                {
                    errors.at(
                        &field.ty,
                        "a field without a name is not part of the details; leave out `skip`",
                    );
                }
                if is_source(field) {
                    source = Some(index);
                }
            }
            Shape::Unnamed { source }
        }
        Fields::Named(named) => Shape::Named(
            named
                .named
                .iter()
                .filter_map(|field| self::field(field, errors))
                .collect(),
        ),
    }
}

fn field(field: &syn::Field, errors: &mut Errors) -> Option<Field> {
    let skip = arguments(&field.attrs, FIELD_KEYS, errors)
        .flag("skip")
        .is_some();
    let role = match () {
        () if is_source(field) && !skip => Role::Source,
        () if skip || is_cause(field) => Role::Skipped,
        () => Role::Detail,
    };
    let kept = ["doc", "serde", "schemars"];
    let attributes = field
        .attrs
        .iter()
        .filter(|attribute| kept.iter().any(|name| attribute.path().is_ident(name)))
        .cloned()
        .collect();
    Some(Field {
        ident: field.ident.clone()?,
        ty: field.ty.clone(),
        attributes,
        role,
    })
}

/// thiserror's own notion of a source or a backtrace.
fn is_cause(field: &syn::Field) -> bool {
    let named = field
        .ident
        .as_ref()
        .is_some_and(|ident| ident == "source" || ident == "backtrace");
    named
        || ["source", "from", "backtrace"]
            .iter()
            .any(|name| has(&field.attrs, name))
}

/// A source that can be handed on. One in an `Option` stays behind: there is nothing to hand on when it is empty.
fn is_source(field: &syn::Field) -> bool {
    let named = field.ident.as_ref().is_some_and(|ident| ident == "source");
    let optional = matches!(&field.ty, Type::Path(path) if path.path.segments.last().is_some_and(|segment| segment.ident == "Option"));
    (named || has(&field.attrs, "source") || has(&field.attrs, "from")) && !optional
}

fn has(attributes: &[Attribute], name: &str) -> bool {
    attributes
        .iter()
        .any(|attribute| attribute.path().is_ident(name))
}

/// The keys of the first `#[service_error(…)]`.
fn arguments(attributes: &[Attribute], keys: &[Key], errors: &mut Errors) -> Arguments {
    Arguments::given("service_error", attributes, keys, errors)
}
