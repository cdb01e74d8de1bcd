//! The attribute macros of weldkit.
//!
//! Use them through the `weldkit` crate, which re-exports and explains them:
//!
//! | macro | on | makes |
//! |---|---|---|
//! | `#[weldkit::service]` | a trait | a contract |
//! | `#[weldkit::plugin]` | the impl with the constructor | a plugin |
//! | `#[weldkit::data]` | a struct or an enum | a type that may cross the edge |
//! | `#[derive(weldkit::ServiceError)]` | an enum | the error type of a contract |
//!
//! Each goes the same way: tokens are parsed into a model, the model is checked, and only a model
//! without errors is expanded. Every error is reported at once, at its token, with what to write
//! instead, and the user's item is emitted in any case.

mod attribute;
mod data;
mod error;
mod framework;
mod function;
mod lifecycle;
mod plugin;
mod rules;
mod service;
mod service_error;
#[cfg(test)]
mod tests;
mod text;
mod tokens;
mod wire;

use proc_macro::TokenStream;

/// Makes a contract of a trait.
#[proc_macro_attribute]
pub fn service(arguments: TokenStream, item: TokenStream) -> TokenStream {
    service::service(arguments.into(), item.into()).into()
}

/// Makes a plugin of the impl with the constructor.
#[proc_macro_attribute]
pub fn plugin(arguments: TokenStream, item: TokenStream) -> TokenStream {
    plugin::plugin(arguments.into(), item.into()).into()
}

/// Makes a struct or an enum data that may cross the edge.
#[proc_macro_attribute]
pub fn data(arguments: TokenStream, item: TokenStream) -> TokenStream {
    data::data(arguments.into(), item.into()).into()
}

/// Makes an enum the error type of a contract.
#[proc_macro_derive(ServiceError, attributes(service_error, serde, schemars))]
pub fn service_error(item: TokenStream) -> TokenStream {
    service_error::service_error(item.into()).into()
}
