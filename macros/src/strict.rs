//! Types whose JSON has keys of the caller's own: maps and free-form JSON.
//!
//! serde keeps the last of two equal keys there; each such type has a stand-in of the framework
//! that refuses the second. What a type is, is known by its name alone.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, GenericArgument, PathArguments, PathSegment, Type};

use crate::wire;

/// The stand-in through which `ty` is read; `None` for a type that reads itself.
pub(crate) fn stand_in(weldkit: &syn::Path, ty: &Type) -> Option<TokenStream> {
    let strict = quote!(#weldkit::__private::strict);
    if is_json(ty) {
        return Some(quote!(#strict::Json));
    }
    let Type::Path(path) = ty else { return None };
    let segment = path.path.segments.last()?;
    let inner = |ty: &Type| stand_in(weldkit, ty).unwrap_or_else(|| quote!(#strict::Plain<#ty>));
    match (segment.ident.to_string().as_str(), &*arguments(segment)) {
        ("Vec", [item]) => stand_in(weldkit, item).map(|item| quote!(::std::vec::Vec<#item>)),
        ("Option", [item]) => {
            stand_in(weldkit, item).map(|item| quote!(::core::option::Option<#item>))
        }
        ("Map", [_, value]) if is_json(value) => Some(quote!(#strict::Object)),
        ("BTreeMap", [key, value]) => {
            let value = inner(value);
            Some(quote!(#strict::Ordered<#key, #value>))
        }
        ("HashMap", [key, value]) => {
            let value = inner(value);
            Some(quote!(#strict::Hashed<#key, #value>))
        }
        _ => None,
    }
}

/// Whether a type is read through a stand-in.
pub(crate) fn is_strict(ty: &Type) -> bool {
    stand_in(&syn::parse_quote!(weldkit), ty).is_some()
}

/// `Json` or `serde_json::Value`, under whatever path.
fn is_json(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    let mut segments = path.path.segments.iter().rev();
    let last = segments.next();
    let before = segments.next();
    last.is_some_and(|last| {
        let value = before.is_some_and(|before| before.ident == "serde_json");
        last.arguments.is_none() && (last.ident == "Json" || (last.ident == "Value" && value))
    })
}

/// What has serde's derive read a field through its stand-in.
pub(crate) struct Through {
    /// `#[serde(…)]`
    pub(crate) attributes: TokenStream,
    /// Whether a default stands there that is none of the contract's.
    pub(crate) defaults: bool,
}

/// How a field is read through a stand-in, unless its own attributes say how it is read.
pub(crate) fn through(weldkit: &syn::Path, ty: &Type, own: &[Attribute]) -> Option<Through> {
    const OWN_WAY: &[&str] = &[
        "deserialize_with",
        "with",
        "flatten",
        "skip",
        "skip_deserializing",
    ];
    if OWN_WAY.iter().any(|key| wire::has(own, key)) {
        return None;
    }
    let stand_in = stand_in(weldkit, ty)?;
    let read = quote!(<#stand_in as #weldkit::__private::strict::Strict>::read).to_string();
    // Where a function reads it, an option that is not given has to be told what it is.
    let defaults = is_option(ty) && !wire::has(own, "default");
    let default = defaults.then(|| quote!(default,));
    Some(Through {
        attributes: quote!(#[serde(#default deserialize_with = #read)]),
        defaults,
    })
}

fn is_option(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Option"))
}

fn arguments(segment: &PathSegment) -> Vec<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return Vec::new();
    };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    types.collect()
}
