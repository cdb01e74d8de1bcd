//! The keys of an attribute, as a table of what there is.
//!
//! Reading goes on after an error, so that all of them are reported; a key that does not exist is
//! answered with the nearest one that does.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Ident, LitStr, Meta, Path, Token, parenthesized, token};

use crate::error::Errors;
use crate::text::{nearest, plain, suggestion};

/// One key of an attribute.
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) form: Form,
}

/// What follows a key.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Form {
    /// `key`
    Flag,
    /// `key = "text"`, with an example of the text.
    Text(&'static str),
    /// `key = "word"`, one of these.
    Choice(&'static [&'static str]),
    /// `key = path`
    Path(&'static str),
    /// `key("text", "text")`, with an example.
    Texts(&'static str),
    /// `key(path, path)`, with an example.
    Paths(&'static str),
    /// `key(word, word)`, out of these.
    Words(&'static [&'static str]),
    /// Not a key of this attribute: where the thing is said instead.
    Elsewhere(&'static str),
}

/// How settled something is, in the words of `stability = "…"`.
pub(crate) const STABILITIES: &[&str] = &["stable", "beta", "experimental", "deprecated"];

/// `crate = path`, which every attribute has.
pub(crate) const CRATE: Key = Key {
    name: "crate",
    form: Form::Path("weldkit"),
};

enum Value {
    Flag,
    Text(LitStr),
    Path(Path),
    Texts(Vec<LitStr>),
    Paths(Vec<Path>),
    Words(Vec<Ident>),
}

/// What an attribute says.
#[derive(Default)]
pub(crate) struct Arguments(Vec<(Ident, Value)>);

impl Arguments {
    /// Those of the first attribute of that name; a second one is an error.
    pub(crate) fn given(
        name: &str,
        attributes: &[Attribute],
        keys: &[Key],
        errors: &mut Errors,
    ) -> Self {
        let mut own = attributes
            .iter()
            .filter(|attribute| attribute.path().is_ident(name));
        let arguments = own
            .next()
            .map(|attribute| Self::of(keys, attribute, errors))
            .unwrap_or_default();
        own.for_each(|attribute| {
            let message = format!("`#[{name}]` is given twice; write all keys into one");
            errors.at(attribute, message);
        });
        arguments
    }

    /// Reads the inside of an attribute.
    pub(crate) fn read(keys: &[Key], tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut arguments = Self::default();
        let parser = |input: ParseStream<'_>| {
            while !input.is_empty() {
                if let Err(error) = arguments.read_one(keys, input, errors) {
                    errors.add(error);
                    skip_to_comma(input);
                }
                if !input.is_empty() && input.parse::<Token![,]>().is_err() {
                    errors.push(input.span(), "write a comma between two keys");
                    skip_to_comma(input);
                    input.parse::<Option<Token![,]>>()?;
                }
            }
            Ok(())
        };
        if let Err(error) = parser.parse2(tokens) {
            errors.add(error);
        }
        arguments
    }

    /// Reads `#[name(…)]`.
    pub(crate) fn of(keys: &[Key], attribute: &Attribute, errors: &mut Errors) -> Self {
        match &attribute.meta {
            Meta::Path(_) => Self::default(),
            Meta::List(list) => Self::read(keys, list.tokens.clone(), errors),
            Meta::NameValue(pair) => {
                let name = pair.path.get_ident().map(plain).unwrap_or_default();
                errors.at(
                    &pair.path,
                    format!("write the keys in parentheses: `#[{name}(…)]`"),
                );
                Self::default()
            }
        }
    }

    fn read_one(
        &mut self,
        keys: &[Key],
        input: ParseStream<'_>,
        errors: &mut Errors,
    ) -> syn::Result<()> {
        if !input.peek(Ident::peek_any) {
            return Err(input.error(format!("write a key here: {}", listed(keys))));
        }
        let ident = input.call(Ident::parse_any)?;
        let name = ident.to_string();
        let Some(key) = keys.iter().find(|key| key.name == name) else {
            return Err(syn::Error::new(ident.span(), unknown(&name, keys)));
        };
        if let Form::Elsewhere(advice) = key.form {
            return Err(syn::Error::new(ident.span(), advice));
        }
        let value = read_value(key, &ident, input, errors)?;
        if self.0.iter().any(|(known, _)| *known == name) {
            errors.push(ident.span(), format!("`{name}` is given twice; keep one"));
            return Ok(());
        }
        self.0.push((ident, value));
        Ok(())
    }

    fn find(&self, name: &str) -> Option<&(Ident, Value)> {
        self.0.iter().find(|(key, _)| key == name)
    }

    /// Where the flag is, if it is there.
    pub(crate) fn flag(&self, name: &str) -> Option<Span> {
        self.find(name).map(|(key, _)| key.span())
    }

    pub(crate) fn text(&self, name: &str) -> Option<&LitStr> {
        match self.find(name) {
            Some((_, Value::Text(text))) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn path(&self, name: &str) -> Option<&Path> {
        match self.find(name) {
            Some((_, Value::Path(path))) => Some(path),
            _ => None,
        }
    }

    pub(crate) fn texts(&self, name: &str) -> &[LitStr] {
        match self.find(name) {
            Some((_, Value::Texts(texts))) => texts,
            _ => &[],
        }
    }

    pub(crate) fn paths(&self, name: &str) -> &[Path] {
        match self.find(name) {
            Some((_, Value::Paths(paths))) => paths,
            _ => &[],
        }
    }

    pub(crate) fn words(&self, name: &str) -> &[Ident] {
        match self.find(name) {
            Some((_, Value::Words(words))) => words,
            _ => &[],
        }
    }
}

fn read_value(
    key: &Key,
    ident: &Ident,
    input: ParseStream<'_>,
    errors: &mut Errors,
) -> syn::Result<Value> {
    let next_is_value = input.peek(Token![=]);
    let next_is_list = input.peek(token::Paren);
    let value = match key.form {
        Form::Flag if !next_is_value && !next_is_list => return Ok(Value::Flag),
        Form::Flag => {
            let advice = format!(
                "`{0}` is a flag: write `{0}` alone, or leave it out",
                key.name
            );
            return Err(syn::Error::new(ident.span(), advice));
        }
        Form::Text(_) | Form::Choice(_) if next_is_value => {
            input.parse::<Token![=]>()?;
            input.parse().map(Value::Text)
        }
        Form::Path(_) if next_is_value => {
            input.parse::<Token![=]>()?;
            input.call(Path::parse_mod_style).map(Value::Path)
        }
        Form::Texts(_) if next_is_list => list(input, |item| item.parse()).map(Value::Texts),
        Form::Paths(_) if next_is_list => list(input, Path::parse_mod_style).map(Value::Paths),
        Form::Words(_) if next_is_list => list(input, Ident::parse_any).map(Value::Words),
        _ => Err(syn::Error::new(ident.span(), "")),
    };
    let value = value.map_err(|error| {
        // A value that is missing altogether has no place of its own.
        let span = if input.is_empty() && next_is_value {
            ident.span()
        } else {
            error.span()
        };
        syn::Error::new(span, format!("write `{}`", shape(key)))
    })?;
    check_words(key, &value, errors);
    Ok(value)
}

/// Words outside of the list that a key takes.
fn check_words(key: &Key, value: &Value, errors: &mut Errors) {
    let mut check = |word: &str, known: &[&str], span| {
        if !known.contains(&word) {
            let suggestion = suggestion(word, known);
            errors.push(span, format!("unknown {} `{word}`: {suggestion}", key.name));
        }
    };
    match (key.form, value) {
        (Form::Choice(known), Value::Text(text)) => check(&text.value(), known, text.span()),
        (Form::Words(known), Value::Words(words)) => {
            words
                .iter()
                .for_each(|word| check(&word.to_string(), known, word.span()));
        }
        _ => {}
    }
}

fn list<T>(
    input: ParseStream<'_>,
    item: fn(ParseStream<'_>) -> syn::Result<T>,
) -> syn::Result<Vec<T>> {
    let inside;
    parenthesized!(inside in input);
    let items = Punctuated::<T, Token![,]>::parse_terminated_with(&inside, item);
    if items.is_err() {
        // What is left over would be reported a second time.
        inside.parse::<TokenStream>()?;
    }
    Ok(items?.into_iter().collect())
}

fn skip_to_comma(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        // Taking any token tree cannot fail before the end; at the end there is nothing to skip.
        if input.parse::<TokenTree>().is_err() {
            return;
        }
    }
}

/// What to write for a key.
fn shape(key: &Key) -> String {
    let name = key.name;
    match key.form {
        Form::Flag | Form::Elsewhere(_) => name.to_owned(),
        Form::Text(example) => format!("{name} = \"{example}\""),
        Form::Choice(words) => format!("{name} = \"{}\"", words.join("|")),
        Form::Path(example) => format!("{name} = {example}"),
        Form::Texts(example) => format!("{name}(\"{example}\")"),
        Form::Paths(example) => format!("{name}({example})"),
        Form::Words(words) => format!("{name}({})", words.join(", ")),
    }
}

fn names(keys: &[Key]) -> Vec<&'static str> {
    keys.iter()
        .filter(|key| !matches!(key.form, Form::Elsewhere(_)))
        .map(|key| key.name)
        .collect()
}

fn listed(keys: &[Key]) -> String {
    names(keys).join(", ")
}

fn unknown(name: &str, keys: &[Key]) -> String {
    match nearest(name, names(keys)) {
        Some(near) => format!("unknown key `{name}`: did you mean `{near}`?"),
        None => format!("unknown key `{name}`; the keys are: {}", listed(keys)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &[Key] = &[
        CRATE,
        Key {
            name: "read_only",
            form: Form::Flag,
        },
        Key {
            name: "timeout",
            form: Form::Text("5s"),
        },
        Key {
            name: "stability",
            form: Form::Choice(STABILITIES),
        },
        Key {
            name: "tags",
            form: Form::Texts("html"),
        },
        Key {
            name: "provides",
            form: Form::Paths("Storage"),
        },
        Key {
            name: "access",
            form: Form::Words(&["net", "fs"]),
        },
        Key {
            name: "version",
            form: Form::Elsewhere("the version comes from Cargo.toml"),
        },
    ];

    fn read(text: &str) -> (Arguments, String) {
        let mut errors = Errors::default();
        let arguments = Arguments::read(KEYS, text.parse().unwrap(), &mut errors);
        (arguments, errors.into_tokens().to_string())
    }

    #[test]
    fn every_form_is_read() {
        let (arguments, errors) = read(
            r#"crate = a::b, read_only, timeout = "5s", tags("x", "y"), provides(Storage, a::B,), access(net)"#,
        );
        assert_eq!(errors, "");
        assert!(arguments.flag("read_only").is_some());
        assert!(arguments.flag("stability").is_none());
        assert_eq!(arguments.text("timeout").unwrap().value(), "5s");
        assert_eq!(arguments.path("crate").unwrap().segments.len(), 2);
        assert_eq!(arguments.texts("tags").len(), 2);
        assert_eq!(arguments.paths("provides").len(), 2);
        assert_eq!(arguments.words("access").len(), 1);
    }

    #[test]
    fn every_error_is_reported_at_once() {
        let (_, errors) = read(
            r#"readonly, timeout("5s"), read_only = true, "x", access(web), stability = "stabel", version = "1", tags(x) timeout = 5, read_only, read_only"#,
        );
        for message in [
            "unknown key `readonly`: did you mean `read_only`?",
            "write `timeout = \\\"5s\\\"`",
            "`read_only` is a flag",
            "write a key here",
            "unknown access `web`: there are: net, fs",
            "unknown stability `stabel`: did you mean `stable`?",
            "the version comes from Cargo.toml",
            "write `tags(\\\"html\\\")`",
            "`read_only` is given twice",
        ] {
            assert!(errors.contains(message), "{message} is missing in {errors}");
        }
    }
}
