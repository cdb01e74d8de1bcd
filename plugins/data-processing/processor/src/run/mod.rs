//! A plan at work: batches go in, results come out, and what needs every item answers at the end.

use std::collections::VecDeque;

use serde_json::{Map, Value};
use weldkit_data_processing::{Missing, OnError, Order, ProcessingError};

use crate::cast::cast;
use crate::field::{Field, kind, missing};
use crate::limit;
use crate::order::compare;
use crate::plan::{ItemStep, Plan, Step};

/// An item on its way, and where it came from.
struct Item {
    value: Value,
    origin: Origin,
}

/// Where an item came from, for errors.
#[derive(Clone, Copy)]
enum Origin {
    /// The input, by position.
    Data(u64),
    /// The groups of an operation, by position in their order.
    Group { operation: usize, at: usize },
}

/// A run of a plan over the items of one call.
pub(crate) struct Run {
    stages: Vec<Stage>,
    items: u64,
}

/// A step with what it has gathered.
struct Stage {
    step: Step,
    held: Vec<Item>,
    passed: u64,
}

impl Run {
    pub(crate) fn new(plan: Plan) -> Self {
        let stage = |step| Stage {
            step,
            held: Vec::new(),
            passed: 0,
        };
        Self {
            stages: plan.steps.into_iter().map(stage).collect(),
            items: 0,
        }
    }

    /// How many items went in.
    pub(crate) fn items(&self) -> u64 {
        self.items
    }

    /// Put a batch in and take out what is ready.
    ///
    /// # Errors
    /// The operation that failed and the item it failed on. The run is then of no further use.
    pub(crate) fn push(
        &mut self,
        batch: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<Value>, ProcessingError> {
        let mut items = Vec::new();
        for value in batch {
            items.push(Item {
                value,
                origin: Origin::Data(self.items),
            });
            self.items += 1;
        }
        Ok(self
            .through(0, items)?
            .into_iter()
            .map(|item| item.value)
            .collect())
    }

    /// Take out what was held back for the end.
    pub(crate) fn finish(mut self) -> Result<Vec<Value>, ProcessingError> {
        let mut results = Vec::new();
        for at in 0..self.stages.len() {
            let released = self.stages[at].release(at)?;
            results.extend(
                self.through(at + 1, released)?
                    .into_iter()
                    .map(|item| item.value),
            );
        }
        Ok(results)
    }

    fn through(&mut self, from: usize, mut items: Vec<Item>) -> Result<Vec<Item>, ProcessingError> {
        for (at, stage) in self.stages.iter_mut().enumerate().skip(from) {
            if items.is_empty() {
                break;
            }
            items = stage.take(at, items)?;
        }
        Ok(items)
    }
}

impl Stage {
    /// Work on items, and give those that go on at once.
    fn take(&mut self, operation: usize, items: Vec<Item>) -> Result<Vec<Item>, ProcessingError> {
        match &mut self.step {
            Step::Item(step) => {
                let mut passed = Vec::with_capacity(items.len());
                for mut item in items {
                    if step
                        .apply(&mut item.value)
                        .map_err(|reason| failed(operation, item.origin, reason))?
                    {
                        passed.push(item);
                    }
                }
                Ok(passed)
            }
            Step::Group(aggregator) => {
                for item in items {
                    aggregator
                        .fold(&item.value)
                        .map_err(|reason| failed(operation, item.origin, reason))?;
                }
                Ok(Vec::new())
            }
            Step::Sort(keys) => {
                for item in items {
                    for (field, _) in &*keys {
                        field
                            .require(&item.value)
                            .map_err(|reason| failed(operation, item.origin, reason))?;
                    }
                    self.held.push(item);
                }
                if self.held.len() > limit::SORT_MAX {
                    let message = format!(
                        "/operations/{operation} sorts at most {} items; filter them first",
                        limit::SORT_MAX
                    );
                    return Err(ProcessingError::LimitReached { message });
                }
                Ok(Vec::new())
            }
            Step::Limit { count, offset } => {
                let end = offset.saturating_add(*count);
                let mut items = VecDeque::from(items);
                let before = self.passed;
                self.passed = before.saturating_add(items.len() as u64);
                items.truncate(usize::try_from(end.saturating_sub(before)).unwrap_or(usize::MAX));
                let skipped = usize::try_from(offset.saturating_sub(before))
                    .unwrap_or(usize::MAX)
                    .min(items.len());
                items.drain(..skipped);
                Ok(items.into())
            }
        }
    }

    /// Give what was held back until every item was there.
    fn release(&mut self, operation: usize) -> Result<Vec<Item>, ProcessingError> {
        match &mut self.step {
            Step::Item(_) | Step::Limit { .. } => Ok(Vec::new()),
            Step::Group(aggregator) => {
                let table = aggregator.table().map_err(|reason| {
                    failed(operation, Origin::Group { operation, at: 0 }, reason)
                })?;
                let item = |(at, value)| Item {
                    value,
                    origin: Origin::Group { operation, at },
                };
                Ok(table.rows.into_iter().enumerate().map(item).collect())
            }
            Step::Sort(keys) => {
                let mut held = std::mem::take(&mut self.held);
                held.sort_by(|left, right| {
                    let orders = keys
                        .iter()
                        .map(|(field, order)| compare_by(field, *order, &left.value, &right.value));
                    orders.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
                });
                Ok(held)
            }
        }
    }
}

fn compare_by(field: &Field, order: Order, left: &Value, right: &Value) -> std::cmp::Ordering {
    let value = |item| field.get(item).ok().flatten().unwrap_or(&Value::Null);
    let ordering = compare(value(left), value(right));
    match order {
        Order::Ascending => ordering,
        Order::Descending => ordering.reverse(),
    }
}

fn failed(operation: usize, origin: Origin, reason: String) -> ProcessingError {
    let item = match origin {
        Origin::Data(at) => format!("/data/{at}"),
        Origin::Group { operation, at } => format!("group {at} of /operations/{operation}"),
    };
    ProcessingError::ItemFailed {
        operation: format!("/operations/{operation}"),
        item,
        reason,
    }
}

impl ItemStep {
    /// Change the item; `false` drops it.
    fn apply(&self, item: &mut Value) -> Result<bool, String> {
        match self {
            Self::Select { fields, missing } => select(item, fields, *missing)?,
            Self::Rename { fields, missing } => rename(item, fields, *missing)?,
            Self::Cast {
                field,
                to,
                on_error,
            } => match (cast(field.require(item)?, *to), on_error) {
                (Ok(value), _) => field.set(item, value)?,
                (Err(reason), OnError::Fail) => return Err(reason),
                (Err(_), OnError::Null) => field.set(item, Value::Null)?,
                (Err(_), OnError::Drop) => return Ok(false),
            },
            Self::Filter(expression) => return expression.holds(item),
            Self::Derive { field, expression } => {
                let value = expression.run(item)?;
                field.set(item, value)?;
            }
        }
        Ok(true)
    }
}

fn select(item: &mut Value, fields: &[Field], if_missing: Missing) -> Result<(), String> {
    let mut kept = Map::new();
    for field in fields {
        let name = field.last_name();
        let value = match (field.get(item)?, if_missing) {
            (Some(value), _) => value.clone(),
            (None, Missing::Fail) => return Err(missing(name, item)),
            (None, Missing::Skip) => continue,
            (None, Missing::Null) => Value::Null,
        };
        kept.insert(name.to_owned(), value);
    }
    *item = Value::Object(kept);
    Ok(())
}

/// All old names are taken out before the first new one goes in, so that two fields can swap their names.
fn rename(item: &mut Value, fields: &[(Field, Field)], if_missing: Missing) -> Result<(), String> {
    if !item.is_object() {
        return Err(format!(
            "the item is {}, so it has no fields to rename",
            kind(item)
        ));
    }
    let mut taken = Vec::with_capacity(fields.len());
    for (from, to) in fields {
        match (from.remove(item), if_missing) {
            (Some(value), _) => taken.push((to, value)),
            (None, Missing::Fail) => return Err(missing(from.last_name(), item)),
            (None, Missing::Skip | Missing::Null) => {}
        }
    }
    for (to, value) in taken {
        if to.get(item)?.is_some() {
            return Err(format!("there is a field `{}` already", to.last_name()));
        }
        to.set(item, value)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
