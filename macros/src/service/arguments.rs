//! The object that callers by JSON send: how it is read, described and checked.
//!
//! Names and types are enough for the framework's own reader. Only a parameter with an attribute
//! that the reader does not know costs a struct with derives, which is slow to compile.

use proc_macro2::{Delimiter, Group, Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Generics, Index};

use super::{Contract, Method, Parameter, Reading};
use crate::framework::place;
use crate::rules::{self, Field};
use crate::strict::{self, is_strict, stand_in};
use crate::text;

/// The longest tuple of parameters that the framework reads.
const TUPLE_MAX: usize = 8;

/// What a method needs beside its parameters' types.
pub(super) fn expand(contract: &Contract, method: &Method) -> TokenStream {
    if is_tuple(method) {
        signature(contract, method)
    } else {
        structure(contract, method)
    }
}

fn is_tuple(method: &Method) -> bool {
    let mut parameters = method.parameters.iter();
    method.parameters.len() <= TUPLE_MAX
        && parameters.all(|parameter| parameter.reading != Reading::Derived)
}

/// What the parameters of a method are read into.
pub(super) fn ty(weldkit: &syn::Path, method: &Method) -> TokenStream {
    let ident = ident(method);
    if is_tuple(method) {
        quote!(#weldkit::__private::Arguments<#ident>)
    } else {
        quote!(#ident)
    }
}

/// Each parameter, out of the `parameters` that were read.
pub(super) fn taken(method: &Method) -> Vec<TokenStream> {
    let tuple = is_tuple(method);
    let parameters = method.parameters.iter().enumerate();
    parameters
        .map(|(index, parameter)| {
            if tuple {
                let (index, inside) = (Index::from(index), inside(parameter));
                quote!(parameters.0.#index #inside)
            } else {
                let ident = &parameter.ident;
                quote!(parameters.#ident)
            }
        })
        .collect()
}

/// The way from what was read to the value: out of each wrapper of [`types`].
fn inside(parameter: &Parameter) -> TokenStream {
    let default = (parameter.reading == Reading::OrDefault).then(|| quote!(.0));
    let strict = is_strict(&parameter.ty).then(|| quote!(.0));
    quote!(#default #strict)
}

fn ident(method: &Method) -> Ident {
    format_ident!(
        "{}Parameters",
        method.name.text,
        span = method.signature.ident.span()
    )
}

fn title(contract: &Contract, method: &Method) -> String {
    format!("{}.{}", contract.name.text, method.name.text)
}

/// Names, docs, types and rules, for the framework's own reader.
fn signature(contract: &Contract, method: &Method) -> TokenStream {
    let (weldkit, ident) = (&contract.weldkit, ident(method));
    let title = title(contract, method);
    let parameters = &method.parameters;
    let names = parameters.iter().map(|parameter| &parameter.name.text);
    let docs = parameters
        .iter()
        .map(|parameter| text::docs(&parameter.attributes));
    let types = types(weldkit, parameters);
    let describe = describe(weldkit, parameters);
    let check = check(weldkit, method);
    quote! {
        struct #ident;
        #[automatically_derived]
        impl #weldkit::__private::Signature for #ident {
            const TITLE: &'static str = #title;
            const NAMES: &'static [&'static str] = &[#(#names),*];
            const DOCS: &'static [&'static str] = &[#(#docs),*];
            type Values = #types;
            #describe
            #check
        }
    }
}

/// The types as a tuple. Where one of them is no data, rustc points at the whole: that is put where
/// the first stands that may not be.
fn types(weldkit: &syn::Path, parameters: &[Parameter]) -> Group {
    let types = parameters.iter().map(|Parameter { ty, reading, .. }| {
        let read = match stand_in(weldkit, ty) {
            Some(strict) => quote!(#weldkit::__private::strict::Read<#strict>),
            None => quote!(#ty),
        };
        match reading {
            Reading::OrDefault => quote!(#weldkit::__private::OrDefault<#read>,),
            Reading::Given | Reading::Derived => quote!(#read,),
        }
    });
    let mut tuple = Group::new(Delimiter::Parenthesis, types.collect());
    let doubtful = parameters
        .iter()
        .find(|parameter| !rules::expand::is_leaf(&parameter.ty));
    if let Some(parameter) = doubtful {
        tuple.set_span(place(parameter.ty.span()));
    }
    tuple
}

/// What rules and defaults add to the schemas.
fn describe(weldkit: &syn::Path, parameters: &[Parameter]) -> Option<TokenStream> {
    let mut body = TokenStream::new();
    for (index, parameter) in parameters.iter().enumerate() {
        let schema = quote!(&mut schemas[#index]);
        let rules = parameter.rules.checks.iter();
        body.extend(rules.filter_map(|rule| rules::expand::describe(weldkit, rule, &schema)));
        if parameter.reading == Reading::OrDefault {
            let ty = &parameter.ty;
            body.extend(quote! {{
                #[allow(unused_imports)]
                use #weldkit::__private::DefaultUnwritten as _;
                #weldkit::__private::DefaultOf::<#ty>::NEW.describe(#schema);
            }});
        }
    }
    (!body.is_empty())
        .then(|| quote!(fn describe(schemas: &mut [#weldkit::contract::Schema]) { #body }))
}

/// The rules of parameters, and those that their types have.
fn check(weldkit: &syn::Path, method: &Method) -> Option<TokenStream> {
    let values: Vec<TokenStream> = (0..)
        .zip(&method.parameters)
        .map(|(index, parameter)| {
            let index = Index {
                index,
                span: place(parameter.ident.span()),
            };
            let inside = inside(parameter);
            quote_spanned!(place(parameter.ident.span())=> &values.#index #inside)
        })
        .collect();
    let own = own_rules(weldkit, method, &values)
        .map(|checks| rules::expand::closure(&checks))
        .map(|closure| quote!(#weldkit::__private::check_values(rules, #closure);));
    let nested = nested_rules(weldkit, method, &values);
    (own.is_some() || nested.is_some()).then(|| {
        quote! {
            fn check(values: &Self::Values, rules: &mut #weldkit::__private::Rules) {
                #own
                #nested
            }
        }
    })
}

/// The checks of the rules that stand on parameters.
fn own_rules(weldkit: &syn::Path, method: &Method, values: &[TokenStream]) -> Option<TokenStream> {
    let mut parameters = method.parameters.iter();
    parameters
        .any(|parameter| !parameter.rules.is_empty())
        .then(|| {
            let parameters = method.parameters.iter().zip(values);
            parameters
                .map(|(parameter, value)| {
                    rules::expand::checks(weldkit, &field(parameter), value, false)
                })
                .collect()
        })
}

/// A parameter's type may have rules of its own, whether or not the parameter has.
fn nested_rules(
    weldkit: &syn::Path,
    method: &Method,
    values: &[TokenStream],
) -> Option<TokenStream> {
    let dives: TokenStream = method
        .parameters
        .iter()
        .zip(values)
        .filter(|(parameter, _)| rules::expand::looks(&field(parameter)))
        .map(|(parameter, value)| {
            let name = &parameter.name.text;
            quote!((&&#weldkit::__private::Dive(#value)).dive(#name, rules);)
        })
        .collect();
    (!dives.is_empty()).then(|| {
        quote! {
            #[allow(unused_imports)]
            use #weldkit::__private::{DiveNo as _, DiveYes as _};
            #dives
        }
    })
}

fn field(parameter: &Parameter) -> Field<'_> {
    Field {
        name: Some(parameter.name.text.clone()),
        ty: &parameter.ty,
        cfg: Vec::new(),
        rules: &parameter.rules,
    }
}

/// A struct that has the attributes of the parameters, and the derives that read them.
fn structure(contract: &Contract, method: &Method) -> TokenStream {
    let (weldkit, ident) = (&contract.weldkit, ident(method));
    let title = title(contract, method);
    let (serde, schemars) = (
        quote!(#weldkit::__private::serde).to_string(),
        quote!(#weldkit::__private::schemars).to_string(),
    );
    let fields = method.parameters.iter().map(
        |Parameter {
             ident,
             ty,
             attributes,
             ..
         }| {
            let strict = strict::through(weldkit, ty, attributes).map(|through| {
                let hidden = through.defaults.then(|| quote!(#[schemars(!default)]));
                let attributes = through.attributes;
                quote!(#attributes #hidden)
            });
            quote!(#strict #(#attributes)* #ident: #ty)
        },
    );
    let values: Vec<TokenStream> = method
        .parameters
        .iter()
        .map(|Parameter { ident, .. }| quote_spanned!(place(ident.span())=> &self.#ident))
        .collect();
    let own = own_rules(weldkit, method, &values);
    let validate = own
        .as_ref()
        .map(|checks| rules::expand::validate(weldkit, &Generics::default(), &ident, checks));
    let check_own = own.map(|_| quote!(#weldkit::__private::check_rules(self, rules);));
    let nested = nested_rules(weldkit, method, &values);
    quote! {
        #[derive(#weldkit::__private::serde::Deserialize, #weldkit::__private::schemars::JsonSchema)]
        #[serde(crate = #serde, deny_unknown_fields)]
        #[schemars(crate = #schemars, inline, title = #title)]
        struct #ident { #(#fields,)* }
        #validate
        #[automatically_derived]
        impl #weldkit::contract::Parameters for #ident {
            #[allow(unused_variables)]
            fn check(&self, rules: &mut #weldkit::__private::Rules) {
                #check_own
                #nested
            }
        }
    }
}
