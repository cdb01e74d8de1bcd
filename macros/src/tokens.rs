//! Questions and changes on bare tokens, for what is not worth parsing or does not parse.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};

/// `tokens` without the attributes of these names, in every group that `descend` lets through.
pub(crate) fn strip(
    tokens: TokenStream,
    names: &[&str],
    descend: &dyn Fn(Delimiter) -> bool,
) -> TokenStream {
    let mut stripped = TokenStream::new();
    let mut rest = tokens.into_iter().peekable();
    while let Some(token) = rest.next() {
        match token {
            TokenTree::Punct(pound) if pound.as_char() == '#' => {
                if rest.peek().is_some_and(|next| is_attribute(next, names)) {
                    rest.next();
                } else {
                    stripped.extend([TokenTree::Punct(pound)]);
                }
            }
            TokenTree::Group(group) if descend(group.delimiter()) => {
                let inside = strip(group.stream(), names, descend);
                stripped.extend([TokenTree::Group(with_stream(&group, inside))]);
            }
            token => stripped.extend([token]),
        }
    }
    stripped
}

/// A trait without `#[method]` and without the attributes of parameters; bodies stay as they are.
pub(crate) fn strip_trait(tokens: TokenStream) -> TokenStream {
    in_last_brace(tokens, |members| {
        let members = strip(members, &["method"], &|_| false);
        members
            .into_iter()
            .map(|token| match token {
                TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => {
                    let inside = strip(group.stream(), PARAMETER_ATTRIBUTES, &|_| false);
                    TokenTree::Group(with_stream(&group, inside))
                }
                token => token,
            })
            .collect()
    })
}

/// The attributes that a parameter of a contract method may carry.
pub(crate) const PARAMETER_ATTRIBUTES: &[&str] = &["doc", "serde", "garde", "schemars"];

fn in_last_brace(
    tokens: TokenStream,
    change: impl FnOnce(TokenStream) -> TokenStream,
) -> TokenStream {
    let mut trees: Vec<TokenTree> = tokens.into_iter().collect();
    if let Some(TokenTree::Group(group)) = trees.last_mut()
        && group.delimiter() == Delimiter::Brace
    {
        *group = with_stream(group, change(group.stream()));
    }
    trees.into_iter().collect()
}

pub(crate) fn with_stream(group: &Group, stream: TokenStream) -> Group {
    let mut changed = Group::new(group.delimiter(), stream);
    changed.set_span(group.span());
    changed
}

fn is_attribute(token: &TokenTree, names: &[&str]) -> bool {
    let TokenTree::Group(group) = token else {
        return false;
    };
    let first = group.stream().into_iter().next();
    group.delimiter() == Delimiter::Bracket
        && matches!(first, Some(TokenTree::Ident(name)) if names.iter().any(|known| name == known))
}

/// The first token that `wanted` picks, at any depth.
pub(crate) fn find(tokens: TokenStream, wanted: &dyn Fn(&TokenTree) -> bool) -> Option<Span> {
    tokens.into_iter().find_map(|token| match &token {
        token if wanted(token) => Some(token.span()),
        TokenTree::Group(group) => find(group.stream(), wanted),
        _ => None,
    })
}

/// The first identifier of that name, at any depth.
pub(crate) fn find_ident(tokens: TokenStream, name: &str) -> Option<Span> {
    find(
        tokens,
        &|token| matches!(token, TokenTree::Ident(ident) if ident == name),
    )
}

/// The first lifetime other than `'static`, at any depth.
pub(crate) fn find_lifetime(tokens: TokenStream) -> Option<Ident> {
    let mut quote_before = false;
    for token in tokens {
        match token {
            TokenTree::Punct(punct) => quote_before = punct.as_char() == '\'',
            TokenTree::Ident(name) if quote_before && name != "static" => return Some(name),
            TokenTree::Group(group) => {
                if let Some(name) = find_lifetime(group.stream()) {
                    return Some(name);
                }
                quote_before = false;
            }
            _ => quote_before = false,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_stripped_where_they_stand_and_bodies_are_left() {
        let item: TokenStream = "#[keep] trait T { #[method(x)] #[keep] fn a(&self, #[garde(skip)] /** d */ #[keep] b: u8) { #[method] fn c(#[serde(x)] d: u8) {} } }".parse().unwrap();
        let expected: TokenStream = "#[keep] trait T { #[keep] fn a(&self, #[keep] b: u8) { #[method] fn c(#[serde(x)] d: u8) {} } }".parse().unwrap();
        assert_eq!(strip_trait(item).to_string(), expected.to_string());
    }

    #[test]
    fn lifetimes_and_names_are_found_at_any_depth() {
        assert!(find_lifetime("Vec<(Cow<'a, str>)>".parse().unwrap()).is_some());
        assert!(find_lifetime("Cow<'static, str>".parse().unwrap()).is_none());
        assert!(find_ident("Result<(Self, u8), E>".parse().unwrap(), "Self").is_some());
        assert!(find_ident("Result<u8, E>".parse().unwrap(), "Self").is_none());
    }
}
