//! Trait -> model. What has no place in the model is an error here.

use proc_macro2::TokenStream;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Signature, Token, Type, Visibility, braced};

use super::signature::{inputs, output};
use super::{Contract, Flags, Kind, Method, Name, Timeout, Trait};
use crate::attribute::{Arguments, CRATE, Form, Key};
use crate::error::Errors;
use crate::framework;
use crate::function::{self, End, Function, Member};
use crate::lifecycle::{DEPRECATED, Lifecycle, SINCE, STABILITY};
use crate::text::{self, plain};

const SERVICE_KEYS: &[Key] = &[
    CRATE,
    Key {
        name: "name",
        form: Form::Text("storage"),
    },
    Key {
        name: "version",
        form: Form::Text("2.0.0"),
    },
    STABILITY,
    SINCE,
    DEPRECATED,
    Key {
        name: "description",
        form: Form::Elsewhere("the description of a service is the doc comment of its trait"),
    },
    Key {
        name: "id",
        form: Form::Elsewhere("a service has a name: write `name = \"…\"`"),
    },
];

const METHOD_KEYS: &[Key] = &[
    Key {
        name: "read_only",
        form: Form::Flag,
    },
    Key {
        name: "idempotent",
        form: Form::Flag,
    },
    Key {
        name: "transactional",
        form: Form::Flag,
    },
    Key {
        name: "isolated",
        form: Form::Flag,
    },
    Key {
        name: "stream",
        form: Form::Flag,
    },
    Key {
        name: "permission",
        form: Form::Text("storage.write"),
    },
    Key {
        name: "timeout",
        form: Form::Text("5s"),
    },
    STABILITY,
    SINCE,
    DEPRECATED,
    Key {
        name: "name",
        form: Form::Elsewhere("the name of a method is its name in Rust"),
    },
    Key {
        name: "permissions",
        form: Form::Elsewhere("a method needs one permission: write `permission = \"…\"`"),
    },
    Key {
        name: "description",
        form: Form::Elsewhere("the description of a method is its doc comment"),
    },
];

/// Reads the trait, or nothing when the item is none.
pub(super) fn item(tokens: TokenStream, errors: &mut Errors) -> Option<Trait> {
    let parser = |input: ParseStream<'_>| {
        let mut attributes = input.call(Attribute::parse_outer)?;
        let visibility: Visibility = input.parse()?;
        let unsafety = input.parse()?;
        if !input.peek(Token![trait]) {
            return Err(syn::Error::new(
                input.span(),
                "`#[service]` belongs on a trait: `pub trait Storage { … }`",
            ));
        }
        input.parse::<Token![trait]>()?;
        let ident = input.parse()?;
        let mut generics: syn::Generics = input.parse()?;
        let mut supertraits = syn::punctuated::Punctuated::new();
        if input.parse::<Option<Token![:]>>()?.is_some() {
            while !input.peek(Token![where]) && !input.peek(syn::token::Brace) {
                supertraits.push_value(input.parse()?);
                if !input.peek(Token![+]) {
                    break;
                }
                supertraits.push_punct(input.parse()?);
            }
        }
        generics.where_clause = input.parse()?;
        let content;
        let brace = braced!(content in input);
        attributes.extend(content.call(Attribute::parse_inner)?);
        let members = function::members(&content, errors);
        Ok(Trait {
            attributes,
            visibility,
            unsafety,
            ident,
            generics,
            supertraits,
            members,
            brace: brace.span.join(),
        })
    };
    // `parser` holds `errors` until it has run.
    let result = parser.parse2(tokens);
    errors.keep(result)
}

/// Reads what the trait promises. With errors the model is incomplete, and is not expanded.
pub(super) fn contract(arguments: TokenStream, item: &Trait, errors: &mut Errors) -> Contract {
    let arguments = Arguments::read(SERVICE_KEYS, arguments, errors);
    let name = match arguments.text("name") {
        Some(name) => Name {
            text: name.value(),
            span: name.span(),
        },
        None => Name {
            text: text::snake_case(&plain(&item.ident)),
            span: item.ident.span(),
        },
    };
    let version = arguments.text("version").and_then(|version| {
        text::version(&version.value())
            .map_err(|fault| errors.at(version, fault))
            .ok()
    });
    let mut methods = Vec::new();
    for member in &item.members {
        match member {
            Member::Function(function) => methods.extend(method(function, errors)),
            Member::Other(other) => {
                if let Some(kind) = other.kind {
                    errors.at(
                        &other.tokens,
                        format!("a contract has methods only; take this {kind} out of the trait"),
                    );
                }
            }
        }
    }
    Contract {
        weldkit: framework::path(arguments.path("crate")),
        name,
        version,
        docs: text::docs(&item.attributes),
        lifecycle: Lifecycle::read(&arguments, &item.attributes, errors),
        methods,
    }
}

fn method(function: &Function, errors: &mut Errors) -> Option<Method> {
    let signature = &function.signature;
    let mut arguments = Arguments::default();
    let mut marks = function
        .attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("method"));
    if let Some(mark) = marks.next() {
        arguments = Arguments::of(METHOD_KEYS, mark, errors);
    }
    marks.for_each(|mark| errors.at(mark, "`#[method]` is given twice; write all keys into one"));
    let attributes: Vec<Attribute> = function
        .attributes
        .iter()
        .filter(|attribute| !attribute.path().is_ident("method"))
        .cloned()
        .collect();
    qualifiers(function, &attributes, errors);
    let output = output(signature, errors);
    let kind = output
        .as_ref()
        .map(|output| kind(signature, output, &arguments, errors));
    let (ctx, parameters) = inputs(signature, errors);
    let lifecycle = Lifecycle::read(&arguments, &attributes, errors);
    Some(Method {
        name: Name {
            text: plain(&signature.ident),
            span: signature.ident.span(),
        },
        docs: text::docs(&attributes),
        flags: Flags {
            read_only: arguments.flag("read_only"),
            idempotent: arguments.flag("idempotent"),
            transactional: arguments.flag("transactional"),
            isolated: arguments.flag("isolated"),
        },
        permission: arguments.text("permission").cloned(),
        timeout: timeout(&arguments, errors),
        lifecycle,
        signature: signature.clone(),
        semicolon: match &function.end {
            End::Semicolon(semicolon) => *semicolon,
            End::Body(body) => Token![;](body.span()),
        },
        attributes,
        parameters,
        kind: kind?,
        ctx: ctx?,
        output: output?,
    })
}

fn timeout(arguments: &Arguments, errors: &mut Errors) -> Option<Timeout> {
    let text = arguments.text("timeout")?.clone();
    match text::duration(&text.value()) {
        Ok(duration) => Some(Timeout { text, duration }),
        Err(fault) => {
            errors.at(&text, fault);
            None
        }
    }
}

/// What may stand around a method, and does not in a contract.
fn qualifiers(function: &Function, attributes: &[Attribute], errors: &mut Errors) {
    let signature = &function.signature;
    if !matches!(function.visibility, Visibility::Inherited) {
        errors.at(
            &function.visibility,
            "the methods of a trait are as visible as the trait; leave this out",
        );
    }
    if let End::Body(body) = &function.end {
        errors.push(
            body.span_open(),
            "a contract says what, providers say how; end the method with `;`",
        );
    }
    if let Some(token) = &signature.constness {
        errors.at(token, "a method of a contract is not `const`; leave it out");
    }
    if let syn::Safety::Unsafe(token) = &signature.safety {
        errors.at(
            token,
            "every caller may call a method of a contract; leave out `unsafe`",
        );
    }
    if let Some(abi) = &signature.abi {
        errors.at(
            abi,
            "a method of a contract has Rust's own ABI; leave this out",
        );
    }
    if !signature.generics.params.is_empty() {
        errors.at(&signature.generics, "a method of a contract has no generics: callers by JSON cannot choose a type; write the types out");
    }
    if let Some(clause) = &signature.generics.where_clause {
        errors.at(
            clause,
            "a method of a contract has no `where`; write the types out",
        );
    }
    if let Some(dots) = &signature.variadic {
        errors.at(
            dots,
            "a method of a contract has a fixed list of parameters; take a `Vec` instead",
        );
    }
    if let Some(cfg) = attributes
        .iter()
        .find(|attribute| attribute.path().is_ident("cfg"))
    {
        errors.at(
            cfg,
            "a contract is the same in every build; leave out `#[cfg]`",
        );
    }
}

fn kind(signature: &Signature, output: &Type, arguments: &Arguments, errors: &mut Errors) -> Kind {
    let last = match output {
        Type::Path(path) => path
            .path
            .segments
            .last()
            .map(|segment| segment.ident.to_string()),
        _ => None,
    };
    let flag = arguments.flag("stream");
    let streams = last.as_deref() == Some("Stream");
    if let Some(flag) = flag.filter(|_| last.as_deref() == Some("Result")) {
        errors.push(flag, "a stream returns `weldkit::Stream<T, MyError>`; change the return type or leave out `stream`");
    }
    match signature.asyncness {
        Some(token) if streams || flag.is_some() => {
            errors.at(
                token,
                "a stream starts at once and fails in its items; write `fn` without `async`",
            );
            Kind::Stream
        }
        Some(_) => Kind::Async,
        None if streams || flag.is_some() => Kind::Stream,
        None => Kind::Sync,
    }
}
