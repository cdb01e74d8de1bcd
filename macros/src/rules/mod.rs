//! Rules: `#[garde(…)]` on fields and parameters.
//!
//! schemars writes the rules into the schema; here they become the check of the typed value, an
//! `impl garde::Validate`. garde's own derive names `::garde`, which a plugin does not depend on,
//! counts bytes where JSON Schema counts characters, and looks into a nested type only when told
//! to; the code made here does not, so that schema and check say the same.

pub(crate) mod expand;
mod read;

use proc_macro2::{Span, TokenStream};
use syn::{Attribute, Expr, Ident, LitStr};

pub(crate) use read::read;

/// The rules of one field.
#[derive(Default)]
pub(crate) struct Rules {
    pub(crate) checks: Vec<Check>,
    /// `dive`: the type must have rules, and they are checked.
    pub(crate) dive: Option<Span>,
    /// `skip`: not even the rules of the field's type are checked.
    pub(crate) skip: Option<Span>,
}

/// One rule, with the place it was written at.
pub(crate) struct Check {
    pub(crate) span: Span,
    pub(crate) kind: Kind,
}

pub(crate) enum Kind {
    /// `garde::rules::<module>::apply(value, <arguments>)`
    Call {
        module: TokenStream,
        arguments: TokenStream,
    },
    /// `ip`, `ipv4` or `ipv6`, as garde's `IpKind` names it.
    Ip(Ident),
    Range {
        bounds: TokenStream,
    },
    /// Characters of a text, items of anything else.
    Length {
        bounds: TokenStream,
    },
    Pattern(LitStr),
    Matches(Ident),
    Custom(Expr),
    Inner(Vec<Check>),
}

impl Rules {
    /// Whether the framework knows what each rule adds to the schema.
    pub(crate) fn are_plain(&self) -> bool {
        self.checks.iter().all(|rule| match rule.kind {
            Kind::Length { .. } | Kind::Range { .. } | Kind::Pattern(_) | Kind::Custom(_) => true,
            Kind::Call { .. } | Kind::Ip(_) | Kind::Matches(_) | Kind::Inner(_) => false,
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.checks.is_empty() && self.dive.is_none()
    }
}

/// One field to be checked.
pub(crate) struct Field<'a> {
    /// Its name in JSON; `None` when its content stands in the place of the whole.
    pub(crate) name: Option<String>,
    pub(crate) ty: &'a syn::Type,
    /// `#[cfg(…)]` of the field.
    pub(crate) cfg: Vec<&'a Attribute>,
    pub(crate) rules: &'a Rules,
}
