//! Model -> tokens. Nothing is decided here, and nothing is computed by what is emitted: it calls
//! the framework.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{
    FnArg, GenericArgument, Lifetime, PathArguments, ReceiverKind, ReturnType, Signature, Type,
};

use super::arguments;
use super::describe::implementation;
use super::{Contract, Kind, Method, Parameter, Trait};
use crate::framework::{self, place};

pub(super) fn expand(contract: &Contract, item: &Trait) -> TokenStream {
    let public = public_trait(contract, item);
    let twin = twin(contract, item);
    let parameters = contract
        .methods
        .iter()
        .map(|method| arguments::expand(contract, method));
    let implementation = implementation(contract, item);
    let client = client(contract, item);
    quote! {
        #public
        #twin
        #[allow(deprecated, non_camel_case_types, clippy::all, clippy::pedantic)]
        const _: () = {
            #(#parameters)*
            #implementation
            #client
        };
    }
}

/// The trait that the user wrote, with futures that are `Send` and a `dyn` form that is only a name.
fn public_trait(contract: &Contract, item: &Trait) -> TokenStream {
    let Contract {
        weldkit, lifecycle, ..
    } = contract;
    let Trait {
        attributes,
        visibility,
        ident,
        ..
    } = item;
    let deprecated = lifecycle.attribute();
    let diagnostic = diagnostic(contract, item);
    let methods = contract.methods.iter().map(|method| {
        let attributes = &method.attributes;
        let deprecated = method.lifecycle.attribute();
        let (signature, semicolon) = (bare(&method.signature), &method.semicolon);
        let signature = sized(&if method.kind == Kind::Async {
            desugared(weldkit, &signature)
        } else {
            signature
        });
        quote!(#(#attributes)* #deprecated #signature #semicolon)
    });
    let bounds = bounds(item);
    let body = braced(item, quote!(#(#methods)*));
    quote! {
        #(#attributes)*
        #deprecated
        #diagnostic
        #visibility trait #ident #bounds #body
    }
}

/// `: Send + Sync + 'static + …`, where the trait's name is: rustc shows the head of the trait.
pub(super) fn bounds(item: &Trait) -> TokenStream {
    let supertraits = &item.supertraits;
    quote_spanned! {item.ident.span()=>
        : ::core::marker::Send + ::core::marker::Sync + 'static + #supertraits
    }
}

/// `{ content }`, where the trait's braces are.
pub(super) fn braced(item: &Trait, content: TokenStream) -> Group {
    let mut body = Group::new(Delimiter::Brace, content);
    body.set_span(item.brace);
    body
}

/// What rustc says of a type that is no provider.
fn diagnostic(contract: &Contract, item: &Trait) -> TokenStream {
    let message = format!(
        "`{{Self}}` does not provide the service `{}`",
        contract.name.text
    );
    let note = format!(
        "write `impl {} for {{Self}}` with every method of the contract",
        item.ident
    );
    quote! {
        #[diagnostic::on_unimplemented(message = #message, label = "not a provider of this contract", note = #note)]
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

/// `async fn f(&self, ctx: &Ctx) -> T` as `fn f<'call>(&'call self, ctx: &'call Ctx) -> impl Future<Output = T> + Send`.
///
/// One lifetime for both, so that the client's future is a type of the framework and not one more
/// `async` block around it. A provider writes neither.
pub(super) fn desugared(weldkit: &syn::Path, signature: &Signature) -> Signature {
    let mut signature = signature.clone();
    signature.asyncness = None;
    let output = match &signature.output {
        ReturnType::Default => quote!(()),
        ReturnType::Type(_, ty) => quote!(#ty),
    };
    // Where the user's own return type is, for what rustc says about a future that is not `Send`.
    let weldkit = framework::at(weldkit, output.span());
    let future = quote_spanned! {output.span()=>
        -> impl #weldkit::__private::Future<Output = #output> + #weldkit::__private::Send
    };
    if let Ok(future) = syn::parse2(future) {
        signature.output = future;
    }
    let call = Lifetime::new("'call", Span::mixed_site());
    for input in &mut signature.inputs {
        lend(input, &call);
    }
    signature.generics = syn::parse_quote!(<#call>);
    signature
}

/// Gives `&self` and `&Ctx` the lifetime of the call; nothing else of a contract is a reference.
fn lend(input: &mut FnArg, call: &Lifetime) {
    let place = match input {
        FnArg::Receiver(receiver) => match &mut receiver.kind {
            ReceiverKind::Reference(_, lifetime, _) => lifetime,
            _ => return,
        },
        FnArg::Typed(typed) => match &mut *typed.ty {
            Type::Reference(reference) => &mut reference.lifetime,
            _ => return,
        },
    };
    *place = Some(call.clone());
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

/// The object-safe form: what the registry holds providers by.
fn twin(contract: &Contract, item: &Trait) -> TokenStream {
    let weldkit = &contract.weldkit;
    let Trait {
        visibility, ident, ..
    } = item;
    let twin = twin_ident(item);
    let docs = format!("The object-safe form of [`{ident}`].");
    let diagnostic = diagnostic(contract, item);
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
        #diagnostic
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

/// What a method returns when it does not fail. A type that is not data is reported where it is,
/// and once: every use has the same form, and what follows from it is known to be wrong.
pub(super) fn value_of(weldkit: &syn::Path, output: &Type) -> TokenStream {
    let (whole, span) = match parts(output) {
        Some((value, _)) => (
            quote!(::core::result::Result<#value, #weldkit::CallError>),
            value.span(),
        ),
        None => (quote!(#output), output.span()),
    };
    let weldkit = framework::at(weldkit, span);
    quote_spanned!(span=> <#whole as #weldkit::__private::MethodResult>::Value)
}

/// How a method fails; see [`value_of`].
pub(super) fn error_of(weldkit: &syn::Path, output: &Type) -> TokenStream {
    let (whole, span) = match parts(output) {
        Some((_, error)) => (quote!(::core::result::Result<(), #error>), error.span()),
        None => (quote!(#output), output.span()),
    };
    let weldkit = framework::at(weldkit, span);
    quote_spanned!(span=> <#whole as #weldkit::__private::MethodResult>::Error)
}

/// `T` and `E` of `Result<T, E>` and `Stream<T, E>`; nothing for a type with another name.
fn parts(output: &Type) -> Option<(&Type, &Type)> {
    let Type::Path(path) = output else {
        return None;
    };
    let segment = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return None;
    };
    let mut arguments = arguments.args.iter();
    match (arguments.next(), arguments.next(), arguments.next()) {
        (Some(GenericArgument::Type(value)), Some(GenericArgument::Type(error)), None)
            if segment.ident == "Result" || segment.ident == "Stream" =>
        {
            Some((value, error))
        }
        _ => None,
    }
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
        let signature = match method.kind {
            Kind::Async => desugared(weldkit, &bare(&method.signature)),
            Kind::Sync | Kind::Stream => bare(&method.signature),
        };
        let (name, ctx, door) = (twin_method(method), &method.ctx.ident, door("call", method.kind));
        let arguments = method.parameters.iter().map(|parameter| &parameter.ident);
        let (value, error) = (value_of(weldkit, &method.output), error_of(weldkit, &method.output));
        let provided = quote_spanned!(place(method.output.span())=> #twin.#name(#inner, #(#arguments),*));
        // A context of another type is reported at that type.
        let ctx_type = method.ctx.ty.span();
        let at = framework::at(weldkit, ctx_type);
        let context = quote_spanned!(place(ctx_type)=> let #inner: &#at::Ctx = #ctx;);
        let call = quote! {
            #weldkit::__private::#door::<#index, dyn #ident, #value, #error>(self, #inner, move |#twin, #inner| #provided)
        };
        quote!(#signature { #context #call })
    });
    quote! {
        #[automatically_derived]
        impl #ident for #weldkit::Service<dyn #ident> {
            #(#methods)*
        }
    }
}
