//! An impl that type-checks and is never run, so that contracts which use the type go on compiling
//! and the errors the user sees are the ones that count.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput};

use crate::error::Errors;

pub(super) fn expand(weldkit: &syn::Path, input: &DeriveInput, errors: Errors) -> TokenStream {
    let ident = &input.ident;
    let errors = errors.into_tokens();
    if matches!(input.data, Data::Union(_)) || !input.generics.params.is_empty() {
        // Neither can be an error type, so an impl would only add to what is wrong.
        return errors;
    }
    // `#[from]` makes the conversion; without one the supertrait would be missed as well.
    let fields = match &input.data {
        Data::Enum(data) => data
            .variants
            .iter()
            .flat_map(|variant| &variant.fields)
            .collect(),
        Data::Struct(data) => data.fields.iter().collect(),
        Data::Union(_) => Vec::new(),
    };
    let converts = fields.iter().any(|field| {
        let ty = &field.ty;
        field
            .attrs
            .iter()
            .any(|attribute| attribute.path().is_ident("from"))
            && crate::tokens::find_ident(quote!(#ty), "CallError").is_some()
    });
    let conversion = (!converts).then(|| {
        quote! {
            #[automatically_derived]
            impl ::core::convert::From<#weldkit::CallError> for #ident {
                fn from(_: #weldkit::CallError) -> Self { ::core::unreachable!() }
            }
        }
    });
    quote! {
        #conversion
        #[automatically_derived]
        impl #weldkit::ServiceError for #ident {
            const CODES: &'static [#weldkit::contract::ErrorCode] = &[];
            fn into_call_error(self) -> #weldkit::CallError { ::core::unreachable!() }
            fn code(&self) -> &str { ::core::unreachable!() }
        }
        #errors
    }
}
