//! `stability`, `since` and `deprecated`: how settled a service or a method is.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Attribute, LitStr};

use crate::attribute::{Arguments, Form, Key, STABILITIES};
use crate::error::Errors;
use crate::text;

/// The keys, for the table of an attribute.
pub(crate) const STABILITY: Key = Key {
    name: "stability",
    form: Form::Choice(STABILITIES),
};
pub(crate) const SINCE: Key = Key {
    name: "since",
    form: Form::Text("1.2.0"),
};
pub(crate) const DEPRECATED: Key = Key {
    name: "deprecated",
    form: Form::Text("use `other`"),
};

/// What the three keys say.
#[derive(Default)]
pub(crate) struct Lifecycle {
    stability: Option<LitStr>,
    since: Option<LitStr>,
    deprecated: Option<LitStr>,
}

impl Lifecycle {
    /// Takes the keys; `attributes` are those of the item, where Rust's own `#[deprecated]` has no place.
    pub(crate) fn read(
        arguments: &Arguments,
        attributes: &[Attribute],
        errors: &mut Errors,
    ) -> Self {
        let lifecycle = Self {
            stability: arguments.text("stability").cloned(),
            since: arguments.text("since").cloned(),
            deprecated: arguments.text("deprecated").cloned(),
        };
        if let Some(own) = attributes
            .iter()
            .find(|attribute| attribute.path().is_ident("deprecated"))
        {
            errors.at(own, "callers by JSON would not see this; write the key `deprecated = \"use …\"`, which adds it for Rust as well");
        }
        if let Some(since) = &lifecycle.since
            && let Err(fault) = text::version(&since.value())
        {
            errors.at(since, fault);
        }
        let word = lifecycle.stability.as_ref().map(LitStr::value);
        match (word.as_deref(), &lifecycle.deprecated) {
            (_, Some(advice)) if advice.value().trim().is_empty() => {
                errors.at(advice, "say what to use instead: `deprecated = \"use …\"`")
            }
            (Some("deprecated"), None) => errors.at(
                &lifecycle.stability,
                "say what to use instead: add `deprecated = \"use …\"`",
            ),
            (Some(word), Some(_)) if word != "deprecated" && STABILITIES.contains(&word) => {
                errors.at(
                    &lifecycle.stability,
                    format!(
                        "something deprecated is not {word}; leave out `stability` or `deprecated`"
                    ),
                );
            }
            _ => {}
        }
        lifecycle
    }

    /// The fields `stability`, `since` and `deprecated` of a descriptor.
    pub(crate) fn fields(&self, weldkit: &syn::Path) -> TokenStream {
        let stability = self.stability(weldkit);
        let since = optional(self.since.as_ref());
        let deprecated = optional(self.deprecated.as_ref());
        quote!(stability: #stability, since: #since, deprecated: #deprecated,)
    }

    /// The variant of `Stability`.
    pub(crate) fn stability(&self, weldkit: &syn::Path) -> TokenStream {
        let word = self.stability.as_ref().map(LitStr::value);
        let variant = match word.as_deref() {
            _ if self.deprecated.is_some() => "Deprecated",
            Some("experimental") => "Experimental",
            Some("beta") => "Beta",
            Some("deprecated") => "Deprecated",
            _ => "Stable",
        };
        let variant = format_ident!("{variant}");
        quote!(#weldkit::contract::Stability::#variant)
    }

    /// Rust's own attribute, for callers in Rust.
    pub(crate) fn attribute(&self) -> TokenStream {
        self.deprecated
            .as_ref()
            .map(|note| quote!(#[deprecated(note = #note)]))
            .unwrap_or_default()
    }
}

/// `Some(value)` or `None`, as tokens.
pub(crate) fn optional(value: Option<&LitStr>) -> TokenStream {
    value.map_or_else(
        || quote!(::core::option::Option::None),
        |value| quote!(::core::option::Option::Some(#value)),
    )
}
