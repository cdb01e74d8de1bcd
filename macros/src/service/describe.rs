//! What a contract is for callers that do not know its types: descriptor and JSON door.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::arguments;
use super::expand::{door, error_of, twin_ident, twin_method, value_of};
use super::{Contract, Kind, Method, Trait};
use crate::framework::place;
use crate::lifecycle::optional;

/// `impl Contract for dyn Trait`.
pub(super) fn implementation(contract: &Contract, item: &Trait) -> TokenStream {
    let Contract {
        weldkit,
        name,
        docs,
        lifecycle,
        ..
    } = contract;
    let (ident, twin, name) = (&item.ident, twin_ident(item), &name.text);
    let version = match contract.version {
        Some([major, minor, patch]) => {
            quote!(#weldkit::contract::Version::new(#major, #minor, #patch))
        }
        None => quote!(#weldkit::contract::Version::parse(::core::env!("CARGO_PKG_VERSION"))),
    };
    let lifecycle = lifecycle.fields(weldkit);
    let methods = contract
        .methods
        .iter()
        .map(|method| descriptor(weldkit, method));
    let arms = contract
        .methods
        .iter()
        .enumerate()
        .map(|(index, method)| json_arm(weldkit, index, method));
    quote! {
        #[automatically_derived]
        impl #weldkit::Contract for dyn #ident + '_ {
            type Twin = dyn #twin;
            const DESCRIPTOR: &'static #weldkit::contract::ServiceDescriptor = &#weldkit::contract::ServiceDescriptor {
                name: #name,
                version: #version,
                package: ::core::env!("CARGO_PKG_NAME"),
                docs: #docs,
                #lifecycle
                methods: &[#(#methods),*],
            };
            #[allow(unused_variables)]
            fn call_json<'a>(
                service: &'a #weldkit::Service<Self>,
                method: usize,
                ctx: &'a #weldkit::Ctx,
                input: &'a [u8],
                cx: &mut #weldkit::__private::Context<'_>,
            ) -> #weldkit::__private::JsonCall<'a> {
                match method {
                    #(#arms)*
                    _ => #weldkit::__private::JsonCall::no_such_method(),
                }
            }
        }
    }
}

fn descriptor(weldkit: &syn::Path, method: &Method) -> TokenStream {
    let Method {
        name,
        docs,
        kind,
        flags,
        output,
        ..
    } = method;
    let (name, parameters) = (&name.text, arguments::ty(weldkit, method));
    let (read_only, idempotent) = (flags.read_only.is_some(), flags.idempotent.is_some());
    let (transactional, isolated) = (flags.transactional.is_some(), flags.isolated.is_some());
    let permission = optional(method.permission.as_ref());
    let timeout = match (kind, &method.timeout) {
        (Kind::Sync, _) => quote!(::core::option::Option::None),
        (Kind::Async | Kind::Stream, timeout) => {
            let ms = timeout
                .as_ref()
                .map_or(super::TIMEOUT_DEFAULT, |timeout| timeout.duration)
                .as_millis();
            let ms = u64::try_from(ms).unwrap_or(u64::MAX);
            quote!(::core::option::Option::Some(#weldkit::__private::Duration::from_millis(#ms)))
        }
    };
    let kind = match kind {
        Kind::Sync => quote!(Sync),
        Kind::Async => quote!(Async),
        Kind::Stream => quote!(Stream),
    };
    let lifecycle = method.lifecycle.fields(weldkit);
    let names = method
        .parameters
        .iter()
        .map(|parameter| &parameter.name.text);
    let value = value_of(weldkit, output);
    let error = error_of(weldkit, output);
    quote! {
        #weldkit::contract::MethodDescriptor {
            name: #name,
            docs: #docs,
            kind: #weldkit::contract::MethodKind::#kind,
            read_only: #read_only,
            idempotent: #idempotent,
            transactional: #transactional,
            isolated: #isolated,
            permission: #permission,
            timeout: #timeout,
            #lifecycle
            parameters: &[#(#names),*],
            input: #weldkit::contract::SchemaOf::Type(#weldkit::__private::input_schema::<#parameters>),
            output: #weldkit::contract::SchemaOf::Type(#weldkit::__private::output_schema::<#value>),
            error: #weldkit::contract::SchemaOf::Type(#weldkit::__private::error_schema::<#error>),
        }
    }
}

fn json_arm(weldkit: &syn::Path, index: usize, method: &Method) -> TokenStream {
    let (name, parameters) = (twin_method(method), arguments::ty(weldkit, method));
    let arguments = arguments::taken(method);
    let door = door("json", method.kind);
    let (value, error) = (
        value_of(weldkit, &method.output),
        error_of(weldkit, &method.output),
    );
    let call = quote_spanned!(place(method.output.span())=> twin.#name(ctx, #(#arguments),*));
    let waker = (method.kind == Kind::Async).then(|| quote!(cx,));
    // The underscore keeps a method without parameters free of warnings.
    quote! {
        #index => service.#door::<#index, #parameters, #value, #error>(ctx, input, #waker |twin, ctx, parameters| {
            let _ = &parameters;
            #call
        }),
    }
}
