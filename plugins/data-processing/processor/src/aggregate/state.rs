//! The state of one aggregate: fold a value in, merge another state, give the result.

use serde_json::{Number, Value};
use weldkit_data_processing::{Aggregate, Mode, State, Total};

use super::{quantile, total};
use crate::field::{cut, kind};
use crate::limit;
use crate::order::{canonical, compare};

/// The state before the first item.
pub(super) fn start(aggregate: &Aggregate) -> State {
    match aggregate {
        Aggregate::Count { .. } => State::Count { count: 0 },
        Aggregate::Sum { .. } => State::Sum {
            total: Total::default(),
        },
        Aggregate::Mean { .. } => State::Mean {
            total: Total::default(),
            count: 0,
        },
        Aggregate::Min { .. } => State::Min { value: Value::Null },
        Aggregate::Max { .. } => State::Max { value: Value::Null },
        Aggregate::Distinct { .. } => State::Distinct {
            values: Default::default(),
        },
        Aggregate::Quantiles { .. } => State::Quantiles {
            values: Vec::new(),
            sketch: None,
        },
    }
}

/// Fold one value in; null is left out.
///
/// # Errors
/// The value is not of the kind that the aggregate takes, or a bound is reached.
pub(super) fn fold(state: &mut State, value: &Value, mode: Mode) -> Result<(), String> {
    if value.is_null() {
        return Ok(());
    }
    match state {
        State::Count { count } => *count += 1,
        State::Sum { total } => total::add(total, number(value)?, mode),
        State::Mean { total, count } => {
            total::add(total, number(value)?, mode);
            *count += 1;
        }
        State::Min { value: smallest } => replace(smallest, value, |order| order.is_lt())?,
        State::Max { value: largest } => replace(largest, value, |order| order.is_gt())?,
        State::Distinct { values } => {
            values.insert(canonical(value));
            within(values.len())?;
        }
        State::Quantiles { values, sketch } => {
            let number = number(value)?.as_f64().unwrap_or(f64::MAX);
            quantile::add(values, sketch, number, mode)?;
        }
    }
    Ok(())
}

/// Merge another state of the same aggregate in.
///
/// # Errors
/// It is of another aggregate, or a bound is reached.
pub(super) fn merge(state: &mut State, other: &State, mode: Mode) -> Result<(), String> {
    match (state, other) {
        (State::Count { count }, State::Count { count: other }) => *count += other,
        (State::Sum { total }, State::Sum { total: other }) => total::merge(total, other, mode),
        (
            State::Mean { total, count },
            State::Mean {
                total: other,
                count: others,
            },
        ) => {
            total::merge(total, other, mode);
            *count += others;
        }
        (State::Min { .. }, State::Min { value: Value::Null })
        | (State::Max { .. }, State::Max { value: Value::Null }) => {}
        (State::Min { value }, State::Min { value: other }) => {
            replace(value, other, |order| order.is_lt())?
        }
        (State::Max { value }, State::Max { value: other }) => {
            replace(value, other, |order| order.is_gt())?
        }
        (State::Distinct { values }, State::Distinct { values: others }) => {
            values.extend(others.iter().cloned());
            within(values.len())?;
        }
        (
            State::Quantiles { values, sketch },
            State::Quantiles {
                values: others,
                sketch: other,
            },
        ) => {
            quantile::merge(values, sketch, (others, other.as_ref()), mode)?;
        }
        _ => return Err("a state is of another aggregate".to_owned()),
    }
    Ok(())
}

/// The result.
pub(super) fn finish(state: &State, aggregate: &Aggregate) -> Result<Value, String> {
    let overflow = || "the sum left the range of numbers".to_owned();
    match state {
        State::Count { count } => Ok(Value::from(*count)),
        State::Sum { total } => total::to_json(total).ok_or_else(overflow),
        State::Mean { count: 0, .. } => Ok(Value::Null),
        State::Mean { total, count } => {
            let mean = total::to_float(total) / *count as f64;
            Number::from_f64(mean)
                .map(Value::Number)
                .ok_or_else(overflow)
        }
        State::Min { value } | State::Max { value } => Ok(value.clone()),
        State::Distinct { values } => Ok(Value::from(values.len())),
        State::Quantiles { values, sketch } => {
            let Aggregate::Quantiles { at, .. } = aggregate else {
                return Err("a state is of another aggregate".to_owned());
            };
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            Ok(at
                .iter()
                .map(|at| {
                    quantile::quantile(&sorted, sketch.as_ref(), *at)
                        .map_or(Value::Null, Value::from)
                })
                .collect())
        }
    }
}

/// Put `value` in the place of the best so far, if it is better. Numbers and text do not mix.
fn replace(
    best: &mut Value,
    value: &Value,
    better: fn(std::cmp::Ordering) -> bool,
) -> Result<(), String> {
    match (&*best, value) {
        (_, Value::Bool(_) | Value::Array(_) | Value::Object(_)) => {
            return Err(format!(
                "{} has no order; numbers and text have",
                kind(value)
            ));
        }
        (Value::Number(_), Value::String(_)) | (Value::String(_), Value::Number(_)) => {
            return Err("numbers and text are mixed; `cast` makes them one type".to_owned());
        }
        _ => {}
    }
    if best.is_null() || better(compare(value, best)) {
        *best = value.clone();
    }
    Ok(())
}

fn number(value: &Value) -> Result<&Number, String> {
    match value {
        Value::Number(number) => Ok(number),
        Value::String(text) => Err(format!(
            "`{}` is text, not a number; `cast` makes one of it",
            cut(text)
        )),
        other => Err(format!("{} is not a number", kind(other))),
    }
}

fn within(distinct: usize) -> Result<(), String> {
    if distinct > limit::DISTINCT_MAX {
        return Err(format!(
            "`distinct` keeps at most {} values a group",
            limit::DISTINCT_MAX
        ));
    }
    Ok(())
}
