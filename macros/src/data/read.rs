//! Reading a type more strictly than serde does: an object is an object, never an array with its
//! fields by position, and no key stands twice in a map.
//!
//! A twin of the type carries the derive, with stand-ins where keys are the caller's own
//! (`strict`); serde calls that a remote derive. The type is read through the twin.

use proc_macro2::{TokenStream, TokenTree};
use quote::{format_ident, quote};
use syn::{Attribute, Data, DeriveInput, Field, Fields, Meta, Type};

use crate::{strict, tokens, wire};

/// Keys of a type that decide themselves how it is read.
const OWN_WAY: &[&str] = &[
    "from",
    "try_from",
    "remote",
    "transparent",
    "bound",
    "crate",
];

/// `impl Deserialize` for the type, unless serde's own derive on it reads the same.
pub(super) fn expand(weldkit: &syn::Path, input: &DeriveInput) -> Option<TokenStream> {
    let own_way = OWN_WAY.iter().any(|key| wire::has(&input.attrs, key));
    if own_way || !input.generics.params.is_empty() {
        return None;
    }
    let by_name =
        matches!(&input.data, Data::Struct(data) if matches!(data.fields, Fields::Named(_)));
    let mut fields = all_fields(&input.data);
    if !by_name && !fields.any(|field| strict::through(weldkit, &field.ty, &field.attrs).is_some())
    {
        return None;
    }
    let ident = &input.ident;
    let twin = twin(weldkit, input);
    let twin_ident = twin_ident(input);
    let serde = quote!(#weldkit::__private::serde);
    let deserializer = if by_name {
        quote!(#weldkit::__private::Object(deserializer))
    } else {
        quote!(deserializer)
    };
    Some(quote! {
        #[allow(clippy::all, clippy::pedantic)]
        const _: () = {
            #twin
            #[automatically_derived]
            impl<'de> #serde::Deserialize<'de> for #ident {
                fn deserialize<D: #serde::Deserializer<'de>>(
                    deserializer: D,
                ) -> ::core::result::Result<Self, D::Error> {
                    #twin_ident::deserialize(#deserializer)
                }
            }
        };
    })
}

fn twin_ident(input: &DeriveInput) -> syn::Ident {
    format_ident!("__{}Read", input.ident)
}

/// The type once more, with what serde's derive has to know and nothing else.
fn twin(weldkit: &syn::Path, input: &DeriveInput) -> TokenStream {
    let (ident, twin_ident) = (&input.ident, twin_ident(input));
    let serde = quote!(#weldkit::__private::serde);
    let (path, remote) = (serde.to_string(), ident.to_string());
    // The name that serde gives to what it expected.
    let name = (!wire::has(&input.attrs, "rename")).then(|| quote!(, rename = #remote));
    let attributes = kept(&input.attrs).into_iter().map(|attribute| {
        let mut attribute = attribute.clone();
        if let Meta::List(list) = &mut attribute.meta {
            list.tokens = own_default(list.tokens.clone(), ident);
        }
        attribute
    });
    let body = match &input.data {
        Data::Struct(data) => {
            let fields = fields(weldkit, input, &data.fields);
            let end = (!matches!(data.fields, Fields::Named(_))).then(|| quote!(;));
            quote!(struct #twin_ident #fields #end)
        }
        Data::Enum(data) => {
            let variants = data.variants.iter().map(|variant| {
                let (attributes, ident) = (kept(&variant.attrs), &variant.ident);
                let fields = fields(weldkit, input, &variant.fields);
                quote!(#(#attributes)* #ident #fields)
            });
            quote!(enum #twin_ident { #(#variants),* })
        }
        Data::Union(_) => TokenStream::new(),
    };
    quote! {
        #[derive(#serde::Deserialize)]
        #[serde(crate = #path, remote = #remote #name)]
        #(#attributes)*
        #[allow(dead_code, deprecated)]
        #body
    }
}

/// `default` alone, which would be the twin's, as `default = "…"` of the type.
fn own_default(tokens: TokenStream, ident: &syn::Ident) -> TokenStream {
    let mut rest = tokens.into_iter().peekable();
    let mut owned = TokenStream::new();
    while let Some(token) = rest.next() {
        let alone = matches!(&token, TokenTree::Ident(name) if name == "default")
            && !matches!(rest.peek(), Some(TokenTree::Punct(punct)) if punct.as_char() == '=');
        owned.extend([token]);
        if alone {
            let default = format!("<{ident} as ::core::default::Default>::default");
            owned.extend(quote!(= #default));
        }
    }
    owned
}

fn fields(weldkit: &syn::Path, input: &DeriveInput, fields: &Fields) -> TokenStream {
    let each = fields.iter().map(|field| {
        let attributes = kept(&field.attrs);
        let ty = named(&field.ty, input);
        let through = strict::through(weldkit, &field.ty, &field.attrs);
        let strict = through.map(|through| through.attributes);
        let name = field.ident.as_ref().map(|ident| quote!(#ident:));
        quote!(#strict #(#attributes)* #name #ty)
    });
    match fields {
        Fields::Named(_) => quote!({ #(#each),* }),
        Fields::Unnamed(_) => quote!((#(#each),*)),
        Fields::Unit => TokenStream::new(),
    }
}

fn all_fields(data: &Data) -> Box<dyn Iterator<Item = &Field> + '_> {
    match data {
        Data::Struct(data) => Box::new(data.fields.iter()),
        Data::Enum(data) => Box::new(data.variants.iter().flat_map(|variant| &variant.fields)),
        Data::Union(data) => Box::new(data.fields.named.iter()),
    }
}

/// The attributes that the twin needs too.
fn kept(attributes: &[Attribute]) -> Vec<&Attribute> {
    let needed = ["serde", "cfg", "cfg_attr"];
    attributes
        .iter()
        .filter(|attribute| needed.iter().any(|name| attribute.path().is_ident(name)))
        .collect()
}

/// The type of a field, with the type's name for `Self`.
fn named(ty: &Type, input: &DeriveInput) -> TokenStream {
    let tokens = quote!(#ty);
    if tokens::find_ident(tokens.clone(), "Self").is_none() {
        return tokens;
    }
    replaced(tokens, &input.ident)
}

fn replaced(tokens: TokenStream, ident: &syn::Ident) -> TokenStream {
    tokens
        .into_iter()
        .map(|token| match token {
            TokenTree::Ident(name) if name == "Self" => TokenTree::Ident(ident.clone()),
            TokenTree::Group(group) => {
                let inside = replaced(group.stream(), ident);
                TokenTree::Group(tokens::with_stream(&group, inside))
            }
            token => token,
        })
        .collect()
}
