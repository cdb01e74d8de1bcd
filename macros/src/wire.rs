//! How serde names things in JSON, for the paths of broken rules and for duplicate names.
//!
//! Attributes that serde itself would refuse are ignored here: it reports them.

use syn::parse::ParseStream;
use syn::{Attribute, Ident, LitStr, Token, parenthesized, token};

use crate::text;

/// What `#[serde(…)]` says about names.
#[derive(Debug, Default, Clone)]
pub(crate) struct Naming {
    pub(crate) rename: Option<String>,
    pub(crate) rename_all: Option<String>,
    pub(crate) rename_all_fields: Option<String>,
    pub(crate) tag: Option<String>,
    pub(crate) content: Option<String>,
    pub(crate) untagged: bool,
    /// `flatten` or `transparent`: no name of its own.
    pub(crate) nameless: bool,
}

impl Naming {
    /// Reads every `#[serde(…)]` among the attributes.
    pub(crate) fn of(attributes: &[Attribute]) -> Self {
        let mut naming = Self::default();
        for attribute in attributes
            .iter()
            .filter(|attribute| attribute.path().is_ident("serde"))
        {
            // A malformed attribute is serde's to report; what was read before it stays.
            let _ignored = attribute.parse_nested_meta(|meta| {
                let key = meta.path.get_ident().map(text::plain).unwrap_or_default();
                let value = value(meta.input)?;
                match key.as_str() {
                    "rename" => naming.rename = value,
                    "rename_all" => naming.rename_all = value,
                    "rename_all_fields" => naming.rename_all_fields = value,
                    "tag" => naming.tag = value,
                    "content" => naming.content = value,
                    "untagged" => naming.untagged = true,
                    "flatten" | "transparent" => naming.nameless = true,
                    _ => {}
                }
                Ok(())
            });
        }
        naming
    }

    /// The name of a field in JSON, or `None` when it has none of its own.
    pub(crate) fn field(&self, ident: &Ident, all: Option<&str>) -> Option<String> {
        let plain = text::plain(ident);
        (!self.nameless).then(|| {
            self.rename
                .clone()
                .unwrap_or_else(|| all.map_or(plain.clone(), |case| field_case(&plain, case)))
        })
    }

    /// The name of a variant in JSON.
    pub(crate) fn variant(&self, ident: &Ident, all: Option<&str>) -> String {
        let plain = text::plain(ident);
        self.rename
            .clone()
            .unwrap_or_else(|| all.map_or(plain.clone(), |case| variant_case(&plain, case)))
    }
}

/// Whether one of the attributes is `#[serde(…)]` with this key.
pub(crate) fn has(attributes: &[Attribute], key: &str) -> bool {
    attributes.iter().any(|attribute| {
        let mut found = false;
        let read = attribute.parse_nested_meta(|meta| {
            found |= meta.path.is_ident(key);
            value(meta.input)?;
            Ok(())
        });
        attribute.path().is_ident("serde") && found && read.is_ok()
    })
}

/// Whether the attribute is `#[serde(…)]` with nothing but `rename = "…"` and `default`, and has the latter.
pub(crate) fn plain(attribute: &Attribute) -> Option<bool> {
    if !attribute.path().is_ident("serde") {
        return None;
    }
    let (mut known, mut default) = (true, false);
    let read = attribute.parse_nested_meta(|meta| {
        if meta.path.is_ident("default") && !meta.input.peek(Token![=]) {
            default = true;
        } else if meta.path.is_ident("rename") && meta.input.peek(Token![=]) {
            meta.value()?.parse::<LitStr>()?;
        } else {
            known = false;
            value(meta.input)?;
        }
        Ok(())
    });
    (known && read.is_ok()).then_some(default)
}

/// `= "text"`, or the `deserialize` side of `(serialize = "…", deserialize = "…")`; other values are skipped.
fn value(input: ParseStream<'_>) -> syn::Result<Option<String>> {
    if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        if input.peek(LitStr) {
            return Ok(Some(input.parse::<LitStr>()?.value()));
        }
        input.parse::<syn::Expr>()?;
    } else if input.peek(token::Paren) {
        let inside;
        parenthesized!(inside in input);
        let mut found = None;
        while !inside.is_empty() {
            let side: Ident = inside.parse()?;
            inside.parse::<Token![=]>()?;
            let text: LitStr = inside.parse()?;
            if side == "deserialize" {
                found = Some(text.value());
            }
            inside.parse::<Option<Token![,]>>()?;
        }
        return Ok(found);
    }
    Ok(None)
}

/// serde's rules for a field, which is in `snake_case`.
fn field_case(field: &str, case: &str) -> String {
    match case {
        "UPPERCASE" | "SCREAMING_SNAKE_CASE" => field.to_uppercase(),
        "PascalCase" => pascal(field),
        "camelCase" => lower_first(&pascal(field)),
        "kebab-case" => field.replace('_', "-"),
        "SCREAMING-KEBAB-CASE" => field.to_uppercase().replace('_', "-"),
        _ => field.to_owned(),
    }
}

/// serde's rules for a variant, which is in `PascalCase`.
fn variant_case(variant: &str, case: &str) -> String {
    let snake = || {
        let mut snake = String::new();
        for (index, letter) in variant.chars().enumerate() {
            if index > 0 && letter.is_uppercase() {
                snake.push('_');
            }
            snake.extend(letter.to_lowercase());
        }
        snake
    };
    match case {
        "lowercase" => variant.to_lowercase(),
        "UPPERCASE" => variant.to_uppercase(),
        "camelCase" => lower_first(variant),
        "snake_case" => snake(),
        "SCREAMING_SNAKE_CASE" => snake().to_uppercase(),
        "kebab-case" => snake().replace('_', "-"),
        "SCREAMING-KEBAB-CASE" => snake().to_uppercase().replace('_', "-"),
        _ => variant.to_owned(),
    }
}

fn pascal(snake: &str) -> String {
    snake
        .split('_')
        .map(|word| {
            word.chars()
                .next()
                .map(|first| {
                    first
                        .to_uppercase()
                        .chain(word.chars().skip(1))
                        .collect::<String>()
                })
                .unwrap_or_default()
        })
        .collect()
}

fn lower_first(text: &str) -> String {
    text.chars()
        .next()
        .map(|first| first.to_lowercase().chain(text.chars().skip(1)).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_serde_gives() {
        let item: syn::ItemStruct = syn::parse_quote! {
            #[serde(rename_all = "camelCase", default = "path", deny_unknown_fields)]
            struct X {
                plain_name: u8,
                #[serde(default, rename = "other")]
                renamed: u8,
                #[serde(rename(serialize = "out", deserialize = "in"))]
                two_sided: u8,
                #[serde(flatten)]
                flat: u8,
                r#type: u8,
            }
        };
        let all = Naming::of(&item.attrs).rename_all;
        let names: Vec<_> = item
            .fields
            .iter()
            .map(|field| {
                Naming::of(&field.attrs).field(field.ident.as_ref().unwrap(), all.as_deref())
            })
            .collect();
        let expected = [
            Some("plainName"),
            Some("other"),
            Some("in"),
            None,
            Some("type"),
        ];
        assert_eq!(
            names.iter().map(Option::as_deref).collect::<Vec<_>>(),
            expected
        );
    }

    #[test]
    fn every_case_is_serdes() {
        for (case, field, variant) in [
            ("lowercase", "one_two", "onetwo"),
            ("UPPERCASE", "ONE_TWO", "ONETWO"),
            ("PascalCase", "OneTwo", "OneTwo"),
            ("camelCase", "oneTwo", "oneTwo"),
            ("snake_case", "one_two", "one_two"),
            ("SCREAMING_SNAKE_CASE", "ONE_TWO", "ONE_TWO"),
            ("kebab-case", "one-two", "one-two"),
            ("SCREAMING-KEBAB-CASE", "ONE-TWO", "ONE-TWO"),
        ] {
            assert_eq!(
                (
                    field_case("one_two", case).as_str(),
                    variant_case("OneTwo", case).as_str()
                ),
                (field, variant),
                "{case}"
            );
        }
    }
}
