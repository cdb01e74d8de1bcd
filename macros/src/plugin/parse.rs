//! Impl block -> model. What has no place in the model is an error here.

use proc_macro2::TokenStream;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, FnArg, ReceiverKind, ReturnType, Signature, Token, Type, braced};

use super::{Block, Plugin, Start, Stop};
use crate::attribute::{Arguments, CRATE, Form, Key};
use crate::error::Errors;
use crate::function::{self, Function, Member};
use crate::lifecycle::{Lifecycle, STABILITY};
use crate::tokens::find_ident;
use crate::{framework, text};

/// What a plugin may touch outside of the process.
const ACCESS: &[&str] = &["net", "fs", "env", "exec"];

const KEYS: &[Key] = &[
    CRATE,
    Key {
        name: "id",
        form: Form::Text("storage-redb"),
    },
    Key {
        name: "provides",
        form: Form::Paths("Storage"),
    },
    Key {
        name: "categories",
        form: Form::Texts("Storage"),
    },
    Key {
        name: "tags",
        form: Form::Texts("embedded"),
    },
    Key {
        name: "permissions",
        form: Form::Texts("storage.write"),
    },
    Key {
        name: "access",
        form: Form::Words(ACCESS),
    },
    STABILITY,
    Key {
        name: "exclusive",
        form: Form::Flag,
    },
    Key {
        name: "participant",
        form: Form::Flag,
    },
    Key {
        name: "name",
        form: Form::Elsewhere("a plugin has an id: write `id = \"…\"`"),
    },
    Key {
        name: "version",
        form: Form::Elsewhere("the version of a plugin is that of its package, in Cargo.toml"),
    },
    Key {
        name: "description",
        form: Form::Elsewhere(
            "the description of a plugin is that of its package in Cargo.toml, or else the doc comment of this impl",
        ),
    },
    Key {
        name: "author",
        form: Form::Elsewhere("the authors of a plugin are those of its package, in Cargo.toml"),
    },
    Key {
        name: "license",
        form: Form::Elsewhere("the licence of a plugin is that of its package, in Cargo.toml"),
    },
    Key {
        name: "requires",
        form: Form::Elsewhere(
            "what a plugin requires are the parameters of its `start`: ask for `Service<dyn Contract>`",
        ),
    },
    Key {
        name: "dependencies",
        form: Form::Elsewhere(
            "what a plugin requires are the parameters of its `start`: ask for `Service<dyn Contract>`",
        ),
    },
    Key {
        name: "settings",
        form: Form::Elsewhere("ask for `Settings<T>` in `start`"),
    },
];

/// Reads the impl, or nothing when the item is none.
pub(super) fn item(tokens: TokenStream, errors: &mut Errors) -> Option<Block> {
    let parser = |input: ParseStream<'_>| {
        let mut attributes = input.call(Attribute::parse_outer)?;
        if !input.peek(Token![impl]) {
            return Err(syn::Error::new(
                input.span(),
                "`#[plugin]` belongs on the impl with the constructor: `impl MyPlugin { pub async fn start(…) -> weldkit::Result<Self> { … } }`",
            ));
        }
        let impl_span = input.parse::<Token![impl]>()?.span;
        let mut generics: syn::Generics = if input.peek(Token![<]) {
            input.parse()?
        } else {
            syn::Generics::default()
        };
        let mut ty: Type = input.parse()?;
        let mut implemented = None;
        if input.parse::<Option<Token![for]>>()?.is_some() {
            implemented = match ty {
                Type::Path(path) => Some(path.path),
                _ => None,
            };
            ty = input.parse()?;
        }
        generics.where_clause = input.parse()?;
        let content;
        braced!(content in input);
        attributes.extend(content.call(Attribute::parse_inner)?);
        let members = function::members(&content, errors);
        Ok(Block {
            attributes,
            impl_span,
            generics,
            implemented,
            ty,
            members,
        })
    };
    let result = parser.parse2(tokens);
    errors.keep(result)
}

/// Reads what the plugin is; nothing without a usable `start`.
pub(super) fn plugin(arguments: TokenStream, block: &Block, errors: &mut Errors) -> Option<Plugin> {
    let arguments = Arguments::read(KEYS, arguments, errors);
    let function = |name: &str| {
        block.members.iter().find_map(|member| match member {
            Member::Function(function) if function.signature.ident == name => Some(&**function),
            _ => None,
        })
    };
    let stop = function("stop").and_then(|stop| self::stop(stop, errors));
    let health = function("health").map(|health| self::health(health, errors));
    let start = match function("start") {
        Some(start) => self::start(start, &block.ty, errors),
        // That it is the wrong impl says it all.
        None if block.implemented.is_some() => None,
        None => {
            errors.push(block.impl_span, "a plugin is made by its constructor; add `pub async fn start() -> weldkit::Result<Self> { … }`, with a parameter for everything that it needs");
            None
        }
    };
    Some(Plugin {
        weldkit: framework::path(arguments.path("crate")),
        ty: block.ty.clone(),
        id: arguments.text("id").cloned(),
        description: text::docs(&block.attributes),
        lifecycle: Lifecycle::read(&arguments, &[], errors),
        provides: arguments.paths("provides").to_vec(),
        categories: arguments.texts("categories").to_vec(),
        tags: arguments.texts("tags").to_vec(),
        permissions: arguments.texts("permissions").to_vec(),
        access: arguments.words("access").to_vec(),
        exclusive: arguments.flag("exclusive").is_some(),
        participant: arguments.flag("participant"),
        start: start?,
        stop,
        health,
    })
}

fn start(function: &Function, plugin: &Type, errors: &mut Errors) -> Option<Start> {
    let signature = &function.signature;
    qualifiers(signature, errors);
    let mut parameters = Vec::new();
    for input in &signature.inputs {
        match input {
            FnArg::Receiver(receiver) => errors.at(
                receiver,
                "`start` makes the plugin, so there is no `self` yet; leave it out",
            ),
            FnArg::Typed(typed) => {
                let ty = &typed.ty;
                if let Type::Reference(reference) = &**ty {
                    let owned = match &*reference.elem {
                        Type::Path(path) if !path.path.is_ident("str") => format!("write `{}`", text::shown(path)),
                        _ => "ask for `Service<dyn Contract>`, `Settings<T>`, `Meter` or `Background`".to_owned(),
                    };
                    errors.at(ty, format!("the host hands over owned values; {owned}"));
                } else if find_ident(quote::quote!(#ty), "impl").is_some() {
                    errors.at(ty, "the host has to know what is asked for; name the type, such as `Service<dyn Storage>`");
                }
                parameters.push((**ty).clone());
            }
        }
    }
    let output = result(signature, "start", "weldkit::Result<Self>", errors)?;
    let shown = text::shown(&output);
    if shown == "Self" || shown == text::shown(plugin) {
        errors.at(
            &output,
            "starting can fail; write `-> weldkit::Result<Self>`",
        );
        return None;
    }
    Some(Start {
        span: signature.ident.span(),
        wait: signature.asyncness.is_some(),
        parameters,
        output,
    })
}

fn stop(function: &Function, errors: &mut Errors) -> Option<Stop> {
    let signature = &function.signature;
    qualifiers(signature, errors);
    by_reference(signature, "stop", errors);
    let output = result(signature, "stop", "weldkit::Result<()>", errors)?;
    Some(Stop {
        span: signature.ident.span(),
        wait: signature.asyncness.is_some(),
        output,
    })
}

fn health(function: &Function, errors: &mut Errors) -> proc_macro2::Span {
    let signature = &function.signature;
    qualifiers(signature, errors);
    by_reference(signature, "health", errors);
    if let Some(token) = &signature.asyncness {
        errors.at(
            token,
            "`health` answers at once; leave out `async` and look at what the plugin knows already",
        );
    }
    if matches!(signature.output, ReturnType::Default) {
        errors.push(
            signature.paren_token.span.close(),
            "write `-> weldkit::Health`",
        );
    }
    signature.ident.span()
}

fn by_reference(signature: &Signature, name: &str, errors: &mut Errors) {
    let mut inputs = signature.inputs.iter();
    match inputs.next() {
        Some(FnArg::Receiver(receiver)) => {
            if !matches!(receiver.kind, ReceiverKind::Reference(_, None, None)) {
                errors.at(receiver, "a running plugin is shared; write `&self`");
            }
        }
        Some(FnArg::Typed(first)) => errors.at(first, format!("`{name}` is called on the running plugin; write `&self`, and ask for what it needs in `start`")),
        None => errors.push(signature.paren_token.span.open(), format!("`{name}` is called on the running plugin; write `&self`")),
    }
    for input in inputs {
        errors.at(
            input,
            format!(
                "`{name}` takes `&self` alone; ask for this in `start` and keep it in the plugin"
            ),
        );
    }
}

fn result(signature: &Signature, name: &str, expected: &str, errors: &mut Errors) -> Option<Type> {
    let ReturnType::Type(_, ty) = &signature.output else {
        errors.push(
            signature.paren_token.span.close(),
            format!("`{name}` can fail; write `-> {expected}`"),
        );
        return None;
    };
    if matches!(
        &**ty,
        Type::Tuple(_) | Type::Reference(_) | Type::ImplTrait(_) | Type::Never(_)
    ) {
        errors.at(ty, format!("`{name}` can fail; write `-> {expected}`"));
        return None;
    }
    Some((**ty).clone())
}

fn qualifiers(signature: &Signature, errors: &mut Errors) {
    let name = &signature.ident;
    if !signature.generics.params.is_empty() {
        errors.at(
            &signature.generics,
            format!("the host calls `{name}`, and cannot choose a type; write the types out"),
        );
    }
    if let Some(clause) = &signature.generics.where_clause {
        errors.at(
            clause,
            format!("the host calls `{name}`; leave out `where`"),
        );
    }
    if let syn::Safety::Unsafe(token) = &signature.safety {
        errors.at(
            token,
            format!("the host calls `{name}`; leave out `unsafe`"),
        );
    }
}
