//! The parts of a signature: context, parameters and result.

use syn::{FnArg, Pat, PatType, ReceiverKind, ReturnType, Signature, Type};

use super::{Ctx, Name, Parameter, Reading};
use crate::error::Errors;
use crate::rules;
use crate::text::{self, plain};
use crate::tokens::{self, PARAMETER_ATTRIBUTES, find_ident, find_lifetime};
use crate::wire::{self, Naming};

/// The return type; none is an error.
pub(super) fn output(signature: &Signature, errors: &mut Errors) -> Option<Type> {
    const ADVICE: &str = "write `-> Result<T, MyError>` with `#[derive(weldkit::ServiceError)]` on the error, or `-> Result<T, weldkit::CallError>`";
    let ReturnType::Type(_, ty) = &signature.output else {
        errors.push(
            signature.paren_token.span.close(),
            format!("every call can fail, so a method returns a `Result`: {ADVICE}"),
        );
        return None;
    };
    let fault = match &**ty {
        Type::ImplTrait(_) if find_ident(quote::quote!(#ty), "Stream").is_some() => {
            Some("a stream has a type: write `-> weldkit::Stream<T, MyError>`".to_owned())
        }
        Type::ImplTrait(_) => Some(format!("the contract has to name the type: {ADVICE}")),
        Type::Tuple(_)
        | Type::Reference(_)
        | Type::Slice(_)
        | Type::Array(_)
        | Type::Ptr(_)
        | Type::Never(_)
        | Type::TraitObject(_) => Some(format!(
            "every call can fail, so a method returns a `Result`: {ADVICE}"
        )),
        _ => None,
    };
    if let Some(fault) = fault {
        errors.at(ty, fault);
        return None;
    }
    if let Some(fault) = borrowed(ty) {
        errors.at(ty, format!("{fault}; a result outlives the call"));
    }
    Some((**ty).clone())
}

/// The context and the parameters; no context is an error.
pub(super) fn inputs(signature: &Signature, errors: &mut Errors) -> (Option<Ctx>, Vec<Parameter>) {
    let mut inputs = signature.inputs.iter().peekable();
    match inputs.next_if(|input| matches!(input, FnArg::Receiver(_))) {
        Some(FnArg::Receiver(receiver)) => {
            if !matches!(receiver.kind, ReceiverKind::Reference(_, None, None)) {
                errors.at(receiver, "providers are shared between calls; write `&self`, with a `Mutex` or an atomic inside the provider where it changes");
            }
        }
        _ => errors.push(
            signature.paren_token.span.open(),
            "a method of a contract is called on its provider; write `&self` first",
        ),
    }
    let ctx = inputs
        .next_if(|input| matches!(input, FnArg::Typed(typed) if is_ctx(typed)))
        .and_then(|input| match input {
            FnArg::Typed(typed) => ctx(typed, errors),
            FnArg::Receiver(_) => None,
        });
    if ctx.is_none() {
        let advice = "who calls, until when and in which transaction comes with the call; write `ctx: &Ctx` after `&self` (`use weldkit::Ctx`)";
        match inputs.peek() {
            Some(next) => errors.at(next, advice),
            None => errors.push(signature.paren_token.span.close(), advice),
        }
    }
    let parameters = inputs.filter_map(|input| match input {
        FnArg::Typed(typed) => parameter(typed, errors),
        FnArg::Receiver(_) => None,
    });
    (ctx, parameters.collect())
}

/// Whether a parameter is meant to be the context: a reference named so or to something named so.
/// That it really is one is checked by its type.
fn is_ctx(typed: &PatType) -> bool {
    let named = matches!(&*typed.pat, Pat::Ident(pat) if matches!(pat.ident.to_string().as_str(), "ctx" | "_ctx"));
    let ty = match &*typed.ty {
        Type::Reference(reference) => &*reference.elem,
        ty => ty,
    };
    named
        || matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|segment| segment.ident == "Ctx"))
}

fn ctx(typed: &PatType, errors: &mut Errors) -> Option<Ctx> {
    let shared = matches!(&*typed.ty, Type::Reference(reference) if reference.mutability.is_none() && reference.lifetime.is_none());
    if !shared {
        errors.at(&typed.ty, "the context is lent for the call; write `&Ctx`");
    }
    if let Some(attribute) = typed.attrs.first() {
        errors.at(
            attribute,
            "the context is no parameter of the contract; leave this out",
        );
    }
    match &*typed.pat {
        Pat::Ident(pat)
            if pat.subpat.is_none() && pat.by_ref.is_none() && pat.mutability.is_none() =>
        {
            Some(Ctx {
                ident: pat.ident.clone(),
                ty: (*typed.ty).clone(),
            })
        }
        Pat::Wild(wild) => Some(Ctx {
            ident: syn::Ident::new("ctx", wild.underscore_token.span),
            ty: (*typed.ty).clone(),
        }),
        pat => {
            errors.at(pat, "write a plain name: `ctx: &Ctx`");
            None
        }
    }
}

fn parameter(typed: &PatType, errors: &mut Errors) -> Option<Parameter> {
    let Pat::Ident(pat) = &*typed.pat else {
        errors.at(
            &typed.pat,
            "the name of a parameter is its key in JSON; write a plain name",
        );
        return None;
    };
    if pat.subpat.is_some() || pat.by_ref.is_some() || pat.mutability.is_some() {
        errors.at(pat, format!("write a plain name: `{}`", pat.ident));
    }
    if let Some(fault) = borrowed(&typed.ty) {
        let owned = owned(&typed.ty)
            .map(|owned| format!("; write `{owned}`"))
            .unwrap_or_default();
        errors.at(
            &typed.ty,
            format!("{fault}: a parameter may come from another process{owned}"),
        );
    }
    for attribute in &typed.attrs {
        let known = PARAMETER_ATTRIBUTES
            .iter()
            .any(|name| attribute.path().is_ident(name));
        if attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr") {
            errors.at(
                attribute,
                "a contract is the same in every build; leave this out",
            );
        } else if !known {
            errors.at(
                attribute,
                "a parameter takes doc comments, `#[serde(…)]`, `#[garde(…)]` and `#[schemars(…)]`",
            );
        }
    }
    let naming = Naming::of(&typed.attrs);
    if naming.nameless {
        errors.at(
            &typed.pat,
            "every parameter is one key of the parameter object; leave out `flatten`",
        );
    }
    let rules = rules::read(&typed.attrs, errors);
    let name = naming.rename.unwrap_or_else(|| plain(&pat.ident));
    let reading = reading(&typed.attrs, &rules);
    Some(Parameter {
        ident: pat.ident.clone(),
        ty: (*typed.ty).clone(),
        attributes: typed.attrs.clone(),
        rules,
        name: Name {
            text: name,
            span: pat.ident.span(),
        },
        reading,
    })
}

/// What it takes to read a parameter with these attributes and rules.
fn reading(attributes: &[syn::Attribute], rules: &rules::Rules) -> Reading {
    let mut reading = Reading::Given;
    for attribute in attributes {
        match wire::plain(attribute) {
            _ if attribute.path().is_ident("doc") || attribute.path().is_ident("garde") => {}
            Some(true) => reading = Reading::OrDefault,
            Some(false) => {}
            None => return Reading::Derived,
        }
    }
    if rules.are_plain() {
        reading
    } else {
        Reading::Derived
    }
}

/// Why a type cannot cross the edge, if it cannot.
fn borrowed(ty: &Type) -> Option<String> {
    let tokens = quote::quote!(#ty);
    if tokens::find(
        tokens.clone(),
        &|token| matches!(token, proc_macro2::TokenTree::Punct(punct) if punct.as_char() == '&'),
    )
    .is_some()
    {
        return Some("a contract passes owned values".to_owned());
    }
    if let Some(lifetime) = find_lifetime(tokens.clone()) {
        return Some(format!(
            "a contract passes owned values, and `'{lifetime}` borrows"
        ));
    }
    if find_ident(tokens.clone(), "Self").is_some() {
        return Some("`Self` is the provider, which callers do not know".to_owned());
    }
    find_ident(tokens, "impl")
        .map(|_| "a contract has to name its types; `impl` hides one".to_owned())
}

/// The owned form of the most frequent borrowed types.
fn owned(ty: &Type) -> Option<String> {
    let Type::Reference(reference) = ty else {
        return None;
    };
    Some(match &*reference.elem {
        Type::Path(path) if path.path.is_ident("str") => "String".to_owned(),
        Type::Path(path) if path.path.is_ident("Path") => "String".to_owned(),
        Type::Slice(slice) if text::shown(&slice.elem) == "u8" => "weldkit::Bytes".to_owned(),
        Type::Slice(slice) => format!("Vec<{}>", text::shown(&slice.elem)),
        other => text::shown(other),
    })
}
