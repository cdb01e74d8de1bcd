//! Between JSON values and those of jaq, exact both ways, with bounds on the way out.

use jaq_json::{Num, Val};
use serde_json::{Map, Number, Value};

use crate::limit;

/// The integers that a float holds without rounding.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The value as jaq takes it.
pub(super) fn from_json(value: &Value) -> Val {
    match value {
        Value::Null => Val::Null,
        Value::Bool(value) => Val::Bool(*value),
        Value::Number(number) => Val::Num(from_number(number)),
        Value::String(text) => Val::from(text.clone()),
        Value::Array(values) => values.iter().map(from_json).collect(),
        Value::Object(entries) => Val::obj(
            entries
                .iter()
                .map(|(key, value)| (Val::from(key.clone()), from_json(value)))
                .collect(),
        ),
    }
}

/// A decimal stays the text that it is, so that `1.0` is told from the `1` that a computation gives.
fn from_number(number: &Number) -> Num {
    if let Some(value) = number.as_i64() {
        Num::from_integral(value)
    } else if let Some(value) = number.as_u64() {
        Num::from_integral(value)
    } else {
        Num::Dec(number.to_string().into())
    }
}

/// The value as JSON.
///
/// # Errors
/// It is too large or too deep, or holds what JSON cannot: bytes, `nan`, `infinite`, keys that are no text.
pub(super) fn to_json(value: &Val) -> Result<Value, String> {
    Budget {
        bytes: limit::EXPRESSION_VALUE_BYTES,
    }
    .convert(value, 0)
}

/// What may still be converted. Values share their parts, so a small one in memory can be a huge one as text.
struct Budget {
    bytes: usize,
}

impl Budget {
    fn spend(&mut self, bytes: usize) -> Result<(), String> {
        let most = limit::EXPRESSION_VALUE_BYTES;
        let left = self.bytes.checked_sub(bytes);
        self.bytes = left.ok_or_else(|| format!("its value has more than {most} bytes"))?;
        Ok(())
    }

    fn convert(&mut self, value: &Val, depth: usize) -> Result<Value, String> {
        let most = limit::EXPRESSION_VALUE_DEPTH;
        if depth > most {
            return Err(format!("its value is nested deeper than {most}"));
        }
        self.spend(2)?;
        match value {
            Val::Null => Ok(Value::Null),
            Val::Bool(value) => Ok(Value::Bool(*value)),
            Val::Num(number) => to_number(number).map(Value::Number),
            Val::TStr(text) => self.text(text).map(Value::String),
            Val::BStr(_) => Err("it gives bytes, which JSON cannot hold".to_owned()),
            Val::Arr(values) => values
                .iter()
                .map(|value| self.convert(value, depth + 1))
                .collect(),
            Val::Obj(entries) => {
                let mut object = Map::new();
                for (key, value) in entries.iter() {
                    let Val::TStr(key) = key else {
                        return Err("it gives an object with a key that is no text".to_owned());
                    };
                    object.insert(self.text(key)?, self.convert(value, depth + 1)?);
                }
                Ok(Value::Object(object))
            }
        }
    }

    fn text(&mut self, bytes: &[u8]) -> Result<String, String> {
        self.spend(bytes.len())?;
        let text = std::str::from_utf8(bytes).map_err(|_| "it gives text that is no UTF-8")?;
        Ok(text.to_owned())
    }
}

fn to_number(number: &Num) -> Result<Number, String> {
    let no_number = || {
        let shown: String = number.to_string().chars().take(40).collect();
        format!("it gives `{shown}`, which JSON cannot hold as a number")
    };
    match number {
        Num::Int(value) => i64::try_from(*value)
            .map(Number::from)
            .map_err(|_| no_number()),
        // What jq computes has no decimals unless it needs them: `6 / 2` is `3`, and a parameter that wants a whole
        // number takes it.
        Num::Float(value)
            if value.fract() == 0.0 && value.abs() <= EXACT && !is_minus_zero(*value) =>
        {
            format!("{value:.0}").parse().map_err(|_| no_number())
        }
        Num::Float(value) => Number::from_f64(*value).ok_or_else(no_number),
        // Beyond 64 bits a whole number is refused rather than rounded.
        Num::BigInt(value) if value.bits() > 64 => Err(no_number()),
        Num::BigInt(value) => {
            let text = value.to_string();
            let signed = text.parse::<i64>().map(Number::from);
            signed
                .or_else(|_| text.parse::<u64>().map(Number::from))
                .map_err(|_| no_number())
        }
        Num::Dec(text) => text.parse::<Number>().map_err(|_| no_number()),
    }
}

fn is_minus_zero(value: f64) -> bool {
    value == 0.0 && value.is_sign_negative()
}
