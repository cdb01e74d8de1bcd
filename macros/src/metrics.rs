//! `#[derive(Metrics)]`: a struct of counters, gauges and histograms that a plugin asks for in its constructor.
//!
//! Each field is a metric; its name is the field's, its description the doc comment.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields, Ident, LitStr, Path, Type};

use crate::attribute::{Arguments, CRATE, Form, Key};
use crate::error::Errors;
use crate::framework;
use crate::text::{self, plain};

const ITEM_KEYS: &[Key] = &[
    CRATE,
    Key {
        name: "unit",
        form: Form::Elsewhere("each metric has a unit; write it on the field"),
    },
];

const FIELD_KEYS: &[Key] = &[
    Key {
        name: "name",
        form: Form::Text("items_done"),
    },
    Key {
        name: "unit",
        form: Form::Text("seconds"),
    },
    Key {
        name: "labels",
        form: Form::Texts("kind"),
    },
    Key {
        name: "help",
        form: Form::Elsewhere("the description is the doc comment of the field"),
    },
    Key {
        name: "description",
        form: Form::Elsewhere("the description is the doc comment of the field"),
    },
];

/// One field.
struct Metric {
    ident: Ident,
    ty: Type,
    name: String,
    unit: String,
    labels: Vec<LitStr>,
    help: String,
}

/// Expands the derive; the item itself stays where it is.
pub(crate) fn metrics(item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let input = match syn::parse2::<DeriveInput>(item) {
        Ok(input) => input,
        Err(error) => {
            errors.add(error);
            return errors.into_tokens();
        }
    };
    let item = Arguments::given("metric", &input.attrs, ITEM_KEYS, &mut errors);
    let weldkit = framework::path(item.path("crate"));
    let metrics = model(&input, &mut errors);
    if !input.generics.params.is_empty() {
        errors.at(
            &input.generics,
            "a struct of metrics has no generics; write the types out",
        );
        return errors.into_tokens();
    }
    expand(&weldkit, &input, &metrics, errors)
}

fn model(input: &DeriveInput, errors: &mut Errors) -> Vec<Metric> {
    let fields = match &input.data {
        Data::Struct(data) => &data.fields,
        Data::Enum(_) | Data::Union(_) => {
            errors.at(&input.ident, "metrics stand side by side: write a `struct`");
            return Vec::new();
        }
    };
    let Fields::Named(named) = fields else {
        errors.at(
            &input.ident,
            "each metric needs a name: write a struct with named fields, such as `items: Counter`",
        );
        return Vec::new();
    };
    let mut metrics: Vec<Metric> = Vec::new();
    for field in &named.named {
        let Some(ident) = field.ident.clone() else {
            continue;
        };
        let arguments = Arguments::given("metric", &field.attrs, FIELD_KEYS, errors);
        let help = text::docs(&field.attrs);
        let help = help
            .split("\n\n")
            .next()
            .unwrap_or_default()
            .replace('\n', " ");
        if help.is_empty() {
            errors.at(
                &ident,
                "say in a doc comment what is counted: whoever looks at it does not know the code",
            );
        }
        let name = match arguments.text("name") {
            Some(name) => checked(name, errors),
            None => plain(&ident),
        };
        if metrics.iter().any(|other| other.name == name) {
            errors.at(
                &ident,
                format!("another field has the name `{name}` already"),
            );
        }
        metrics.push(Metric {
            ty: field.ty.clone(),
            name,
            unit: arguments
                .text("unit")
                .map(|unit| checked(unit, errors))
                .unwrap_or_default(),
            labels: arguments.texts("labels").to_vec(),
            help,
            ident,
        });
    }
    for label in metrics.iter().flat_map(|metric| &metric.labels) {
        checked(label, errors);
    }
    metrics
}

/// A name, a unit or a label, which monitoring systems have rules for.
fn checked(text: &LitStr, errors: &mut Errors) -> String {
    let value = text.value();
    let is_first = |char: char| char.is_ascii_lowercase();
    let fits = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '_';
    if !value.starts_with(is_first) || !value.chars().all(fits) {
        errors.push(
            text.span(),
            format!("`{value}`: write lower-case letters, digits and `_`, a letter first"),
        );
    }
    value
}

fn expand(weldkit: &Path, input: &DeriveInput, metrics: &[Metric], errors: Errors) -> TokenStream {
    let (ident, visibility) = (&input.ident, &input.vis);
    let body = if errors.is_empty() {
        let fields = metrics.iter().map(|metric| {
            let Metric {
                ident,
                ty,
                name,
                unit,
                labels,
                help,
            } = metric;
            // At the field's type, where what rustc says about it belongs.
            let bound = framework::at(weldkit, syn::spanned::Spanned::span(ty));
            quote! {
                #ident: {
                    meter.describe(#name, #unit, #help);
                    <#ty as #bound::metrics::Metric<_>>::bind(meter, #name, [#(#labels),*])
                }
            }
        });
        quote!(Self { #(#fields),* })
    } else {
        quote!(::core::unreachable!())
    };
    let errors = errors.into_tokens();
    quote! {
        #[automatically_derived]
        impl #ident {
            /// Binds every metric in the meter, with its unit and its description.
            #visibility fn bind(meter: &#weldkit::Meter) -> Self {
                #body
            }
        }

        #[automatically_derived]
        impl #weldkit::FromHost for #ident {
            const NEED: #weldkit::registry::Need = <#weldkit::Meter as #weldkit::FromHost>::NEED;

            fn from_host(binder: &#weldkit::registry::Binder) -> #weldkit::Result<Self> {
                ::core::result::Result::Ok(Self::bind(&<#weldkit::Meter as #weldkit::FromHost>::from_host(binder)?))
            }
        }
        #errors
    }
}
