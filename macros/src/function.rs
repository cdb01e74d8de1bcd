//! A function read up to its body.
//!
//! Bodies stay tokens: a half-typed one must not cost the user every other error and completion.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Signature, Token, Visibility, token};

use crate::error::Errors;

/// One item between the braces of a trait or an impl.
pub(crate) enum Member {
    Function(Box<Function>),
    /// Anything else, or a function that cannot be read.
    Other(Other),
}

/// `fn name(…) -> T` with its body, if it has one, unread.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    pub(crate) end: End,
}

/// What ends a function.
pub(crate) enum End {
    Semicolon(Token![;]),
    Body(Group),
}

/// A member that is not a function.
pub(crate) struct Other {
    /// What it is, in words; nothing for what cannot be read.
    pub(crate) kind: Option<&'static str>,
    pub(crate) tokens: TokenStream,
}

impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.attributes
            .iter()
            .for_each(|attribute| attribute.to_tokens(tokens));
        self.visibility.to_tokens(tokens);
        self.signature.to_tokens(tokens);
        self.end.to_tokens(tokens);
    }
}

impl ToTokens for End {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            End::Semicolon(semicolon) => semicolon.to_tokens(tokens),
            End::Body(body) => body.to_tokens(tokens),
        }
    }
}

impl ToTokens for Member {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Member::Function(function) => function.to_tokens(tokens),
            Member::Other(other) => other.tokens.to_tokens(tokens),
        }
    }
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        let signature = input.parse()?;
        let end = if input.peek(token::Brace) {
            End::Body(input.parse()?)
        } else {
            End::Semicolon(input.parse()?)
        };
        Ok(Self {
            attributes,
            visibility,
            signature,
            end,
        })
    }
}

/// Reads the members up to the end; one that cannot be read becomes an error and is skipped.
pub(crate) fn members(input: ParseStream<'_>, errors: &mut Errors) -> Vec<Member> {
    let mut members = Vec::new();
    while !input.is_empty() {
        let attempt = input.fork();
        let kind = kind(&attempt);
        if kind.is_none() {
            match input.fork().parse::<Function>() {
                Ok(_) => {
                    // The fork has shown that it parses.
                    if let Ok(function) = input.parse() {
                        members.push(Member::Function(Box::new(function)));
                        continue;
                    }
                }
                Err(error) => errors.add(error),
            }
        }
        members.push(Member::Other(Other {
            kind,
            tokens: skip_member(input),
        }));
    }
    members
}

/// What kind of member comes next when it is not a function.
fn kind(input: ParseStream<'_>) -> Option<&'static str> {
    // Attributes or a visibility that cannot be read leave the question open.
    input.call(Attribute::parse_outer).ok()?;
    input.parse::<Visibility>().ok()?;
    if input.peek(Token![type]) {
        Some("associated type")
    } else if input.peek(Token![const])
        && !input.peek2(Token![fn])
        && !input.peek2(Token![async])
        && !input.peek2(Token![unsafe])
        && !input.peek2(Token![extern])
    {
        Some("associated constant")
    } else if input.peek(syn::Ident) && input.peek2(Token![!]) {
        Some("macro call")
    } else {
        None
    }
}

/// Takes the tokens up to and with the next `;` or `{…}`.
fn skip_member(input: ParseStream<'_>) -> TokenStream {
    let mut tokens = TokenStream::new();
    while let Ok(token) = input.parse::<TokenTree>() {
        let last = match &token {
            TokenTree::Punct(punct) => punct.as_char() == ';',
            TokenTree::Group(group) => group.delimiter() == proc_macro2::Delimiter::Brace,
            TokenTree::Ident(_) | TokenTree::Literal(_) => false,
        };
        tokens.extend([token]);
        if last {
            break;
        }
    }
    tokens
}
