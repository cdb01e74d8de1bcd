//! Between JSON values and those of jaq, with bounds on the way out.

use jaq_json::{Num, Val};
use serde::Deserialize as _;
use serde_json::{Map, Number, Value};

use crate::limit;

/// The value as jaq takes it.
pub(super) fn from_json(value: &Value) -> Result<Val, String> {
    Val::deserialize(value).map_err(|error| error.to_string())
}

/// The value as JSON.
///
/// # Errors
/// It is too large or too deep, or holds what JSON cannot: bytes, `nan`, `infinite`, keys that are no text.
pub(super) fn to_json(value: &Val) -> Result<Value, String> {
    Budget {
        bytes: limit::VALUE_BYTES_MAX,
    }
    .convert(value, 0)
}

/// What may still be converted. Values share their parts, so a small one in memory can be a huge one as text.
struct Budget {
    bytes: usize,
}

impl Budget {
    fn spend(&mut self, bytes: usize) -> Result<(), String> {
        let left = self.bytes.checked_sub(bytes);
        self.bytes = left
            .ok_or_else(|| format!("its value has more than {} bytes", limit::VALUE_BYTES_MAX))?;
        Ok(())
    }

    fn convert(&mut self, value: &Val, depth: usize) -> Result<Value, String> {
        if depth > limit::VALUE_DEPTH_MAX {
            return Err(format!(
                "its value is nested deeper than {}",
                limit::VALUE_DEPTH_MAX
            ));
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
                let mut record = Map::new();
                for (key, value) in entries.iter() {
                    let Val::TStr(key) = key else {
                        return Err("it gives an object with a key that is no text".to_owned());
                    };
                    record.insert(self.text(key)?, self.convert(value, depth + 1)?);
                }
                Ok(Value::Object(record))
            }
        }
    }

    fn text(&mut self, bytes: &[u8]) -> Result<String, String> {
        self.spend(bytes.len())?;
        String::from_utf8(bytes.to_vec()).map_err(|_| "it gives text that is no UTF-8".to_owned())
    }
}

fn to_number(number: &Num) -> Result<Number, String> {
    let no_number = || format!("it gives `{number}`, which JSON cannot hold as a number");
    match number {
        Num::Int(value) => i64::try_from(*value)
            .map(Number::from)
            .map_err(|_| no_number()),
        Num::Float(value) => Number::from_f64(*value).ok_or_else(no_number),
        // Beyond 64 bits a whole number is refused rather than rounded.
        Num::BigInt(value) => value
            .to_string()
            .parse::<u64>()
            .map(Number::from)
            .map_err(|_| no_number()),
        Num::Dec(text) => text.parse::<Number>().map_err(|_| no_number()),
    }
}
