//! Model -> tokens. Nothing is decided here, and nothing is computed by what is emitted: it calls
//! the framework.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use super::Plugin;
use crate::framework::{self, place};

pub(super) fn expand(plugin: &Plugin) -> TokenStream {
    let Plugin { weldkit, ty, .. } = plugin;
    let descriptor = descriptor(plugin);
    let start = start(plugin);
    let provide = plugin.provides.iter().map(|path| {
        let weldkit = framework::at(weldkit, path.span());
        quote_spanned! {place(path.span())=>
            #weldkit::registry::Provided::new::<dyn #path>(
                <#weldkit::__private::Arc<Self> as ::core::clone::Clone>::clone(&self)
            )
        }
    });
    let stop = stop(plugin);
    let health = plugin.health.map(|span| {
        let call = quote_spanned!(place(span)=> <#ty>::health(self));
        quote!(fn health(&self) -> #weldkit::Health { #call })
    });
    let participant = plugin.participant.map(|span| {
        let this = quote_spanned!(span=> ::core::option::Option::Some(self));
        quote! {
            fn participant(self: #weldkit::__private::Arc<Self>)
                -> ::core::option::Option<#weldkit::__private::Arc<dyn #weldkit::transaction::AnyParticipant>>
            {
                #this
            }
        }
    });
    let settings = one_settings(plugin);
    quote! {
        #[allow(deprecated, clippy::all, clippy::pedantic)]
        const _: () = {
            #[automatically_derived]
            impl #weldkit::Plugin for #ty {
                const DESCRIPTOR: &'static #weldkit::registry::PluginDescriptor = #descriptor;
                #start
                fn provide(self: #weldkit::__private::Arc<Self>) -> #weldkit::__private::Vec<#weldkit::registry::Provided> {
                    #weldkit::__private::Vec::from([#(#provide),*])
                }
                #stop
                #health
                #participant
            }
            #settings
            #weldkit::__private::register! { #ty }
        };
    }
}

fn descriptor(plugin: &Plugin) -> TokenStream {
    let Plugin {
        weldkit,
        description,
        provides,
        categories,
        tags,
        permissions,
        access,
        exclusive,
        ..
    } = plugin;
    let id = match &plugin.id {
        Some(id) => quote!(#id),
        None => quote!(#weldkit::__private::default_id(::core::env!("CARGO_PKG_NAME"))),
    };
    let stability = plugin.lifecycle.stability(weldkit);
    let description = first_paragraph(description);
    let access = access.iter().map(ToString::to_string);
    let needs = plugin
        .start
        .parameters
        .iter()
        .map(|ty| at_type(weldkit, ty, &quote!(NEED)));
    let provides = provides.iter().map(|path| {
        let weldkit = framework::at(weldkit, path.span());
        quote_spanned!(path.span()=> <dyn #path as #weldkit::Contract>::DESCRIPTOR)
    });
    quote! {
        &#weldkit::registry::PluginDescriptor {
            id: #id,
            version: ::core::env!("CARGO_PKG_VERSION"),
            package: ::core::env!("CARGO_PKG_NAME"),
            description: #weldkit::__private::first_non_empty(::core::env!("CARGO_PKG_DESCRIPTION"), #description),
            authors: ::core::env!("CARGO_PKG_AUTHORS"),
            license: ::core::env!("CARGO_PKG_LICENSE"),
            source: ::core::env!("CARGO_PKG_REPOSITORY"),
            stability: #stability,
            categories: &[#(#categories),*],
            tags: &[#(#tags),*],
            permissions: &[#(#permissions),*],
            access: &[#(#access),*],
            exclusive: #exclusive,
            provides: &[#(#provides),*],
            needs: &[#(#needs),*],
        }
    }
}

/// A description is one sentence, or one paragraph on one line.
fn first_paragraph(docs: &str) -> String {
    docs.lines()
        .take_while(|line| !line.trim().is_empty())
        .map(str::trim)
        .collect::<Vec<_>>()
        .join(" ")
}

/// An item of `FromHost`, where the constructor asks for the type.
fn at_type(weldkit: &syn::Path, ty: &syn::Type, item: &TokenStream) -> TokenStream {
    let weldkit = framework::at(weldkit, ty.span());
    quote_spanned!(place(ty.span())=> <#ty as #weldkit::FromHost>::#item)
}

fn start(plugin: &Plugin) -> TokenStream {
    let Plugin {
        weldkit, ty, start, ..
    } = plugin;
    let names = start.parameters.iter().enumerate();
    let names: Vec<_> = names
        .map(|(index, ty)| format_ident!("a{index}", span = place(ty.span())))
        .collect();
    let values = start
        .parameters
        .iter()
        .map(|ty| at_type(weldkit, ty, &quote!(from_host(binder)?)));
    let wait = start.wait.then(|| quote!(.await));
    let call = quote_spanned!(place(start.span)=> <#ty>::start(#(#names),*)#wait);
    let output = &start.output;
    let result = quote_spanned!(place(output.span())=> <#output as #weldkit::__private::Started<Self>>::into_result(made));
    quote! {
        fn start(binder: &#weldkit::registry::Binder) -> #weldkit::__private::BoxFuture<'_, #weldkit::Result<Self>> {
            #weldkit::__private::Box::pin(async move {
                #(let #names = #values;)*
                let made = #call;
                #result
            })
        }
    }
}

fn stop(plugin: &Plugin) -> Option<TokenStream> {
    let Plugin { weldkit, ty, .. } = plugin;
    let stop = plugin.stop.as_ref()?;
    let wait = stop.wait.then(|| quote!(.await));
    let call = quote_spanned!(place(stop.span)=> <#ty>::stop(self)#wait);
    let output = &stop.output;
    let result = quote_spanned!(place(output.span())=> <#output as #weldkit::__private::Started<()>>::into_result(stopped));
    Some(quote! {
        fn stop(&self) -> #weldkit::__private::BoxFuture<'_, #weldkit::Result<()>> {
            #weldkit::__private::Box::pin(async move {
                let stopped = #call;
                #result
            })
        }
    })
}

/// A plugin has one part of the configuration: what asks for it a second time is refused, by type
/// and not by name.
fn one_settings(plugin: &Plugin) -> TokenStream {
    let weldkit = &plugin.weldkit;
    let is_settings = |ty: &syn::Type| {
        quote!(
            ::core::matches!(<#ty as #weldkit::FromHost>::NEED, #weldkit::registry::Need::Settings { .. })
        )
    };
    let mut before: Vec<TokenStream> = Vec::new();
    let mut checks = TokenStream::new();
    for ty in &plugin.start.parameters {
        let this = is_settings(ty);
        if !before.is_empty() {
            checks.extend(quote_spanned! {ty.span()=>
                const _: () = ::core::assert!(
                    !(#this && (#(#before)||*)),
                    "a plugin asks for its settings once; put both into one type with `#[weldkit::data]`"
                );
            });
        }
        before.push(this);
    }
    checks
}
