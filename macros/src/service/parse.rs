//! Trait -> model. What has no place in the model is an error here.

use proc_macro2::TokenStream;
use syn::parse::{ParseStream, Parser};
use syn::{
    Attribute, FnArg, Pat, PatType, ReceiverKind, ReturnType, Signature, Token, Type, Visibility,
    braced,
};

use super::{Contract, Ctx, Flags, Kind, Method, Name, Parameter, Timeout, Trait};
use crate::attribute::{Arguments, CRATE, Form, Key};
use crate::error::Errors;
use crate::function::{self, Function, Member};
use crate::lifecycle::{DEPRECATED, Lifecycle, SINCE, STABILITY};
use crate::rules;
use crate::text::{self, plain};
use crate::tokens::{PARAMETER_ATTRIBUTES, find_ident, find_lifetime};
use crate::wire::Naming;
use crate::{framework, tokens};

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
        braced!(content in input);
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
    let timeout = arguments
        .text("timeout")
        .and_then(|text| match text::duration(&text.value()) {
            Ok(duration) => Some(Timeout {
                text: text.clone(),
                duration,
            }),
            Err(fault) => {
                errors.at(text, fault);
                None
            }
        });
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
        timeout,
        lifecycle,
        signature: signature.clone(),
        attributes,
        parameters,
        kind: kind?,
        ctx: ctx?,
        output: output?,
    })
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
    if let Some(body) = &function.body {
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

/// The return type; none is an error.
fn output(signature: &Signature, errors: &mut Errors) -> Option<Type> {
    const ADVICE: &str = "write `-> Result<T, MyError>` with `#[derive(weldkit::ServiceError)]` on the error, or `-> Result<T, weldkit::CallError>`";
    let ReturnType::Type(_, ty) = &signature.output else {
        errors.push(
            signature.paren_token.span.close(),
            format!("every call can fail, so a method returns a `Result`: {ADVICE}"),
        );
        return None;
    };
    let fault = match &**ty {
        Type::ImplTrait(_) if find_ident(quote::quote!(#ty), "Stream").is_some() => {
            Some("a stream has a type: write `-> weldkit::Stream<T, MyError>`".to_owned())
        }
        Type::ImplTrait(_) => Some(format!("the contract has to name the type: {ADVICE}")),
        Type::Tuple(_)
        | Type::Reference(_)
        | Type::Slice(_)
        | Type::Array(_)
        | Type::Ptr(_)
        | Type::Never(_)
        | Type::TraitObject(_) => Some(format!(
            "every call can fail, so a method returns a `Result`: {ADVICE}"
        )),
        _ => None,
    };
    if let Some(fault) = fault {
        errors.at(ty, fault);
        return None;
    }
    if let Some(fault) = borrowed(ty) {
        errors.at(ty, format!("{fault}; a result outlives the call"));
    }
    Some((**ty).clone())
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

fn inputs(signature: &Signature, errors: &mut Errors) -> (Option<Ctx>, Vec<Parameter>) {
    let mut inputs = signature.inputs.iter().peekable();
    match inputs.next_if(|input| matches!(input, FnArg::Receiver(_))) {
        Some(FnArg::Receiver(receiver)) => {
            if !matches!(receiver.kind, ReceiverKind::Reference(_, None, None)) {
                errors.at(receiver, "providers are shared between calls; write `&self`, with a `Mutex` or an atomic inside the provider where it changes");
            }
        }
        _ => errors.push(
            signature.paren_token.span.open(),
            "a method of a contract is called on its provider; write `&self` first",
        ),
    }
    let ctx = inputs
        .next_if(|input| matches!(input, FnArg::Typed(typed) if is_ctx(typed)))
        .and_then(|input| match input {
            FnArg::Typed(typed) => ctx(typed, errors),
            FnArg::Receiver(_) => None,
        });
    if ctx.is_none() {
        let advice = "who calls, until when and in which transaction comes with the call; write `ctx: &Ctx` after `&self` (`use weldkit::Ctx`)";
        match inputs.peek() {
            Some(next) => errors.at(next, advice),
            None => errors.push(signature.paren_token.span.close(), advice),
        }
    }
    let parameters = inputs.filter_map(|input| match input {
        FnArg::Typed(typed) => parameter(typed, errors),
        FnArg::Receiver(_) => None,
    });
    (ctx, parameters.collect())
}

/// Whether a parameter is meant to be the context: a reference named so or to something named so.
/// That it really is one is checked by its type.
fn is_ctx(typed: &PatType) -> bool {
    let named = matches!(&*typed.pat, Pat::Ident(pat) if matches!(pat.ident.to_string().as_str(), "ctx" | "_ctx"));
    let ty = match &*typed.ty {
        Type::Reference(reference) => &*reference.elem,
        ty => ty,
    };
    named
        || matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|segment| segment.ident == "Ctx"))
}

fn ctx(typed: &PatType, errors: &mut Errors) -> Option<Ctx> {
    let shared = matches!(&*typed.ty, Type::Reference(reference) if reference.mutability.is_none() && reference.lifetime.is_none());
    if !shared {
        errors.at(&typed.ty, "the context is lent for the call; write `&Ctx`");
    }
    if let Some(attribute) = typed.attrs.first() {
        errors.at(
            attribute,
            "the context is no parameter of the contract; leave this out",
        );
    }
    match &*typed.pat {
        Pat::Ident(pat)
            if pat.subpat.is_none() && pat.by_ref.is_none() && pat.mutability.is_none() =>
        {
            Some(Ctx {
                ident: pat.ident.clone(),
                ty: (*typed.ty).clone(),
            })
        }
        Pat::Wild(wild) => Some(Ctx {
            ident: syn::Ident::new("ctx", wild.underscore_token.span),
            ty: (*typed.ty).clone(),
        }),
        pat => {
            errors.at(pat, "write a plain name: `ctx: &Ctx`");
            None
        }
    }
}

fn parameter(typed: &PatType, errors: &mut Errors) -> Option<Parameter> {
    let Pat::Ident(pat) = &*typed.pat else {
        errors.at(
            &typed.pat,
            "the name of a parameter is its key in JSON; write a plain name",
        );
        return None;
    };
    if pat.subpat.is_some() || pat.by_ref.is_some() || pat.mutability.is_some() {
        errors.at(pat, format!("write a plain name: `{}`", pat.ident));
    }
    if let Some(fault) = borrowed(&typed.ty) {
        let owned = owned(&typed.ty)
            .map(|owned| format!("; write `{owned}`"))
            .unwrap_or_default();
        errors.at(
            &typed.ty,
            format!("{fault}: a parameter may come from another process{owned}"),
        );
    }
    for attribute in &typed.attrs {
        let known = PARAMETER_ATTRIBUTES
            .iter()
            .any(|name| attribute.path().is_ident(name));
        if attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr") {
            errors.at(
                attribute,
                "a contract is the same in every build; leave this out",
            );
        } else if !known {
            errors.at(
                attribute,
                "a parameter takes doc comments, `#[serde(…)]`, `#[garde(…)]` and `#[schemars(…)]`",
            );
        }
    }
    let naming = Naming::of(&typed.attrs);
    if naming.nameless {
        errors.at(
            &typed.pat,
            "every parameter is one key of the parameter object; leave out `flatten`",
        );
    }
    let rules = rules::read(&typed.attrs, errors);
    let name = naming.rename.unwrap_or_else(|| plain(&pat.ident));
    Some(Parameter {
        ident: pat.ident.clone(),
        ty: (*typed.ty).clone(),
        attributes: typed.attrs.clone(),
        rules,
        name: Name {
            text: name,
            span: pat.ident.span(),
        },
    })
}

/// Why a type cannot cross the edge, if it cannot.
fn borrowed(ty: &Type) -> Option<String> {
    let tokens = quote::quote!(#ty);
    if tokens::find(
        tokens.clone(),
        &|token| matches!(token, proc_macro2::TokenTree::Punct(punct) if punct.as_char() == '&'),
    )
    .is_some()
    {
        return Some("a contract passes owned values".to_owned());
    }
    if let Some(lifetime) = find_lifetime(tokens.clone()) {
        return Some(format!(
            "a contract passes owned values, and `'{lifetime}` borrows"
        ));
    }
    if find_ident(tokens.clone(), "Self").is_some() {
        return Some("`Self` is the provider, which callers do not know".to_owned());
    }
    find_ident(tokens, "impl")
        .map(|_| "a contract has to name its types; `impl` hides one".to_owned())
}

/// The owned form of the most frequent borrowed types.
fn owned(ty: &Type) -> Option<String> {
    let Type::Reference(reference) = ty else {
        return None;
    };
    Some(match &*reference.elem {
        Type::Path(path) if path.path.is_ident("str") => "String".to_owned(),
        Type::Path(path) if path.path.is_ident("Path") => "String".to_owned(),
        Type::Slice(slice) if text::shown(&slice.elem) == "u8" => "weldkit::Bytes".to_owned(),
        Type::Slice(slice) => format!("Vec<{}>", text::shown(&slice.elem)),
        other => text::shown(other),
    })
}
