use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Expr, ExprLit, Ident, Lit, LitStr, Meta, Token, parenthesized, token};

use super::{Check, Kind, Rules};
use crate::error::Errors;
use crate::text::suggestion;
use crate::tokens::find_ident;

const RULES: &[&str] = &[
    "length",
    "range",
    "pattern",
    "contains",
    "prefix",
    "suffix",
    "required",
    "ascii",
    "alphanumeric",
    "ip",
    "ipv4",
    "ipv6",
    "matches",
    "custom",
    "inner",
    "dive",
    "skip",
];

/// Rules that garde has and a contract does not, with what to write instead.
const ELSEWHERE: &[(&str, &str)] = &[
    (
        "email",
        "`email` is not built in; write `pattern(\"…\")` or `custom(function)`",
    ),
    (
        "url",
        "`url` is not built in; write `pattern(\"^https?://\")` or `custom(function)`",
    ),
    (
        "credit_card",
        "`credit_card` is not built in; write `custom(function)`",
    ),
    (
        "phone_number",
        "`phone_number` is not built in; write `custom(function)`",
    ),
    (
        "if",
        "a rule of a contract has no condition; write `custom(function)`",
    ),
    (
        "adapt",
        "a rule of a contract has no adapter; write `custom(function)`",
    ),
    (
        "allow_unvalidated",
        "fields without rules are allowed as they are; leave `allow_unvalidated` out",
    ),
    (
        "context",
        "a rule of a contract has no context; leave `context` out",
    ),
    (
        "transparent",
        "a type with one unnamed field is transparent as it is; leave `transparent` out",
    ),
];

/// The rules among the attributes of a field.
pub(crate) fn read(attributes: &[Attribute], errors: &mut Errors) -> Rules {
    let mut rules = Rules::default();
    for attribute in attributes {
        match &attribute.meta {
            Meta::List(list) if list.path.is_ident("garde") => {
                let parser = |input: ParseStream<'_>| read_list(input, &mut rules, errors);
                if let Err(error) = parser.parse2(list.tokens.clone()) {
                    errors.add(error);
                }
            }
            Meta::List(list) if list.path.is_ident("cfg_attr") => {
                if let Some(span) = find_ident(list.tokens.clone(), "garde") {
                    errors.push(span, "the rules of a contract are the same in every build; write `#[garde(…)]` without `cfg_attr`");
                }
            }
            meta if meta.path().is_ident("garde") => errors.at(
                meta,
                "write the rules in parentheses: `#[garde(length(min = 1))]`",
            ),
            _ => {}
        }
    }
    if let Some(skip) = rules.skip
        && !rules.is_empty()
    {
        errors.push(
            skip,
            "`skip` means that nothing is checked; leave out `skip` or the other rules",
        );
    }
    rules
}

fn read_list(input: ParseStream<'_>, rules: &mut Rules, errors: &mut Errors) -> syn::Result<()> {
    while !input.is_empty() {
        let ident = input.call(Ident::parse_any)?;
        match ident.to_string().as_str() {
            "dive" => rules.dive = Some(ident.span()),
            "skip" => rules.skip = Some(ident.span()),
            _ => match read_check(&ident, input) {
                Ok(check) => rules.checks.push(check),
                Err(error) => {
                    errors.add(error);
                    skip_arguments(input)?;
                }
            },
        }
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(())
}

fn read_check(ident: &Ident, input: ParseStream<'_>) -> syn::Result<Check> {
    let name = ident.to_string();
    let span = ident.span();
    let call = |arguments: TokenStream| Kind::Call {
        module: quote!(#ident),
        arguments,
    };
    let kind = match name.as_str() {
        "ascii" | "alphanumeric" | "required" => call(quote!(())),
        "ip" => Kind::Ip(Ident::new("Any", span)),
        "ipv4" => Kind::Ip(Ident::new("V4", span)),
        "ipv6" => Kind::Ip(Ident::new("V6", span)),
        "length" => read_length(span, &arguments(ident, input, "length(min = 1, max = 64)")?)?,
        "range" => {
            let bounds = Bounds::read(
                span,
                &arguments(ident, input, "range(min = 1, max = 64)")?,
                None,
            )?;
            let (min, max) = (optional(bounds.min), optional(bounds.max));
            Kind::Range {
                bounds: quote!((#min, #max)),
            }
        }
        "contains" | "prefix" | "suffix" => {
            let text: Expr = whole(&arguments(ident, input, &format!("{name}(\"text\")"))?)?;
            call(quote!((&#text,)))
        }
        "pattern" => match whole(&arguments(ident, input, "pattern(\"^[a-z]+$\")")?)? {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) => Kind::Pattern(read_pattern(text)?),
            matcher => call(quote!((&#matcher,))),
        },
        "matches" => Kind::Matches(whole(&arguments(ident, input, "matches(other_field)")?)?),
        "custom" => Kind::Custom(whole(&arguments(ident, input, "custom(function)")?)?),
        "inner" => read_inner(&arguments(ident, input, "inner(length(min = 1))")?)?,
        _ => {
            let elsewhere = ELSEWHERE
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, advice)| (*advice).to_owned());
            return Err(syn::Error::new(
                span,
                elsewhere.unwrap_or_else(|| {
                    format!("unknown rule `{name}`: {}", suggestion(&name, RULES))
                }),
            ));
        }
    };
    Ok(Check { span, kind })
}

/// What stands in the parentheses after a rule.
fn arguments(ident: &Ident, input: ParseStream<'_>, example: &str) -> syn::Result<TokenStream> {
    if !input.peek(token::Paren) {
        return Err(syn::Error::new(ident.span(), format!("write `{example}`")));
    }
    let inside;
    parenthesized!(inside in input);
    inside.parse()
}

fn whole<T: syn::parse::Parse>(tokens: &TokenStream) -> syn::Result<T> {
    syn::parse2(tokens.clone())
}

fn skip_arguments(input: ParseStream<'_>) -> syn::Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<proc_macro2::TokenTree>()?;
    }
    Ok(())
}

fn optional(bound: Option<Expr>) -> TokenStream {
    bound.map_or_else(
        || quote!(::core::option::Option::None),
        |bound| quote!(::core::option::Option::Some(#bound)),
    )
}

/// `min`, `max` or `equal`, and for a length the unit that it counts.
struct Bounds {
    min: Option<Expr>,
    max: Option<Expr>,
    unit: Option<Ident>,
}

impl Bounds {
    fn read(span: Span, tokens: &TokenStream, units: Option<&[&str]>) -> syn::Result<Self> {
        let mut bounds = Self {
            min: None,
            max: None,
            unit: None,
        };
        let mut equal = None;
        let parser = |input: ParseStream<'_>| {
            while !input.is_empty() {
                let key = input.call(Ident::parse_any)?;
                let name = key.to_string();
                let place = match name.as_str() {
                    "min" => Some(&mut bounds.min),
                    "max" => Some(&mut bounds.max),
                    "equal" => Some(&mut equal),
                    unit if units.is_some_and(|units| units.contains(&unit)) => {
                        bounds.unit = Some(key.clone());
                        None
                    }
                    _ => {
                        let known: Vec<&str> = ["min", "max", "equal"]
                            .into_iter()
                            .chain(units.unwrap_or_default().iter().copied())
                            .collect();
                        return Err(syn::Error::new(
                            key.span(),
                            format!("unknown bound `{name}`: {}", suggestion(&name, &known)),
                        ));
                    }
                };
                if let Some(place) = place {
                    input.parse::<Token![=]>()?;
                    if place.replace(input.parse()?).is_some() {
                        return Err(syn::Error::new(
                            key.span(),
                            format!("`{name}` is given twice; keep one"),
                        ));
                    }
                }
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        };
        parser.parse2(tokens.clone())?;
        bounds.with(equal, span)
    }

    /// `equal` stands for both bounds; one at least must be there.
    fn with(self, equal: Option<Expr>, span: Span) -> syn::Result<Self> {
        match equal {
            Some(_) if self.min.is_some() || self.max.is_some() => Err(syn::Error::new(
                span,
                "`equal` stands alone, or write `min` and `max`",
            )),
            Some(equal) => Ok(Self {
                min: Some(equal.clone()),
                max: Some(equal),
                ..self
            }),
            None if self.min.is_none() && self.max.is_none() => Err(syn::Error::new(
                span,
                "write `min = …`, `max = …`, both, or `equal = …`",
            )),
            None => Ok(self),
        }
    }
}

fn read_length(span: Span, tokens: &TokenStream) -> syn::Result<Kind> {
    let bounds = Bounds::read(span, tokens, Some(&["simple", "bytes", "chars", "utf16"]))?;
    let min = bounds
        .min
        .map_or_else(|| quote!(0usize), |min| quote!(#min));
    let max = bounds
        .max
        .map_or_else(|| quote!(usize::MAX), |max| quote!(#max));
    Ok(match bounds.unit {
        None => Kind::Length {
            bounds: quote!((#min, #max)),
        },
        Some(unit) => Kind::Call {
            module: quote!(length::#unit),
            arguments: quote!((#min, #max)),
        },
    })
}

/// A regular expression whose brackets pair; what else may be wrong with it shows at the first check.
fn read_pattern(text: LitStr) -> syn::Result<LitStr> {
    let value = text.value();
    let (mut depth, mut class, mut letters) = (0_i32, false, value.chars());
    let mut after_open = false;
    while let Some(letter) = letters.next() {
        let first_in_class = std::mem::take(&mut after_open);
        match letter {
            '\\' if letters.next().is_none() => {
                return Err(syn::Error::new(
                    text.span(),
                    "the pattern ends with `\\`; write the character that it escapes",
                ));
            }
            '[' if !class => (class, after_open) = (true, true),
            '^' if first_in_class => after_open = true,
            ']' if class && !first_in_class => class = false,
            '(' if !class => depth += 1,
            ')' if !class => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            break;
        }
    }
    match (class, depth) {
        (true, _) => Err(syn::Error::new(
            text.span(),
            "a `[` in the pattern is not closed; add `]`, or write `\\[` for the character",
        )),
        (false, 0) => Ok(text),
        (false, _) => Err(syn::Error::new(
            text.span(),
            "the parentheses of the pattern do not pair; write `\\(` or `\\)` for the character",
        )),
    }
}

fn read_inner(tokens: &TokenStream) -> syn::Result<Kind> {
    let parser = |input: ParseStream<'_>| {
        let mut checks = Vec::new();
        while !input.is_empty() {
            let ident = input.call(Ident::parse_any)?;
            checks.push(read_check(&ident, input)?);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(Kind::Inner(checks))
    };
    parser.parse2(tokens.clone())
}
