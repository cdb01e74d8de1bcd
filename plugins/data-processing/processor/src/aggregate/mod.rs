//! Aggregation in parts: fold items in, merge partials, give rows.

mod quantile;
mod state;
mod total;

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use weldkit_data_processing::{
    Aggregate, Grouping, Mode, PartialGroup, PartialGrouping, State, Table,
};

use crate::field::Field;
use crate::limit;
use crate::order::Key;

/// One grouping at work.
#[derive(Debug, Clone)]
pub(crate) struct Aggregator {
    grouping: Grouping,
    mode: Mode,
    by: Vec<Field>,
    /// The field of each aggregate, in the order of their names; `None` counts items.
    fields: Vec<Option<Field>>,
    groups: BTreeMap<Key, Vec<State>>,
}

impl Aggregator {
    /// Check a grouping and make its empty aggregator.
    ///
    /// # Errors
    /// Every problem, with its pointer inside the grouping.
    pub(crate) fn new(grouping: &Grouping, mode: Mode) -> Result<Self, Vec<(String, String)>> {
        let by: Vec<_> = grouping
            .by
            .iter()
            .map(|field| Field::parse(field))
            .collect();
        let mut problems = Vec::new();
        for (at, field) in by.iter().enumerate() {
            let name = field.last_name();
            if by[..at].iter().any(|earlier| earlier.last_name() == name) {
                problems.push((format!("/by/{at}"), format!("a second column would be named `{name}`; `rename` or `derive` one of them first")));
            }
        }
        if grouping.aggregates.is_empty() {
            problems.push((
                "/aggregates".to_owned(),
                "it is empty; `{\"items\": {\"fn\": \"count\"}}` would count".to_owned(),
            ));
        }
        for (name, aggregate) in &grouping.aggregates {
            if by.iter().any(|field| field.last_name() == name) {
                problems.push((
                    format!("/aggregates/{name}"),
                    format!("a field grouped by is named `{name}` too"),
                ));
            }
            if let Aggregate::Quantiles { at, .. } = aggregate
                && (at.is_empty() || at.iter().any(|at| !(0.0..=1.0).contains(at)))
            {
                problems.push((
                    format!("/aggregates/{name}/at"),
                    "quantiles lie from 0 to 1, and at least one is wanted".to_owned(),
                ));
            }
        }
        let fields = grouping
            .aggregates
            .values()
            .map(|aggregate| field_of(aggregate).map(Field::parse))
            .collect();
        let aggregator = Self {
            grouping: grouping.clone(),
            mode,
            by,
            fields,
            groups: BTreeMap::new(),
        };
        if problems.is_empty() {
            Ok(aggregator)
        } else {
            Err(problems)
        }
    }

    /// Fold one item in.
    ///
    /// # Errors
    /// Why the item does not fit. The aggregator is then of no further use.
    pub(crate) fn fold(&mut self, item: &Value) -> Result<(), String> {
        let key: Result<Vec<_>, String> = self
            .by
            .iter()
            .map(|field| field.require(item).cloned())
            .collect();
        let (mode, aggregates) = (self.mode, &self.grouping.aggregates);
        let states = group(&mut self.groups, Key(key?), || {
            aggregates.values().map(state::start).collect()
        })?;
        for ((state, field), name) in states.iter_mut().zip(&self.fields).zip(aggregates.keys()) {
            let folded = match field {
                // A count without a field counts items, whatever they are.
                None => state::fold(state, &Value::Bool(true), mode),
                Some(field) => field
                    .require(item)
                    .and_then(|value| state::fold(state, value, mode)),
            };
            folded.map_err(|reason| format!("`{name}`: {reason}"))?;
        }
        Ok(())
    }

    /// Merge a partial of the same grouping in.
    ///
    /// # Errors
    /// It is of another grouping, or does not hold together.
    pub(crate) fn merge(&mut self, partial: PartialGrouping) -> Result<(), String> {
        if partial.grouping != self.grouping {
            return Err("it was made of another grouping".to_owned());
        }
        for PartialGroup { key, states } in partial.groups {
            if key.len() != self.by.len() || states.len() != self.fields.len() {
                return Err(
                    "a group has another number of keys or states than its grouping".to_owned(),
                );
            }
            let aggregates = &self.grouping.aggregates;
            let merged = group(&mut self.groups, Key(key), || {
                aggregates.values().map(state::start).collect()
            })?;
            for (state, other) in merged.iter_mut().zip(&states) {
                state::merge(state, other, self.mode)?;
            }
        }
        Ok(())
    }

    /// What has been gathered, as a value to pass on.
    pub(crate) fn into_partial(self) -> PartialGrouping {
        let groups = self
            .groups
            .into_iter()
            .map(|(Key(key), states)| PartialGroup { key, states })
            .collect();
        PartialGrouping {
            grouping: self.grouping,
            groups,
        }
    }

    /// Take the rows out, sorted by key. Without a field to group by there is one row even of no items.
    ///
    /// # Errors
    /// A sum left the range of numbers.
    pub(crate) fn table(&mut self) -> Result<Table, String> {
        if self.by.is_empty() && self.groups.is_empty() {
            let states = self
                .grouping
                .aggregates
                .values()
                .map(state::start)
                .collect();
            self.groups.insert(Key(Vec::new()), states);
        }
        let mut columns: Vec<_> = self
            .by
            .iter()
            .map(|field| field.last_name().to_owned())
            .collect();
        columns.extend(self.grouping.aggregates.keys().cloned());
        let mut rows = Vec::with_capacity(self.groups.len());
        for (Key(key), states) in std::mem::take(&mut self.groups) {
            let mut row = Map::new();
            for (field, value) in self.by.iter().zip(key) {
                row.insert(field.last_name().to_owned(), value);
            }
            for (state, (name, aggregate)) in states.iter().zip(&self.grouping.aggregates) {
                let result = state::finish(state, aggregate)
                    .map_err(|reason| format!("`{name}`: {reason}"))?;
                row.insert(name.clone(), result);
            }
            rows.push(Value::Object(row));
        }
        Ok(Table { columns, rows })
    }
}

/// The states of a group, made at its first item.
fn group(
    groups: &mut BTreeMap<Key, Vec<State>>,
    key: Key,
    start: impl FnOnce() -> Vec<State>,
) -> Result<&mut Vec<State>, String> {
    if groups.len() >= limit::GROUPS_MAX && !groups.contains_key(&key) {
        return Err(format!("there are more than {} groups", limit::GROUPS_MAX));
    }
    Ok(groups.entry(key).or_insert_with(start))
}

fn field_of(aggregate: &Aggregate) -> Option<&str> {
    match aggregate {
        Aggregate::Count { field } => field.as_deref(),
        Aggregate::Sum { field }
        | Aggregate::Mean { field }
        | Aggregate::Min { field }
        | Aggregate::Max { field }
        | Aggregate::Distinct { field }
        | Aggregate::Quantiles { field, .. } => Some(field),
    }
}

#[cfg(test)]
mod tests;
