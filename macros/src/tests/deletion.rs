//! Half-typed code: every valid item with any one token missing.

use proc_macro2::{Group, TokenStream, TokenTree};

use super::{CASES, Case, tokens};
use crate::tokens::find_ident;

/// How many tokens there are at all depths, a group counting as one beside its content.
fn count(tokens: &TokenStream) -> usize {
    tokens
        .clone()
        .into_iter()
        .map(|token| {
            if let TokenTree::Group(group) = token {
                1 + count(&group.stream())
            } else {
                1
            }
        })
        .sum()
}

/// `tokens` without the one at `index`, counted depth first; a group goes with its content.
fn without(tokens: TokenStream, index: &mut Option<usize>) -> TokenStream {
    let mut left = TokenStream::new();
    for token in tokens {
        match index {
            Some(0) => *index = None,
            Some(remaining) => {
                *remaining -= 1;
                left.extend([match token {
                    TokenTree::Group(group) => TokenTree::Group(Group::new(
                        group.delimiter(),
                        without(group.stream(), index),
                    )),
                    token => token,
                }]);
            }
            None => left.extend([token]),
        }
    }
    left
}

fn check(case: &Case, attribute: TokenStream, item: TokenStream, what: &str) {
    let output = (case.expand)(attribute, item.clone());
    let text = output.to_string();
    assert!(
        text.parse::<TokenStream>().is_ok(),
        "{}, {what}: not tokens: {text}",
        case.name
    );
    let is_item = syn::parse2::<syn::Item>(item.clone()).is_ok();
    let named = find_ident(item, case.ident).is_some();
    if is_item && named {
        assert!(
            find_ident(output, case.ident).is_some(),
            "{}, {what}: the item is gone",
            case.name
        );
    }
}

#[test]
fn any_one_token_may_be_missing() {
    let mut tried = 0;
    for case in CASES {
        let (attribute, item) = (tokens(case.attribute), tokens(case.item));
        for index in 0..count(&item) {
            check(
                case,
                attribute.clone(),
                without(item.clone(), &mut Some(index)),
                &format!("without token {index} of the item"),
            );
            tried += 1;
        }
        for index in 0..count(&attribute) {
            check(
                case,
                without(attribute.clone(), &mut Some(index)),
                item.clone(),
                &format!("without token {index} of the attribute"),
            );
            tried += 1;
        }
    }
    assert!(tried > 900, "only {tried} deletions were tried");
}

/// Typing from left to right: every prefix, with open groups closed.
#[test]
fn any_end_may_be_missing() {
    for case in CASES {
        let item = tokens(case.item);
        for length in 0..count(&item) {
            let prefix = prefix(item.clone(), &mut { length });
            check(
                case,
                tokens(case.attribute),
                prefix,
                &format!("the first {length} tokens"),
            );
        }
    }
}

fn prefix(tokens: TokenStream, length: &mut usize) -> TokenStream {
    let mut taken = TokenStream::new();
    for token in tokens {
        if *length == 0 {
            break;
        }
        *length -= 1;
        taken.extend([match token {
            TokenTree::Group(group) => TokenTree::Group(Group::new(
                group.delimiter(),
                prefix(group.stream(), length),
            )),
            token => token,
        }]);
    }
    taken
}
