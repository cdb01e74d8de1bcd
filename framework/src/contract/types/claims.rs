//! What is known of values beside their type, and what a validator lets through beside what is written.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Array, Field, Kind, Number, Object, Shape, Span, Type, Whole};

/// What is not understood of a schema: what it says, in its words.
pub(super) fn claimed(of: Type, schema: &Value, keyword: &str) -> Type {
    let claim: Arc<str> = format!("{keyword}: {schema}").into();
    let shapes = of.shapes();
    let claimed = shapes.iter().map(|shape| {
        let mut claims = (*shape.claims).clone();
        claims.insert(claim.clone());
        Shape {
            kind: shape.kind.clone(),
            claims: Arc::new(claims),
        }
    });
    Type::Of(claimed.collect())
}

#[derive(Default)]
pub(super) struct Claims(BTreeSet<Arc<str>>);

impl Claims {
    /// Of keywords that are not computed with.
    pub(super) fn of(keywords: &Map<String, Value>, names: &[&str]) -> Self {
        let mut claims = Self::default();
        for name in names {
            if let Some(value) = keywords.get(*name) {
                claims.add(name, value);
            }
        }
        claims
    }

    pub(super) fn add(&mut self, keyword: &str, value: &Value) {
        self.0.insert(format!("{keyword}: {value}").into());
    }

    pub(super) fn span(&mut self, keywords: &Map<String, Value>, least: &str, most: &str) -> Span {
        let mut bound = |name: &str| {
            let value = keywords.get(name)?;
            if value.as_u64().is_none() {
                self.add(name, value);
            }
            value.as_u64()
        };
        Span {
            least: bound(least).unwrap_or_default(),
            most: bound(most),
        }
    }

    pub(super) fn around(self, kind: Kind) -> Shape {
        Shape {
            kind,
            claims: Arc::new(self.0),
        }
    }
}

/// The same where `1` may be written `1.0`.
pub(super) fn loose(of: &Type) -> Type {
    let Type::Of(shapes) = of else {
        return Type::Any;
    };
    let shapes = shapes.iter().map(|shape| {
        let kind = match &shape.kind {
            Kind::Number(number) => Kind::Number(Number {
                whole: number.whole.min(Whole::Value),
                ..*number
            }),
            Kind::Array(array) => Kind::Array(Array {
                first: array.first.iter().map(loose).collect(),
                ..array.clone()
            }),
            Kind::Object(object) => {
                let fields = object.fields.iter().map(|(name, field)| {
                    let field = Field {
                        of: loose(&field.of),
                        is_required: field.is_required,
                    };
                    (name.clone(), field)
                });
                Kind::Object(Object {
                    fields: Arc::new(fields.collect()),
                    rest: object.rest.clone(),
                })
            }
            kind => kind.clone(),
        };
        Shape {
            kind,
            claims: shape.claims.clone(),
        }
    });
    Type::Of(shapes.collect())
}
