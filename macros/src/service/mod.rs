//! `#[service]`: a trait becomes a contract.
//!
//! ```text
//! tokens -> parse (trait, methods, parameters) -> valid (names, flags that exclude each other)
//!        -> expand (trait, twin, descriptor, JSON door, client)     no error
//!        -> fallback (the trait alone, so that its impls still type-check)   else
//! ```

mod arguments;
mod describe;
mod expand;
mod fallback;
mod parse;
mod signature;
mod valid;

use proc_macro2::{Span, TokenStream};
use std::time::Duration;
use syn::punctuated::Punctuated;
use syn::{Attribute, Generics, Ident, LitStr, Signature, Token, Type, TypeParamBound, Visibility};

use crate::error::Errors;
use crate::function::Member;
use crate::lifecycle::Lifecycle;
use crate::rules::Rules;

/// The deadline of a method that gives none.
const TIMEOUT_DEFAULT: Duration = Duration::from_secs(30);

/// Expands `#[service(arguments)] item`.
pub(crate) fn service(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let Some(item_trait) = parse::item(item.clone(), &mut errors) else {
        return fallback::unread(item, errors);
    };
    let contract = parse::contract(arguments, &item_trait, &mut errors);
    valid::check(&contract, &item_trait, &mut errors);
    if errors.is_empty() {
        expand::expand(&contract, &item_trait)
    } else {
        fallback::read(&contract.weldkit, &item_trait, errors)
    }
}

/// A trait as it was written, bodies unread.
pub(crate) struct Trait {
    attributes: Vec<Attribute>,
    visibility: Visibility,
    unsafety: Option<Token![unsafe]>,
    ident: Ident,
    generics: Generics,
    supertraits: Punctuated<TypeParamBound, Token![+]>,
    members: Vec<Member>,
    /// Where the braces are.
    brace: Span,
}

/// What the trait promises.
struct Contract {
    weldkit: syn::Path,
    name: Name,
    /// The three numbers, unless the package's version is meant.
    version: Option<[u64; 3]>,
    docs: String,
    lifecycle: Lifecycle,
    methods: Vec<Method>,
}

/// A name and the place it comes from.
struct Name {
    text: String,
    span: Span,
}

/// How a method is called.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sync,
    Async,
    Stream,
}

struct Method {
    /// As the trait has it.
    signature: Signature,
    semicolon: Token![;],
    /// Everything but `#[method]`; docs included.
    attributes: Vec<Attribute>,
    name: Name,
    docs: String,
    kind: Kind,
    flags: Flags,
    permission: Option<LitStr>,
    timeout: Option<Timeout>,
    lifecycle: Lifecycle,
    /// The parameter after `&self`.
    ctx: Ctx,
    parameters: Vec<Parameter>,
    output: Type,
}

/// The flags of `#[method(…)]`, each with its place.
#[derive(Default)]
struct Flags {
    read_only: Option<Span>,
    idempotent: Option<Span>,
    transactional: Option<Span>,
    isolated: Option<Span>,
}

struct Timeout {
    text: LitStr,
    duration: Duration,
}

/// `ctx: &Ctx`, under whatever name.
struct Ctx {
    ident: Ident,
    ty: Type,
}

struct Parameter {
    ident: Ident,
    ty: Type,
    /// Docs, serde, garde and schemars; they move to the field of the parameter object.
    attributes: Vec<Attribute>,
    rules: Rules,
    name: Name,
    reading: Reading,
}

/// How a parameter is read from JSON.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// By its type.
    Given,
    /// By its type; `#[serde(default)]` when it is not given.
    OrDefault,
    /// As its attributes say, which only the derives understand.
    Derived,
}
