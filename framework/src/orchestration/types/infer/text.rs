use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::Term;

use super::{Fails, Flow, Scope, infer, math, times};
use crate::contract::types::{Kind, Span, Text, Type};

/// Formats that make a text of anything.
const FORMATS: [&str; 5] = ["@text", "@json", "@uri", "@html", "@base64"];

/// A text with terms in it.
pub(super) fn text(
    format: Option<&str>,
    parts: &[StrPart<&str, Term<&str>>],
    input: &Type,
    scope: &mut Scope,
) -> Flow {
    if format.is_some_and(|format| !FORMATS.contains(&format)) {
        return Flow::unknown(scope);
    }
    let mut whole = Text::of(["".into()]);
    let mut flow = Flow::one(Type::never());
    for part in parts {
        let next = match part {
            StrPart::Str(text) => Text::of([(*text).into()]),
            StrPart::Char(letter) => Text::of([letter.to_string().into()]),
            StrPart::Term(term) => {
                let inner = infer(term, input, scope);
                flow.fails = flow.with(&inner);
                flow.count = times(&flow.count, &inner.count);
                match format {
                    None | Some("@text") => written(&inner.gives),
                    Some(_) => Text::any(),
                }
            }
        };
        whole = math::joined(&whole, &next);
    }
    flow.gives = Kind::Text(whole).into();
    if flow.count.most == Some(0) && flow.fails == Fails::Never {
        flow.gives = Type::never();
    }
    flow
}

/// A value as text: a text as it is, anything else as JSON.
pub(super) fn written(of: &Type) -> Text {
    let shapes = of.shapes();
    let mut texts = shapes.iter().map(|shape| match &shape.kind {
        Kind::Text(text) => text.clone(),
        Kind::Null => Text::of(["null".into()]),
        Kind::Bool(Some(value)) => Text::of([value.to_string().into()]),
        Kind::Bool(None) => Text::of(["true".into(), "false".into()]),
        Kind::Number(_) => some(1),
        Kind::Array(_) | Kind::Object(_) => some(2),
    });
    match (texts.next(), texts.next()) {
        (Some(text), None) => text,
        (Some(one), Some(other)) => some(
            [one, other]
                .into_iter()
                .chain(texts)
                .map(|text| text.len.least)
                .min()
                .unwrap_or_default(),
        ),
        (None, _) => Text::any(),
    }
}

fn some(least: u64) -> Text {
    Text {
        len: Span { least, most: None },
        values: None,
    }
}
