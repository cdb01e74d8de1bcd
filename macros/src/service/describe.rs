//! What a contract is for callers that do not know its types: parameter objects, descriptor, and
//! the JSON door.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::expand::{door, error_of, parameters_ident, twin_ident, twin_method, value_of};
use super::{Contract, Kind, Method, Parameter, Trait};
use crate::framework::place;
use crate::lifecycle::optional;
use crate::rules::{self, Field};

/// The object that callers by JSON send, and its rules.
pub(super) fn parameter_object(contract: &Contract, method: &Method) -> TokenStream {
    let weldkit = &contract.weldkit;
    let ident = parameters_ident(method);
    let title = format!("{}.{}", contract.name.text, method.name.text);
    let (serde, schemars) = (
        format!("{}", quote!(#weldkit::__private::serde)),
        format!("{}", quote!(#weldkit::__private::schemars)),
    );
    let fields = method.parameters.iter().map(
        |Parameter {
             ident,
             ty,
             attributes,
             ..
         }| quote!(#(#attributes)* #ident: #ty),
    );
    let own = method
        .parameters
        .iter()
        .any(|parameter| !parameter.rules.is_empty());
    let validate = own.then(|| {
        let checks = method.parameters.iter().map(|parameter| {
            let field = field(parameter);
            let value = parameter_value(parameter);
            rules::expand::checks(weldkit, &field, &value, false)
        });
        rules::expand::validate(
            weldkit,
            &syn::Generics::default(),
            &ident,
            &checks.collect(),
        )
    });
    let check_own = own.then(|| quote!(#weldkit::__private::check_rules(self, rules);));
    // A parameter's type may have rules of its own, whether or not the parameter has.
    let nested = method
        .parameters
        .iter()
        .filter(|parameter| rules::expand::looks(&field(parameter)))
        .map(|parameter| {
            let (value, name) = (parameter_value(parameter), &parameter.name.text);
            quote!((&&#weldkit::__private::Dive(#value)).dive(#name, rules);)
        });
    quote! {
        #[derive(#weldkit::__private::serde::Deserialize, #weldkit::__private::schemars::JsonSchema)]
        #[serde(crate = #serde, deny_unknown_fields)]
        #[schemars(crate = #schemars, inline, title = #title)]
        struct #ident { #(#fields,)* }
        #validate
        #[automatically_derived]
        impl #weldkit::contract::Parameters for #ident {
            #[allow(unused_imports, unused_variables)]
            fn check(&self, rules: &mut #weldkit::__private::Rules) {
                use #weldkit::__private::{DiveNo as _, DiveYes as _};
                #check_own
                #(#nested)*
            }
        }
    }
}

fn parameter_value(parameter: &Parameter) -> TokenStream {
    let ident = &parameter.ident;
    quote_spanned!(place(ident.span())=> &self.#ident)
}

fn field(parameter: &Parameter) -> Field<'_> {
    Field {
        name: Some(parameter.name.text.clone()),
        ty: &parameter.ty,
        cfg: Vec::new(),
        rules: &parameter.rules,
    }
}

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
    let (name, parameters) = (&name.text, parameters_ident(method));
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
            input: #weldkit::__private::input_schema::<#parameters>,
            output: #weldkit::__private::output_schema::<#value>,
            error: #weldkit::__private::error_schema::<#error>,
        }
    }
}

fn json_arm(weldkit: &syn::Path, index: usize, method: &Method) -> TokenStream {
    let (name, parameters) = (twin_method(method), parameters_ident(method));
    let arguments = method.parameters.iter().map(|parameter| {
        let ident = &parameter.ident;
        quote!(parameters.#ident)
    });
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
