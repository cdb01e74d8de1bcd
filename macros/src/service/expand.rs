//! Model -> tokens. Nothing is decided here, and nothing is computed by what is emitted: it calls
//! the framework.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{GenericArgument, PathArguments, ReturnType, Signature, Type};

use super::{Contract, Kind, Method, Parameter, Trait};
use crate::lifecycle::optional;
use crate::rules::{self, Field};

pub(super) fn expand(contract: &Contract, item: &Trait) -> TokenStream {
    let public = public_trait(contract, item);
    let twin = twin(contract, item);
    let parameters = contract
        .methods
        .iter()
        .map(|method| parameter_object(contract, method));
    let implementation = implementation(contract, item);
    let client = client(contract, item);
    let assertions = assertions(contract);
    quote! {
        #public
        #twin
        #[allow(deprecated, non_camel_case_types, clippy::all, clippy::pedantic)]
        const _: () = {
            #(#parameters)*
            #implementation
            #client
            #assertions
        };
    }
}

/// The trait that the user wrote, with futures that are `Send` and a `dyn` form that is only a name.
fn public_trait(contract: &Contract, item: &Trait) -> TokenStream {
    let Contract {
        weldkit,
        name,
        lifecycle,
        ..
    } = contract;
    let Trait {
        attributes,
        visibility,
        ident,
        supertraits,
        ..
    } = item;
    let deprecated = lifecycle.attribute();
    let message = format!("`{{Self}}` does not provide the service `{}`", name.text);
    let note = format!("write `impl {ident} for {{Self}}` with every method of the contract");
    let methods = contract.methods.iter().map(|method| {
        let attributes = &method.attributes;
        let deprecated = method.lifecycle.attribute();
        let signature = bare(&method.signature);
        let signature = sized(&if method.kind == Kind::Async {
            desugared(weldkit, &signature)
        } else {
            signature
        });
        quote!(#(#attributes)* #deprecated #signature;)
    });
    quote! {
        #(#attributes)*
        #deprecated
        #[diagnostic::on_unimplemented(message = #message, label = "not a provider of this contract", note = #note)]
        #visibility trait #ident: ::core::marker::Send + ::core::marker::Sync + 'static + #supertraits {
            #(#methods)*
        }
    }
}

/// The signature without attributes on its parameters.
fn bare(signature: &Signature) -> Signature {
    let mut signature = signature.clone();
    for input in &mut signature.inputs {
        match input {
            syn::FnArg::Receiver(receiver) => receiver.attrs.clear(),
            syn::FnArg::Typed(typed) => typed.attrs.clear(),
        }
    }
    signature
}

/// `async fn f() -> T` as `fn f() -> impl Future<Output = T> + Send`.
pub(super) fn desugared(weldkit: &syn::Path, signature: &Signature) -> Signature {
    let mut signature = signature.clone();
    signature.asyncness = None;
    let output = match &signature.output {
        ReturnType::Default => quote!(()),
        ReturnType::Type(_, ty) => quote!(#ty),
    };
    signature.output = syn::parse_quote!(-> impl #weldkit::__private::Future<Output = #output> + #weldkit::__private::Send);
    signature
}

/// With `where Self: Sized`, so that the trait keeps its `dyn` form.
pub(super) fn sized(signature: &Signature) -> Signature {
    let mut signature = signature.clone();
    signature
        .generics
        .make_where_clause()
        .predicates
        .push(syn::parse_quote!(Self: ::core::marker::Sized));
    signature
}

fn twin_ident(item: &Trait) -> Ident {
    format_ident!("__{}Twin", item.ident)
}

fn twin_method(method: &Method) -> Ident {
    format_ident!(
        "__twin_{}",
        method.name.text,
        span = method.signature.ident.span()
    )
}

fn parameters_ident(method: &Method) -> Ident {
    format_ident!(
        "{}Parameters",
        method.name.text,
        span = method.signature.ident.span()
    )
}

/// The object-safe form: what the registry holds providers by.
fn twin(contract: &Contract, item: &Trait) -> TokenStream {
    let weldkit = &contract.weldkit;
    let Trait {
        visibility, ident, ..
    } = item;
    let twin = twin_ident(item);
    let docs = format!("The object-safe form of [`{ident}`].");
    let signatures = contract
        .methods
        .iter()
        .map(|method| twin_signature(weldkit, method));
    let bodies = contract.methods.iter().map(|method| {
        let signature = twin_signature(weldkit, method);
        let (name, ctx) = (&method.signature.ident, &method.ctx.ident);
        let arguments = method.parameters.iter().map(|parameter| &parameter.ident);
        let call = quote!(<__Provider as #ident>::#name(self, #ctx, #(#arguments),*));
        let body = if method.kind == Kind::Async {
            quote!(#weldkit::__private::Box::pin(#call))
        } else {
            call
        };
        quote!(#signature { #body })
    });
    quote! {
        #[doc(hidden)]
        #[doc = #docs]
        #[allow(deprecated, missing_docs, clippy::all, clippy::pedantic)]
        #visibility trait #twin: ::core::marker::Send + ::core::marker::Sync + 'static {
            #(#signatures;)*
        }
        #[automatically_derived]
        #[allow(deprecated)]
        impl<__Provider: #ident> #twin for __Provider {
            #(#bodies)*
        }
    }
}

fn twin_signature(weldkit: &syn::Path, method: &Method) -> TokenStream {
    let name = twin_method(method);
    let (ctx, output) = (&method.ctx.ident, &method.output);
    let parameters = method
        .parameters
        .iter()
        .map(|Parameter { ident, ty, .. }| quote!(#ident: #ty));
    match method.kind {
        Kind::Async => quote! {
            fn #name<'a>(&'a self, #ctx: &'a #weldkit::Ctx, #(#parameters),*) -> #weldkit::__private::BoxFuture<'a, #output>
        },
        Kind::Sync | Kind::Stream => quote! {
            fn #name(&self, #ctx: &#weldkit::Ctx, #(#parameters),*) -> #output
        },
    }
}

/// The object that callers by JSON send, and its rules.
fn parameter_object(contract: &Contract, method: &Method) -> TokenStream {
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
    quote!(&self.#ident)
}

fn field(parameter: &Parameter) -> Field<'_> {
    Field {
        name: Some(parameter.name.text.clone()),
        ty: &parameter.ty,
        cfg: Vec::new(),
        rules: &parameter.rules,
    }
}

fn implementation(contract: &Contract, item: &Trait) -> TokenStream {
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
        .map(|(index, method)| json_arm(index, method));
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
            fn call_json<'a>(
                service: &'a #weldkit::Service<Self>,
                method: usize,
                ctx: &'a #weldkit::Ctx,
                input: &'a [u8],
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

fn value_of(weldkit: &syn::Path, output: &Type) -> TokenStream {
    quote!(<#output as #weldkit::__private::MethodResult>::Value)
}

fn error_of(weldkit: &syn::Path, output: &Type) -> TokenStream {
    quote!(<#output as #weldkit::__private::MethodResult>::Error)
}

fn json_arm(index: usize, method: &Method) -> TokenStream {
    let (name, parameters) = (twin_method(method), parameters_ident(method));
    let arguments = method.parameters.iter().map(|parameter| {
        let ident = &parameter.ident;
        quote!(parameters.#ident)
    });
    let door = door("json", method.kind);
    // The underscore keeps a method without parameters free of warnings.
    quote! {
        #index => service.#door(#index, ctx, input, |twin, ctx, parameters: #parameters| {
            let _ = &parameters;
            twin.#name(ctx, #(#arguments),*)
        }),
    }
}

fn door(prefix: &str, kind: Kind) -> Ident {
    let suffix = match kind {
        Kind::Sync => "sync",
        Kind::Async => "async",
        Kind::Stream => "stream",
    };
    format_ident!("{prefix}_{suffix}")
}

/// The typed client: a call that passes the gate.
fn client(contract: &Contract, item: &Trait) -> TokenStream {
    let weldkit = &contract.weldkit;
    let ident = &item.ident;
    let (twin, inner) = (
        Ident::new("twin", Span::mixed_site()),
        Ident::new("ctx", Span::mixed_site()),
    );
    let methods = contract.methods.iter().enumerate().map(|(index, method)| {
        let signature = bare(&method.signature);
        let (name, ctx, door) = (twin_method(method), &method.ctx.ident, door("call", method.kind));
        let arguments = method.parameters.iter().map(|parameter| &parameter.ident);
        let call = quote!(#weldkit::__private::#door(self, #index, #ctx, move |#twin, #inner| #twin.#name(#inner, #(#arguments),*)));
        let wait = (method.kind == Kind::Async).then(|| quote!(.await));
        quote!(#signature { #call #wait })
    });
    quote! {
        #[automatically_derived]
        impl #ident for #weldkit::Service<dyn #ident> {
            #(#methods)*
        }
    }
}

/// Checks by trait, each at the type that it is about.
fn assertions(contract: &Contract) -> TokenStream {
    let weldkit = &contract.weldkit;
    let checks = contract.methods.iter().map(|method| {
        let ctx = &method.ctx.ty;
        let ctx =
            quote_spanned!(ctx.span()=> let _: fn(#ctx) = |ctx| { let _: &#weldkit::Ctx = ctx; };);
        let error = error_of(weldkit, &method.output);
        let error = quote_spanned!(error_span(&method.output)=> service_error::<#error>(););
        quote!(#ctx #error)
    });
    quote! {
        #[allow(dead_code)]
        fn assertions() {
            fn service_error<E: #weldkit::ServiceError>() {}
            #(#checks)*
        }
    }
}

/// Where the error type stands in `Result<T, E>`, or the whole type.
fn error_span(output: &Type) -> Span {
    let Type::Path(path) = output else {
        return output.span();
    };
    let Some(PathArguments::AngleBracketed(arguments)) =
        path.path.segments.last().map(|segment| &segment.arguments)
    else {
        return output.span();
    };
    match arguments.args.last() {
        Some(GenericArgument::Type(ty)) if arguments.args.len() > 1 => ty.span(),
        _ => output.span(),
    }
}
