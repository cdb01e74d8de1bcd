//! Model -> tokens. Nothing is decided here, and nothing is computed by what is emitted: it calls
//! the framework.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{GenericArgument, PathArguments, ReturnType, Signature, Type};

use super::describe::{implementation, parameter_object};
use super::{Contract, Kind, Method, Parameter, Trait};

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
pub(super) fn bare(signature: &Signature) -> Signature {
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

pub(super) fn twin_ident(item: &Trait) -> Ident {
    format_ident!("__{}Twin", item.ident)
}

pub(super) fn twin_method(method: &Method) -> Ident {
    format_ident!(
        "__twin_{}",
        method.name.text,
        span = method.signature.ident.span()
    )
}

pub(super) fn parameters_ident(method: &Method) -> Ident {
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

pub(super) fn value_of(weldkit: &syn::Path, output: &Type) -> TokenStream {
    quote!(<#output as #weldkit::__private::MethodResult>::Value)
}

pub(super) fn error_of(weldkit: &syn::Path, output: &Type) -> TokenStream {
    quote!(<#output as #weldkit::__private::MethodResult>::Error)
}

pub(super) fn door(prefix: &str, kind: Kind) -> Ident {
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
