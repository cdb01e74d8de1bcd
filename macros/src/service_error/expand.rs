//! Model -> tokens. Nothing is decided here, and nothing is computed by what is emitted: it calls
//! the framework.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Index;
use syn::spanned::Spanned;

use super::{Field, Model, Role, Shape, Variant};
use crate::framework::{self, place};

pub(super) fn expand(model: &Model) -> TokenStream {
    let Model {
        weldkit,
        ident,
        host,
        variants,
    } = model;
    let details = variants
        .iter()
        .filter_map(|variant| details(weldkit, variant));
    let codes = variants.iter().map(|variant| code(weldkit, variant));
    let arms = variants.iter().map(|variant| arm(weldkit, variant));
    let names = variants
        .iter()
        .map(|Variant { ident, code, .. }| quote!(Self::#ident { .. } => #code,));
    let host_ident = &host.ident;
    let host_field = host
        .field
        .as_ref()
        .map_or_else(|| quote!(0), |field| quote!(#field));
    let host_type = &host.ty;
    // At the user's type, so that another one is reported there.
    let at = framework::at(weldkit, host_type.span());
    let is_host = quote_spanned!(place(host_type.span())=> let host: fn(#host_type) -> #at::CallError = |error| error;);
    let message = message();
    quote! {
        #[allow(deprecated, non_camel_case_types, clippy::all, clippy::pedantic)]
        const _: () = {
            #(#details)*
            #[automatically_derived]
            impl #weldkit::ServiceError for #ident {
                const CODES: &'static [#weldkit::contract::ErrorCode] = &[#(#codes),*];
                fn into_call_error(self) -> #weldkit::CallError {
                    #is_host
                    let #message = ::std::string::ToString::to_string(&self);
                    match self {
                        Self::#host_ident { #host_field: error } => host(error),
                        #(#arms)*
                    }
                }
                fn code(&self) -> &str {
                    match self {
                        Self::#host_ident { #host_field: error } => #weldkit::ServiceError::code(error),
                        #(#names)*
                    }
                }
            }
        };
    }
}

/// The local that holds the text; a field may be called `message` as well.
fn message() -> Ident {
    Ident::new("message", Span::mixed_site())
}

fn details_ident(variant: &Variant) -> Ident {
    format_ident!("{}Details", variant.ident)
}

fn detail_fields(variant: &Variant) -> Vec<&Field> {
    match &variant.shape {
        Shape::Named(fields) => fields
            .iter()
            .filter(|field| field.role == Role::Detail)
            .collect(),
        Shape::Unit | Shape::Unnamed { .. } => Vec::new(),
    }
}

/// The named fields as an object of their own; nothing for a variant without.
fn details(weldkit: &syn::Path, variant: &Variant) -> Option<TokenStream> {
    let fields = detail_fields(variant);
    if fields.is_empty() {
        return None;
    }
    let ident = details_ident(variant);
    let (serde, schemars) = (
        quote!(#weldkit::__private::serde).to_string(),
        quote!(#weldkit::__private::schemars).to_string(),
    );
    let fields = fields.iter().map(
        |Field {
             ident,
             ty,
             attributes,
             ..
         }| quote!(#(#attributes)* #ident: #ty),
    );
    Some(quote! {
        #[derive(#weldkit::__private::serde::Serialize, #weldkit::__private::schemars::JsonSchema)]
        #[serde(crate = #serde)]
        #[schemars(crate = #schemars, inline)]
        struct #ident { #(#fields,)* }
    })
}

fn effect(weldkit: &syn::Path, variant: &Variant) -> TokenStream {
    if variant.effect_possible {
        quote!(#weldkit::Effect::Possible)
    } else {
        quote!(#weldkit::Effect::None)
    }
}

fn code(weldkit: &syn::Path, variant: &Variant) -> TokenStream {
    let Variant {
        docs,
        code,
        retryable,
        ..
    } = variant;
    let effect = effect(weldkit, variant);
    let details = if detail_fields(variant).is_empty() {
        quote!(())
    } else {
        let ident = details_ident(variant);
        quote!(#ident)
    };
    quote! {
        #weldkit::contract::ErrorCode {
            code: #code,
            docs: #docs,
            retryable: #retryable,
            effect: #effect,
            details: <#details as #weldkit::__private::schemars::JsonSchema>::json_schema,
        }
    }
}

fn arm(weldkit: &syn::Path, variant: &Variant) -> TokenStream {
    let Variant {
        ident,
        code,
        retryable,
        shape,
        ..
    } = variant;
    let effect = effect(weldkit, variant);
    let source = Ident::new("source", Span::mixed_site());
    let message = message();
    let details = detail_fields(variant);
    let mut bindings = Vec::new();
    let mut caused = TokenStream::new();
    match shape {
        Shape::Unit | Shape::Unnamed { source: None } => {}
        Shape::Unnamed {
            source: Some(index),
        } => {
            let index = Index::from(*index);
            bindings.push(quote!(#index: #source));
            caused = quote!(.caused_by(#source));
        }
        Shape::Named(fields) => {
            for field in fields {
                let name = &field.ident;
                match field.role {
                    Role::Detail => bindings.push(quote!(#name)),
                    Role::Source => {
                        bindings.push(quote!(#name: #source));
                        caused = quote!(.caused_by(#source));
                    }
                    Role::Skipped => {}
                }
            }
        }
    }
    let details = (!details.is_empty()).then(|| {
        let (ident, names) = (details_ident(variant), details.iter().map(|field| &field.ident));
        quote!(.details(#weldkit::__private::serde_json::to_value(#ident { #(#names),* }).unwrap_or_default()))
    });
    quote! {
        Self::#ident { #(#bindings,)* .. } => #weldkit::CallError::new(#weldkit::Code::from_name(#code), #message)
            .retryable(#retryable)
            .effect(#effect)
            #details
            #caused,
    }
}
