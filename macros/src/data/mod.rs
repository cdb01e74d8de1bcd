//! `#[data]`: a struct or an enum that may cross the edge.
//!
//! Adds `Serialize`, `Deserialize`, `JsonSchema` and the check of the rules, all through the
//! framework's own copies, so that a plugin depends on `weldkit` alone. What the user wrote for
//! serde, schemars and garde stays and means what it says there.

mod check;
mod read;

use proc_macro2::{Delimiter, TokenStream};
use quote::{format_ident, quote};
use syn::{Attribute, Data, DeriveInput, Fields};

use crate::attribute::{Arguments, CRATE, Form, Key};
use crate::error::Errors;
use crate::rules::{self, Rules};
use crate::wire::Naming;
use crate::{framework, tokens};

const KEYS: &[Key] = &[
    CRATE,
    Key {
        name: "rename_all",
        form: Form::Elsewhere("write serde's own attribute: `#[serde(rename_all = \"…\")]`"),
    },
    Key {
        name: "default",
        form: Form::Elsewhere("write serde's own attribute: `#[serde(default)]`"),
    },
    Key {
        name: "deny_unknown_fields",
        form: Form::Elsewhere("write serde's own attribute: `#[serde(deny_unknown_fields)]`"),
    },
];

/// The attributes that only the derives understand.
const HELPERS: &[&str] = &["serde", "garde", "schemars"];

/// Expands `#[data(arguments)] item`.
pub(crate) fn data(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let arguments = Arguments::read(KEYS, arguments, &mut errors);
    let weldkit = framework::path(arguments.path("crate"));
    let parsed = syn::parse2::<DeriveInput>(item.clone()).map_err(|_| not_data(&item));
    let Some(input) = errors.keep(parsed) else {
        return without_derives(item, errors);
    };
    if let Data::Union(union) = &input.data {
        errors.at(
            union.union_token,
            "JSON cannot tell which field of a union holds; write an `enum`",
        );
        return without_derives(item, errors);
    }
    let own = own_derives(&input.attrs, &mut errors);
    let model = read(&input, &mut errors);
    let failed = !errors.is_empty();
    let errors = errors.into_tokens();
    // With errors the derives stay, so that contracts which use the type go on compiling; only the
    // rules are left out, and what rustc would report again.
    let read = (!failed && !own.contains(&"Deserialize"))
        .then(|| read::expand(&weldkit, &input))
        .flatten();
    let (item, check) = match failed {
        true if own.contains(&"Validate") => (item, TokenStream::new()),
        true => (
            tokens::strip(item, &["garde"], &|_| true),
            check::none(&weldkit, &input),
        ),
        false => (item, check::expand(&weldkit, &input, &model)),
    };
    let derives = derives(&weldkit, &own, read.is_some());
    quote!(#derives #item #read #check #errors)
}

/// One struct, or one variant of an enum.
struct Shape<'a> {
    fields: &'a Fields,
    /// The rules of each field.
    rules: Vec<Rules>,
    /// Where its fields are in JSON, below the value itself.
    below: Vec<String>,
    /// `rename_all` for its fields.
    rename_all: Option<String>,
}

/// The derives that the user has not written, and that nothing else stands for.
fn derives(weldkit: &syn::Path, own: &[&str], is_read: bool) -> TokenStream {
    let (serde, schemars) = (
        quote!(#weldkit::__private::serde),
        quote!(#weldkit::__private::schemars),
    );
    let (serde_path, schemars_path) = (serde.to_string(), schemars.to_string());
    let all = [
        ("Serialize", &serde),
        ("Deserialize", &serde),
        ("JsonSchema", &schemars),
    ];
    let ours = all
        .into_iter()
        .filter(|(name, _)| !own.contains(name))
        .filter(|(name, _)| *name != "Deserialize" || !is_read)
        .map(|(name, from)| {
            let name = format_ident!("{name}");
            quote!(#from::#name)
        });
    quote! {
        #[derive(#(#ours),*)]
        #[serde(crate = #serde_path)]
        #[schemars(crate = #schemars_path)]
    }
}

fn without_derives(item: TokenStream, errors: Errors) -> TokenStream {
    let item = tokens::strip(item, HELPERS, &|delimiter| delimiter != Delimiter::Bracket);
    let errors = errors.into_tokens();
    quote!(#item #errors)
}

fn not_data(item: &TokenStream) -> syn::Error {
    let mut attributes = true;
    // The keyword of the item: the first identifier outside of its attributes.
    let keyword = item.clone().into_iter().find(|token| match token {
        proc_macro2::TokenTree::Punct(punct) if punct.as_char() == '#' => {
            attributes = true;
            false
        }
        proc_macro2::TokenTree::Group(_) if attributes => {
            attributes = false;
            false
        }
        proc_macro2::TokenTree::Ident(ident) => ident != "pub",
        _ => false,
    });
    let span = keyword.map_or_else(proc_macro2::Span::call_site, |token| token.span());
    syn::Error::new(span, "`#[data]` belongs on a struct or an enum")
}

/// The derives that the user has written and should not: a second one would clash with ours, far
/// from its cause.
fn own_derives(attributes: &[Attribute], errors: &mut Errors) -> Vec<&'static str> {
    let mut own = Vec::new();
    for attribute in attributes {
        let syn::Meta::List(list) = &attribute.meta else {
            continue;
        };
        if !list.path.is_ident("derive") {
            continue;
        }
        for name in ["Serialize", "Deserialize", "JsonSchema", "Validate"] {
            if let Some(span) = tokens::find_ident(list.tokens.clone(), name) {
                errors.push(
                    span,
                    format!("`#[weldkit::data]` derives `{name}`; leave it out here"),
                );
                own.push(name);
            }
        }
    }
    own
}

fn read<'a>(input: &'a DeriveInput, errors: &mut Errors) -> Vec<Shape<'a>> {
    let outer = Naming::of(&input.attrs);
    let mut shape = |fields: &'a Fields, below: Vec<String>, rename_all: Option<String>| {
        let rules = fields
            .iter()
            .map(|field| rules::read(&field.attrs, errors))
            .collect();
        Shape {
            fields,
            rules,
            below,
            rename_all,
        }
    };
    match &input.data {
        Data::Struct(data) => vec![shape(&data.fields, Vec::new(), outer.rename_all)],
        Data::Enum(data) => data
            .variants
            .iter()
            .map(|variant| {
                let own = Naming::of(&variant.attrs);
                // serde's four ways to write an enum.
                let below = match (&outer.tag, &outer.content, outer.untagged) {
                    (_, _, true) | (Some(_), None, _) => Vec::new(),
                    (Some(_), Some(content), _) => vec![content.clone()],
                    (None, ..) => vec![own.variant(&variant.ident, outer.rename_all.as_deref())],
                };
                shape(
                    &variant.fields,
                    below,
                    own.rename_all.or_else(|| outer.rename_all_fields.clone()),
                )
            })
            .collect(),
        Data::Union(_) => Vec::new(),
    }
}
