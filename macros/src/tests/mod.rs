//! The macros on tokens: what they make of valid items, and of items with one token missing.

mod deletion;
mod errors;
mod golden;

use proc_macro2::TokenStream;

/// One of the macros, as a function of attribute and item.
type Macro = fn(TokenStream, TokenStream) -> TokenStream;

/// A valid use of a macro.
struct Case {
    name: &'static str,
    expand: Macro,
    attribute: &'static str,
    item: &'static str,
    /// What names the item, and must be left of it whatever happens.
    ident: &'static str,
}

fn service_error(_: TokenStream, item: TokenStream) -> TokenStream {
    // A derive leaves the item where it is; here it is put in front, so that all are alike.
    let expansion = crate::service_error::service_error(item.clone());
    quote::quote!(#item #expansion)
}

fn metrics(_: TokenStream, item: TokenStream) -> TokenStream {
    let expansion = crate::metrics::metrics(item.clone());
    quote::quote!(#item #expansion)
}

const CASES: &[Case] = &[
    Case {
        name: "service",
        expand: crate::service::service,
        attribute: "",
        ident: "Storage",
        item: include_str!("items/service.rs"),
    },
    Case {
        name: "service_keys",
        expand: crate::service::service,
        attribute: r#"name = "kv", version = "2.0", stability = "beta", since = "1.4.0", crate = renamed"#,
        ident: "KeyValue",
        item: include_str!("items/service_keys.rs"),
    },
    Case {
        name: "plugin",
        expand: crate::plugin::plugin,
        attribute: r#"id = "report", provides(weldkit_report::Report, Audit), categories("Reporting"), tags("html"), permissions("storage.write"), access(fs, net), stability = "beta", exclusive"#,
        ident: "ReportPlugin",
        item: include_str!("items/plugin.rs"),
    },
    Case {
        name: "plugin_bare",
        expand: crate::plugin::plugin,
        attribute: "",
        ident: "Bare",
        item: include_str!("items/plugin_bare.rs"),
    },
    Case {
        name: "data_struct",
        expand: crate::data::data,
        attribute: "",
        ident: "Document",
        item: include_str!("items/data_struct.rs"),
    },
    Case {
        name: "data_enum",
        expand: crate::data::data,
        attribute: "",
        ident: "Shape",
        item: include_str!("items/data_enum.rs"),
    },
    Case {
        name: "service_error",
        expand: service_error,
        attribute: "",
        ident: "StorageError",
        item: include_str!("items/service_error.rs"),
    },
    Case {
        name: "metrics",
        expand: metrics,
        attribute: "",
        ident: "Batcher",
        item: include_str!("items/metrics.rs"),
    },
];

fn tokens(text: &str) -> TokenStream {
    text.parse().expect("the cases are Rust")
}
