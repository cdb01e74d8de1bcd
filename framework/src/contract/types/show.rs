//! Types for people.

use std::fmt;

use super::{Array, Kind, Number, Object, Text, Type, Whole};
use crate::limit;

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        show(self, &mut text);
        match text.char_indices().nth(limit::TYPE_QUOTE) {
            Some((end, _)) => write!(f, "{}…", &text[..end]),
            None => f.write_str(&text),
        }
    }
}

fn show(of: &Type, to: &mut String) {
    // What is cut off is not written in the first place.
    if to.len() > 4 * limit::TYPE_QUOTE {
        return;
    }
    let Type::Of(shapes) = of else {
        return to.push_str("anything");
    };
    if shapes.is_empty() {
        return to.push_str("nothing");
    }
    for (place, shape) in shapes.iter().enumerate() {
        if place > 0 {
            to.push_str(" or ");
        }
        match &shape.kind {
            Kind::Null => to.push_str("null"),
            Kind::Bool(None) => to.push_str("boolean"),
            Kind::Bool(Some(value)) => to.push_str(&value.to_string()),
            Kind::Number(number) => show_number(number, to),
            Kind::Text(text) => show_text(text, to),
            Kind::Array(array) => show_array(array, to),
            Kind::Object(object) => show_object(object, to),
        }
        for claim in shape.claims.iter() {
            to.push_str(&format!(" ({claim})"));
        }
    }
}

fn show_number(number: &Number, to: &mut String) {
    let Number { least, most, .. } = number;
    if least == most {
        return to.push_str(&least.to_string());
    }
    to.push_str(match number.whole {
        Whole::No => "number",
        Whole::Value | Whole::Written => "integer",
    });
    let bound = |value: f64| match value.abs() >= 1e16 {
        true => format!("{value:e}"),
        false => value.to_string(),
    };
    match (least.is_finite(), most.is_finite()) {
        (true, true) => to.push_str(&format!(" {} to {}", bound(*least), bound(*most))),
        (true, false) => to.push_str(&format!(" from {}", bound(*least))),
        (false, true) => to.push_str(&format!(" up to {}", bound(*most))),
        (false, false) => {}
    }
}

fn show_text(text: &Text, to: &mut String) {
    if let Some(values) = &text.values {
        let all: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
        return to.push_str(&all.join(" or "));
    }
    to.push_str("string");
    match (text.len.least, text.len.most) {
        (0, None) => {}
        (least, None) => to.push_str(&format!(" of at least {least}")),
        (0, Some(most)) => to.push_str(&format!(" of at most {most}")),
        (least, Some(most)) => to.push_str(&format!(" of {least} to {most}")),
    }
}

fn show_array(array: &Array, to: &mut String) {
    to.push('[');
    for (place, element) in array.first.iter().enumerate() {
        if place > 0 {
            to.push_str(", ");
        }
        show(element, to);
    }
    if !array.rest.is_never() {
        if !array.first.is_empty() {
            to.push_str(", ");
        }
        show(&array.rest, to);
        to.push_str(", …");
    }
    to.push(']');
}

fn show_object(object: &Object, to: &mut String) {
    to.push('{');
    for (place, (name, field)) in object.fields.iter().enumerate() {
        if place > 0 {
            to.push_str(", ");
        }
        to.push_str(name);
        to.push_str(if field.is_required { ": " } else { "?: " });
        show(&field.of, to);
    }
    if !object.rest.is_never() {
        to.push_str(if object.fields.is_empty() {
            "…"
        } else {
            ", …"
        });
    }
    to.push('}');
}
