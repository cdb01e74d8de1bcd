//! The rules of a type as an impl of `garde::Validate`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Attribute, Data, DeriveInput, Fields, Index};

use super::Shape;
use crate::framework::place;
use crate::rules::{self, Field, expand};
use crate::wire::Naming;

/// A check that finds nothing, for a type whose rules could not be read.
pub(super) fn none(weldkit: &syn::Path, input: &DeriveInput) -> TokenStream {
    expand::validate(weldkit, &input.generics, &input.ident, &TokenStream::new())
}

pub(super) fn expand(
    weldkit: &syn::Path,
    input: &DeriveInput,
    shapes: &[Shape<'_>],
) -> TokenStream {
    let checks = match &input.data {
        Data::Struct(_) => shapes
            .iter()
            .map(|shape| in_struct(weldkit, input, shape))
            .collect(),
        Data::Enum(data) => {
            let arms: Vec<_> = data
                .variants
                .iter()
                .zip(shapes)
                .filter_map(|(variant, shape)| arm(weldkit, input, variant, shape))
                .collect();
            if arms.is_empty() {
                TokenStream::new()
            } else {
                quote!(match self { #(#arms)* #[allow(unreachable_patterns)] _ => {} })
            }
        }
        Data::Union(_) => TokenStream::new(),
    };
    let validate = expand::validate(weldkit, &input.generics, &input.ident, &checks);
    let looks = shapes
        .iter()
        .any(|shape| fields(input, shape).iter().any(|field| looks(input, field)));
    if !looks {
        return validate;
    }
    let look = expand::look(weldkit);
    quote! {
        #[allow(clippy::all, clippy::pedantic)]
        const _: () = { #look #validate };
    }
}

/// Whether the rules of the field's type are looked for. Where the type depends on a parameter of
/// the item, that is not known here: there only `#[garde(dive)]` looks inside.
fn looks(input: &DeriveInput, field: &Field<'_>) -> bool {
    let ty = field.ty;
    let generic = input.generics.type_params().any(|parameter| {
        crate::tokens::find_ident(quote!(#ty), &parameter.ident.to_string()).is_some()
    });
    !generic && expand::looks(field)
}

fn in_struct(weldkit: &syn::Path, input: &DeriveInput, shape: &Shape<'_>) -> TokenStream {
    let fields = fields(input, shape);
    let members = shape
        .fields
        .iter()
        .enumerate()
        .map(|(index, field)| match &field.ident {
            Some(ident) => quote_spanned!(place(ident.span())=> &self.#ident),
            None => {
                let index = Index::from(index);
                quote!(&self.#index)
            }
        });
    members
        .zip(&fields)
        .map(|(value, field)| expand::checks(weldkit, field, &value, looks(input, field)))
        .collect()
}

/// The arm of a variant with something to check.
fn arm(
    weldkit: &syn::Path,
    input: &DeriveInput,
    variant: &syn::Variant,
    shape: &Shape<'_>,
) -> Option<TokenStream> {
    let fields = fields(input, shape);
    let ident = &variant.ident;
    let cfg = cfg(&variant.attrs);
    let names: Vec<Ident> = (0..fields.len())
        .map(|index| format_ident!("field{index}", span = Span::mixed_site()))
        .collect();
    let checks: TokenStream = fields
        .iter()
        .zip(&names)
        .map(|(field, name)| expand::checks(weldkit, field, &quote!(#name), looks(input, field)))
        .collect();
    if checks.is_empty() {
        return None;
    }
    let pattern = match shape.fields {
        Fields::Named(named) => {
            let bindings = named.named.iter().zip(&names).map(|(field, name)| {
                let (cfg, ident) = (self::cfg(&field.attrs), &field.ident);
                quote!(#(#cfg)* #ident: #name)
            });
            quote!({ #(#bindings),* })
        }
        Fields::Unnamed(_) => quote!((#(#names),*)),
        Fields::Unit => TokenStream::new(),
    };
    let body = expand::below(weldkit, &shape.below, &checks);
    Some(quote!(#(#cfg)* Self::#ident #pattern => { #body }))
}

fn fields<'a>(input: &DeriveInput, shape: &'a Shape<'_>) -> Vec<Field<'a>> {
    let transparent = Naming::of(&input.attrs).nameless
        || matches!(shape.fields, Fields::Unnamed(unnamed) if unnamed.unnamed.len() == 1);
    let field = |(index, (field, rules)): (usize, (&'a syn::Field, &'a rules::Rules))| {
        let naming = Naming::of(&field.attrs);
        let name = match &field.ident {
            _ if transparent => None,
            Some(ident) => naming.field(ident, shape.rename_all.as_deref()),
            None => Some(index.to_string()),
        };
        Field {
            name,
            ty: &field.ty,
            cfg: cfg(&field.attrs),
            rules,
        }
    };
    shape
        .fields
        .iter()
        .zip(&shape.rules)
        .enumerate()
        .map(field)
        .collect()
}

fn cfg(attributes: &[Attribute]) -> Vec<&Attribute> {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("cfg"))
        .collect()
}
