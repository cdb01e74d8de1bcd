//! The trait and a contract that promises nothing, next to what is wrong with the real one.
//!
//! Impls, mocks and users of the trait go on compiling, so that the errors the user sees are the
//! ones that count.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, FnArg, Pat, Signature};

use super::Trait;
use super::expand::{bare, bounds, braced, desugared, sized, twin_ident};
use crate::error::Errors;
use crate::function::{End, Function, Member};
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
        ..
    } = item;
    let functions = functions(item);
    let methods = functions.iter().map(|function| method(weldkit, function));
    // rustc has nothing to add to what cannot be read.
    let others = item
        .members
        .iter()
        .filter(|member| matches!(member, Member::Other(other) if other.kind.is_some()));
    let (_, _, condition) = generics.split_for_impl();
    let stand_in = stand_in(weldkit, item, &functions);
    let errors = errors.into_tokens();
    let bounds = bounds(item);
    let body = braced(item, quote!(#(#others)* #(#methods)*));
    quote! {
        #(#attributes)*
        #visibility #unsafety trait #ident #generics #bounds #condition #body
        #stand_in
        #errors
    }
}

/// The methods, each name once: rustc would report a second one again.
fn functions(item: &Trait) -> Vec<&Function> {
    let mut seen = BTreeSet::new();
    let functions = item.members.iter().filter_map(|member| match member {
        Member::Function(function) => Some(&**function),
        Member::Other(_) => None,
    });
    functions
        .filter(|function| seen.insert(&function.signature.ident))
        .collect()
}

fn method(weldkit: &syn::Path, function: &Function) -> TokenStream {
    let attributes = function
        .attributes
        .iter()
        .filter(|attribute| !attribute.path().is_ident("method"));
    let mut signature = function.signature.clone();
    clean(&mut signature);
    let end = &function.end;
    if signature.asyncness.is_some() && matches!(end, End::Semicolon(_)) {
        signature = desugared(weldkit, &signature);
    }
    let signature = sized(&signature);
    quote!(#(#attributes)* #[allow(async_fn_in_trait)] #signature #end)
}

/// Takes off the parameters what only the contract understands, and patterns, which rustc would
/// report again.
fn clean(signature: &mut Signature) {
    let keep = |attribute: &Attribute| {
        !tokens::PARAMETER_ATTRIBUTES
            .iter()
            .any(|name| attribute.path().is_ident(name))
    };
    for input in &mut signature.inputs {
        match input {
            FnArg::Receiver(receiver) => receiver.attrs.retain(keep),
            FnArg::Typed(typed) => {
                typed.attrs.retain(keep);
                if !matches!(*typed.pat, Pat::Ident(_) | Pat::Wild(_)) {
                    *typed.pat = syn::parse_quote!(_);
                }
            }
        }
    }
}

/// What `Service<dyn Trait>` and `provides(Trait)` need to type-check. Never run: there is an error.
fn stand_in(weldkit: &syn::Path, item: &Trait, functions: &[&Function]) -> Option<TokenStream> {
    let plain = item.generics.params.is_empty()
        && item
            .members
            .iter()
            .all(|member| matches!(member, Member::Function(_)));
    let named = functions.iter().all(|function| {
        let signature = &function.signature;
        tokens::find_ident(quote!(#signature), "impl").is_none()
    });
    if !plain || !named || item.unsafety.is_some() {
        return None;
    }
    let (ident, visibility, twin) = (&item.ident, &item.visibility, twin_ident(item));
    let methods = functions.iter().map(|function| {
        let mut signature = bare(&function.signature);
        clean(&mut signature);
        quote!(#[allow(unused_variables)] #signature { ::core::unreachable!() })
    });
    Some(quote! {
        #[doc(hidden)]
        #visibility trait #twin: ::core::marker::Send + ::core::marker::Sync + 'static {}
        impl<__Provider: #ident> #twin for __Provider {}
        const _: () = {
            impl #weldkit::Contract for dyn #ident + '_ {
                type Twin = dyn #twin;
                const DESCRIPTOR: &'static #weldkit::contract::ServiceDescriptor = &#weldkit::contract::ServiceDescriptor {
                    name: "",
                    version: #weldkit::contract::Version::new(0, 0, 0),
                    package: "",
                    docs: "",
                    stability: #weldkit::contract::Stability::Stable,
                    since: ::core::option::Option::None,
                    deprecated: ::core::option::Option::None,
                    methods: &[],
                };
                fn call_json<'a>(
                    _: &'a #weldkit::Service<Self>,
                    _: usize,
                    _: &'a #weldkit::Ctx,
                    _: &'a [u8],
                    _: &mut #weldkit::__private::Context<'_>,
                ) -> #weldkit::__private::JsonCall<'a> {
                    ::core::unreachable!()
                }
            }
            impl #ident for #weldkit::Service<dyn #ident> {
                #(#methods)*
            }
        };
    })
}
