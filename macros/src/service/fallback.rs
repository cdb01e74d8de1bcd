//! The trait alone, next to what is wrong with it.
//!
//! Impls and mocks of the trait go on compiling, so that the errors the user sees are the ones
//! that count.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, FnArg, Signature};

use super::Trait;
use crate::error::Errors;
use crate::function::{Function, Member};
use crate::tokens;

/// For an item that is no trait, or one that cannot be read.
pub(super) fn unread(item: TokenStream, errors: Errors) -> TokenStream {
    let errors = errors.into_tokens();
    let item = tokens::strip_trait(item);
    quote!(#item #errors)
}

/// For a trait that was read: in the form that it would have without errors, where that is possible.
pub(super) fn read(weldkit: &syn::Path, item: &Trait, errors: Errors) -> TokenStream {
    let Trait {
        attributes,
        visibility,
        unsafety,
        ident,
        generics,
        supertraits,
        members,
    } = item;
    let mut seen = std::collections::BTreeSet::new();
    let members = members.iter().filter_map(|member| match member {
        // rustc would report a second one of the same name again.
        Member::Function(function) => seen
            .insert(function.signature.ident.to_string())
            .then(|| method(weldkit, function)),
        Member::Other(other) if other.kind.is_some() => Some(other.tokens.clone()),
        // rustc has nothing to add to what cannot be read.
        Member::Other(_) => None,
    });
    let (_, _, condition) = generics.split_for_impl();
    let errors = errors.into_tokens();
    quote! {
        #(#attributes)*
        #visibility #unsafety trait #ident #generics: ::core::marker::Send + ::core::marker::Sync + 'static + #supertraits #condition {
            #(#members)*
        }
        #errors
    }
}

fn method(weldkit: &syn::Path, function: &Function) -> TokenStream {
    let attributes = function
        .attributes
        .iter()
        .filter(|attribute| !attribute.path().is_ident("method"));
    let mut signature = function.signature.clone();
    clean(&mut signature);
    let body = function.body.as_ref();
    if signature.asyncness.is_some() && body.is_none() {
        signature = super::expand::desugared(weldkit, &signature);
    }
    let signature = super::expand::sized(&signature);
    let end = body.map_or_else(|| quote!(;), |body| quote!(#body));
    quote!(#(#attributes)* #[allow(async_fn_in_trait)] #signature #end)
}

/// Takes the attributes that only the contract understands off the parameters.
fn clean(signature: &mut Signature) {
    let keep = |attribute: &Attribute| {
        !tokens::PARAMETER_ATTRIBUTES
            .iter()
            .any(|name| attribute.path().is_ident(name))
    };
    for input in &mut signature.inputs {
        match input {
            FnArg::Receiver(receiver) => receiver.attrs.retain(keep),
            FnArg::Typed(typed) => typed.attrs.retain(keep),
        }
    }
}
