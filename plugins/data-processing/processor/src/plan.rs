//! From operations as written to a plan that can run: everything that can be checked without data is checked here.

use std::sync::Arc;

use weldkit_data_processing::{
    Missing, Mode, OnError, Operation, Order, Problem, ProcessingError, SortKey, Type,
};

use crate::aggregate::Aggregator;
use crate::expression::{Expression, Expressions};
use crate::field::Field;
use crate::limit;

/// Checked operations, ready to run.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
}

/// One checked operation.
#[derive(Debug)]
pub(crate) enum Step {
    /// Works on one item at a time.
    Item(ItemStep),
    /// Gathers items into groups.
    Group(Aggregator),
    /// Gathers items and sorts them.
    Sort(Vec<(Field, Order)>),
    /// Lets some items pass.
    Limit { count: u64, offset: u64 },
}

/// An operation that works on one item at a time.
#[derive(Debug)]
pub(crate) enum ItemStep {
    Select {
        fields: Vec<Field>,
        missing: Missing,
    },
    Rename {
        fields: Vec<(Field, Field)>,
        missing: Missing,
    },
    Cast {
        field: Field,
        to: Type,
        on_error: OnError,
    },
    Filter(Arc<Expression>),
    Derive {
        field: Field,
        expression: Arc<Expression>,
    },
}

impl Plan {
    /// Check all operations.
    ///
    /// # Errors
    /// Every problem of every operation, with its place.
    pub(crate) fn new(
        operations: &[Operation],
        mode: Mode,
        expressions: &Expressions,
    ) -> Result<Self, ProcessingError> {
        let mut problems = Problems::default();
        if operations.len() > limit::OPERATIONS_MAX {
            let message = format!(
                "there are {} operations; at most {} are taken",
                operations.len(),
                limit::OPERATIONS_MAX
            );
            problems.add("/operations".to_owned(), message);
        }
        let mut steps = Vec::new();
        for (at, operation) in operations.iter().enumerate().take(limit::OPERATIONS_MAX) {
            problems.at = format!("/operations/{at}");
            steps.extend(step(operation, mode, expressions, &mut problems));
        }
        if problems.found.is_empty() {
            Ok(Self { steps })
        } else {
            Err(ProcessingError::InvalidOperations {
                problems: problems.found,
            })
        }
    }
}

/// The problems found so far, and where the check is.
#[derive(Default)]
struct Problems {
    at: String,
    found: Vec<Problem>,
}

impl Problems {
    fn add(&mut self, pointer: String, message: String) {
        self.found.push(Problem { pointer, message });
    }

    fn here(&mut self, below: &str, message: impl Into<String>) {
        self.add(format!("{}{below}", self.at), message.into());
    }
}

fn step(
    operation: &Operation,
    mode: Mode,
    expressions: &Expressions,
    problems: &mut Problems,
) -> Option<Step> {
    match operation {
        Operation::GroupBy(grouping) => match Aggregator::new(grouping, mode) {
            Ok(aggregator) => Some(Step::Group(aggregator)),
            Err(found) => {
                for (pointer, message) in found {
                    problems.here(&pointer, message);
                }
                None
            }
        },
        Operation::Sort { by } => {
            if by.is_empty() {
                problems.here("/by", "there is nothing to sort by");
            }
            let key = |key: &SortKey| (Field::parse(&key.field), key.order);
            Some(Step::Sort(by.iter().map(key).collect()))
        }
        Operation::Limit { count, offset } => Some(Step::Limit {
            count: *count,
            offset: *offset,
        }),
        Operation::Select { .. }
        | Operation::Rename { .. }
        | Operation::Cast { .. }
        | Operation::Filter { .. }
        | Operation::Derive { .. } => item_step(operation, expressions, problems).map(Step::Item),
    }
}

/// The step of an operation that works on one item at a time.
fn item_step(
    operation: &Operation,
    expressions: &Expressions,
    problems: &mut Problems,
) -> Option<ItemStep> {
    match operation {
        Operation::Select { fields, missing } => {
            let fields: Vec<_> = fields.iter().map(|field| Field::parse(field)).collect();
            let named = fields.iter().enumerate();
            check_names(named.map(|(at, field)| (at.to_string(), field)), problems);
            let missing = *missing;
            Some(ItemStep::Select { fields, missing })
        }
        Operation::Rename { fields, missing } => {
            let pair = |(from, to): (&String, &String)| (Field::parse(from), Field::parse(to));
            let fields: Vec<_> = fields.iter().map(pair).collect();
            let named = fields.iter();
            check_names(
                named.map(|(from, to)| (escape(from.last_name()), to)),
                problems,
            );
            let missing = *missing;
            Some(ItemStep::Rename { fields, missing })
        }
        Operation::Cast {
            field,
            to,
            on_error,
        } => Some(ItemStep::Cast {
            field: Field::parse(field),
            to: *to,
            on_error: *on_error,
        }),
        Operation::Filter { expr } => expression(expr, expressions, problems).map(ItemStep::Filter),
        Operation::Derive { field, expr } => Some(ItemStep::Derive {
            field: Field::parse(field),
            expression: expression(expr, expressions, problems)?,
        }),
        Operation::GroupBy(_) | Operation::Sort { .. } | Operation::Limit { .. } => None,
    }
}

/// Refuse an empty list of fields, and two that would get the same name.
fn check_names<'a>(fields: impl Iterator<Item = (String, &'a Field)>, problems: &mut Problems) {
    let mut names = Vec::new();
    for (at, field) in fields {
        let name = field.last_name();
        if names.contains(&name) {
            problems.here(
                &format!("/fields/{at}"),
                format!("a second field would be named `{name}`"),
            );
        }
        names.push(name);
    }
    if names.is_empty() {
        problems.here("/fields", "no field is named");
    }
}

fn expression(
    text: &str,
    expressions: &Expressions,
    problems: &mut Problems,
) -> Option<Arc<Expression>> {
    expressions
        .get(text)
        .map_err(|message| problems.here("/expr", message))
        .ok()
}

/// A name as a segment of a JSON pointer.
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
