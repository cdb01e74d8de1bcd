use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{GenericArgument, PathArguments, Type};

use super::{Check, Field, Kind};
use crate::framework::{self, place};

/// The names that the code around the checks binds.
struct Names {
    path: Ident,
    report: Ident,
}

fn names() -> Names {
    let name = |text| Ident::new(text, Span::mixed_site());
    Names {
        path: name("path"),
        report: name("report"),
    }
}

/// `impl garde::Validate` for a type; `checks` looks into `self`, with `path` and `report` from [`checks`].
pub(crate) fn validate(
    weldkit: &syn::Path,
    generics: &syn::Generics,
    ident: &Ident,
    checks: &TokenStream,
) -> TokenStream {
    let (implementation, arguments, condition) = generics.split_for_impl();
    let Names { path, report } = names();
    quote! {
        #[automatically_derived]
        impl #implementation #weldkit::__private::garde::Validate for #ident #arguments #condition {
            type Context = ();
            #[allow(unused_variables, unused_mut)]
            fn validate_into(
                &self,
                (): &(),
                mut #path: &mut dyn ::core::ops::FnMut() -> #weldkit::__private::garde::Path,
                #report: &mut #weldkit::__private::garde::Report,
            ) {
                #checks
            }
        }
    }
}

/// `checks` as a closure over `path` and `report`.
pub(crate) fn closure(checks: &TokenStream) -> TokenStream {
    let Names { path, report } = names();
    quote! {
        #[allow(unused_variables, unused_mut)]
        |mut #path, #report| { #checks }
    }
}

/// What a plain rule adds to `schema`.
pub(crate) fn describe(
    weldkit: &syn::Path,
    rule: &Check,
    schema: &TokenStream,
) -> Option<TokenStream> {
    let span = place(rule.span);
    let weldkit = framework::at(weldkit, span);
    match &rule.kind {
        Kind::Length { bounds } => {
            Some(quote_spanned!(span=> #weldkit::__private::describe_length(#schema, #bounds);))
        }
        Kind::Range { bounds } => {
            Some(quote_spanned!(span=> #weldkit::__private::describe_range(#schema, #bounds);))
        }
        Kind::Pattern(text) => {
            Some(quote_spanned!(span=> #weldkit::__private::describe_pattern(#schema, #text);))
        }
        Kind::Call { .. } | Kind::Ip(_) | Kind::Matches(_) | Kind::Custom(_) | Kind::Inner(_) => {
            None
        }
    }
}

/// The checks of one field, whose value is `value`, a reference.
pub(crate) fn checks(
    weldkit: &syn::Path,
    field: &Field<'_>,
    value: &TokenStream,
    look_inside: bool,
) -> TokenStream {
    if field.rules.skip.is_some() {
        return TokenStream::new();
    }
    let Names { path, report } = names();
    let cfg = &field.cfg;
    let below = field.name.as_ref().map(|name| quote!(let mut #path = #weldkit::__private::garde::util::nested_path!(#path, #name);));
    let own = field
        .rules
        .checks
        .iter()
        .map(|rule| check(weldkit, rule, value, field.ty));
    let nested = match field.rules.dive {
        Some(span) => {
            let span = place(span);
            let weldkit = framework::at(weldkit, span);
            quote_spanned!(span=> #weldkit::__private::garde::Validate::validate_into(#value, &(), &mut #path, #report);)
        }
        None if look_inside && !is_leaf(field.ty) => {
            quote!((&&Look(#value)).look(&mut #path, #report);)
        }
        None => TokenStream::new(),
    };
    let mut body: TokenStream = own.collect();
    body.extend(nested);
    if body.is_empty() {
        return body;
    }
    quote!(#(#cfg)* { #below #body })
}

/// `checks` with the path that leads to them.
pub(crate) fn below(weldkit: &syn::Path, steps: &[String], checks: &TokenStream) -> TokenStream {
    let Names { path, .. } = names();
    let steps = steps.iter().map(|step| quote!(let mut #path = #weldkit::__private::garde::util::nested_path!(#path, #step);));
    quote!(#(#steps)* #checks)
}

/// Whether [`checks`] with `look_inside` needs [`look`].
pub(crate) fn looks(field: &Field<'_>) -> bool {
    field.rules.skip.is_none() && field.rules.dive.is_none() && !is_leaf(field.ty)
}

/// What checks the rules of a field's type when it has some: the method that fits is found by
/// auto-reference, which stands in for specialisation.
pub(crate) fn look(weldkit: &syn::Path) -> TokenStream {
    let garde = quote!(#weldkit::__private::garde);
    quote! {
        struct Look<'a, T>(&'a T);
        trait LookYes {
            fn look(&self, path: &mut dyn ::core::ops::FnMut() -> #garde::Path, report: &mut #garde::Report);
        }
        impl<T: #garde::Validate<Context = ()>> LookYes for &Look<'_, T> {
            fn look(&self, path: &mut dyn ::core::ops::FnMut() -> #garde::Path, report: &mut #garde::Report) {
                #garde::Validate::validate_into(self.0, &(), path, report)
            }
        }
        #[allow(dead_code)]
        trait LookNo {
            fn look(&self, _: &mut dyn ::core::ops::FnMut() -> #garde::Path, _: &mut #garde::Report) {}
        }
        impl<T> LookNo for Look<'_, T> {}
    }
}

fn check(outer: &syn::Path, rule: &Check, value: &TokenStream, ty: &Type) -> TokenStream {
    let Names { path, report } = names();
    let span = place(rule.span);
    let weldkit = framework::at(outer, span);
    let rules = quote_spanned!(span=> #weldkit::__private::garde::rules);
    let outcome = match &rule.kind {
        Kind::Call { module, arguments } => {
            quote_spanned!(span=> #rules::#module::apply(#value, #arguments))
        }
        Kind::Ip(kind) => {
            quote_spanned!(span=> #rules::ip::apply(#value, (#rules::ip::IpKind::#kind,)))
        }
        Kind::Range { bounds } => {
            quote_spanned!(span=> #rules::range::apply(#value, #bounds))
        }
        Kind::Length { bounds } if is_text(ty) => {
            quote_spanned!(span=> #rules::length::chars::apply(#value, #bounds))
        }
        Kind::Length { bounds } => {
            quote_spanned!(span=> #rules::length::simple::apply(#value, #bounds))
        }
        Kind::Pattern(text) => quote_spanned! {span=> {
            static PATTERN: #rules::pattern::regex::StaticPattern = #rules::pattern::regex::init_pattern!(#text);
            #rules::pattern::apply(#value, (&PATTERN,))
        }},
        Kind::Matches(other) => {
            let name = crate::text::plain(other);
            quote_spanned!(span=> #rules::matches::apply(#value, (#name, &self.#other)))
        }
        Kind::Custom(function) => {
            quote_spanned!(span=> (#function)(#value).map_err(#weldkit::__private::garde::Error::new))
        }
        Kind::Inner(checks) => return inner(outer, checks, value, ty),
    };
    quote! {
        if let ::core::result::Result::Err(error) = #outcome {
            #report.append(#path(), error);
        }
    }
}

fn inner(weldkit: &syn::Path, checks: &[Check], value: &TokenStream, ty: &Type) -> TokenStream {
    let Names { path, .. } = names();
    let (item, key) = (
        format_ident!("item", span = Span::mixed_site()),
        format_ident!("key", span = Span::mixed_site()),
    );
    let item_ty = argument(ty).unwrap_or(ty);
    let checks = checks
        .iter()
        .map(|rule| check(weldkit, rule, &quote!(#item), item_ty));
    quote! {
        #weldkit::__private::garde::rules::inner::apply(#value, |#item, #key| {
            let mut #path = #weldkit::__private::garde::util::nested_path!(#path, #key);
            #(#checks)*
        });
    }
}

/// The last segment of a path type: its name and its one type argument.
fn last(ty: &Type) -> Option<(String, Option<&Type>)> {
    let Type::Path(path) = ty else { return None };
    let segment = path.path.segments.last()?;
    let argument = match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => {
            arguments
                .args
                .iter()
                .rev()
                .find_map(|argument| match argument {
                    GenericArgument::Type(ty) => Some(ty),
                    _ => None,
                })
        }
        _ => None,
    };
    Some((segment.ident.to_string(), argument))
}

fn argument(ty: &Type) -> Option<&Type> {
    last(ty).and_then(|(_, argument)| argument)
}

/// Whether a length counts characters. A type that hides its text behind another name says `length(chars, …)`.
fn is_text(ty: &Type) -> bool {
    match last(ty) {
        Some((name, None)) => matches!(name.as_str(), "String" | "str"),
        Some((name, Some(inner))) => {
            matches!(name.as_str(), "Option" | "Box" | "Arc" | "Rc" | "Cow") && is_text(inner)
        }
        None => false,
    }
}

/// Types of the language that cannot have rules; looking into them would cost compile time for nothing.
pub(crate) fn is_leaf(ty: &Type) -> bool {
    const LEAVES: &[&str] = &[
        "String", "str", "bool", "char", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16",
        "i32", "i64", "i128", "isize", "f32", "f64",
    ];
    match last(ty) {
        Some((name, None)) => LEAVES.contains(&name.as_str()),
        Some((name, Some(inner))) => {
            matches!(
                name.as_str(),
                "Option" | "Vec" | "Box" | "BTreeMap" | "HashMap" | "BTreeSet" | "HashSet"
            ) && is_leaf(inner)
        }
        None => false,
    }
}
