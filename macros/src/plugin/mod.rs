//! `#[plugin]`: the impl with the constructor becomes a plugin.
//!
//! ```text
//! tokens -> parse (attribute, impl, start, stop, health) -> valid -> the impl as it was
//!                                                                  + impl Plugin, registration   no error
//! ```

mod expand;
mod parse;
mod valid;

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Attribute, Ident, LitStr, Type};

use crate::error::Errors;
use crate::function::Member;
use crate::lifecycle::Lifecycle;

/// Expands `#[plugin(arguments)] item`. The item is emitted as it was, in any case.
pub(crate) fn plugin(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let plugin = parse::item(item.clone(), &mut errors).and_then(|block| {
        let plugin = parse::plugin(arguments, &block, &mut errors);
        valid::check(plugin.as_ref(), &block, &mut errors);
        plugin
    });
    match plugin {
        Some(plugin) if errors.is_empty() => {
            let plugin = expand::expand(&plugin);
            quote!(#item #plugin)
        }
        _ => {
            let errors = errors.into_tokens();
            quote!(#item #errors)
        }
    }
}

/// An impl block as it was written, bodies unread.
struct Block {
    attributes: Vec<Attribute>,
    impl_span: Span,
    generics: syn::Generics,
    /// `Trait for`, which has no place here.
    implemented: Option<syn::Path>,
    ty: Type,
    members: Vec<Member>,
}

struct Plugin {
    weldkit: syn::Path,
    ty: Type,
    id: Option<LitStr>,
    description: String,
    lifecycle: Lifecycle,
    provides: Vec<syn::Path>,
    categories: Vec<LitStr>,
    tags: Vec<LitStr>,
    permissions: Vec<LitStr>,
    access: Vec<Ident>,
    exclusive: bool,
    participant: Option<Span>,
    start: Start,
    stop: Option<Stop>,
    health: Option<Span>,
}

/// The constructor.
struct Start {
    span: Span,
    wait: bool,
    /// What it asks for.
    parameters: Vec<Type>,
    output: Type,
}

struct Stop {
    span: Span,
    wait: bool,
    output: Type,
}
