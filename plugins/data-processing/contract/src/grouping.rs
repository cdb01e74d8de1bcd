//! Groupings, their aggregates, and the partial state between two batches.

use std::collections::{BTreeMap, BTreeSet};

use weldkit::Json;

use crate::Mode;

/// Items grouped by the values of fields, with aggregates of each group.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Grouping {
    /// The fields to group by; none makes one group of everything. A missing field counts as null.
    #[serde(default)]
    #[garde(length(max = 16))]
    pub by: Vec<String>,
    /// What to compute, by the name of the result.
    #[garde(length(min = 1, max = 64), dive)]
    pub aggregates: BTreeMap<String, Aggregate>,
}

/// A function over the items of a group. Null and missing values are left out, save by a `count` without a field.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq)]
#[serde(tag = "fn", rename_all = "snake_case", deny_unknown_fields)]
pub enum Aggregate {
    /// How many items, or how many with a value in `field`.
    Count {
        /// Count only the items with a value here.
        #[serde(default)]
        field: Option<String>,
    },
    /// The sum of numbers; 0 for none. Whole numbers give a whole number.
    Sum {
        /// The field.
        field: String,
    },
    /// The arithmetic mean of numbers; null for none.
    Mean {
        /// The field.
        field: String,
    },
    /// The smallest number or text; null for none.
    Min {
        /// The field.
        field: String,
    },
    /// The largest number or text; null for none.
    Max {
        /// The field.
        field: String,
    },
    /// How many different values, of any type.
    Distinct {
        /// The field.
        field: String,
    },
    /// Quantiles of numbers, as an array in the order of `at`; nulls for none.
    Quantiles {
        /// The field.
        field: String,
        /// Where, each from 0 to 1.
        #[garde(length(min = 1, max = 101), inner(range(min = 0.0, max = 1.0)))]
        at: Vec<f64>,
    },
}

/// A partial aggregate: made by `aggregate`, merged by it, turned into rows by `tables`.
///
/// Store it or pass it on; what is inside belongs to the provider that made it.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq)]
pub struct Partial {
    /// The version of this form. Another one is refused by name.
    pub format: u32,
    /// The mode it was made in; partials of different modes do not mix.
    pub mode: Mode,
    /// How many items are in it.
    pub items: u64,
    /// The state of each grouping, in the order asked for.
    pub groupings: Vec<PartialGrouping>,
}

/// The state of one grouping.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq)]
pub struct PartialGrouping {
    /// What was asked for.
    #[garde(dive)]
    pub grouping: Grouping,
    /// The groups so far.
    pub groups: Vec<PartialGroup>,
}

/// The state of one group.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq)]
pub struct PartialGroup {
    /// The values of the fields grouped by.
    pub key: Vec<Json>,
    /// The state of each aggregate, in the order of their names.
    pub states: Vec<State>,
}

/// The state of one aggregate.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Of `count`.
    Count {
        /// How many.
        count: u64,
    },
    /// Of `sum`.
    Sum {
        /// The sum.
        total: Total,
    },
    /// Of `mean`.
    Mean {
        /// The sum.
        total: Total,
        /// Of how many.
        count: u64,
    },
    /// Of `min`.
    Min {
        /// The smallest so far.
        value: Json,
    },
    /// Of `max`.
    Max {
        /// The largest so far.
        value: Json,
    },
    /// Of `distinct`.
    Distinct {
        /// The values as canonical JSON.
        values: BTreeSet<String>,
    },
    /// Of `quantiles`.
    Quantiles {
        /// Every value, while they are kept.
        values: Vec<f64>,
        /// Counts by bucket, once they are not.
        sketch: Option<Sketch>,
    },
}

/// A sum as terms that do not overlap, so that nothing is rounded before the end (mode `fast`: one rounded term).
#[weldkit::data]
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Total {
    /// The terms, smallest first.
    pub terms: Vec<f64>,
    /// Whether some number was not whole.
    pub fractional: bool,
}

/// Counts of numbers by buckets that grow by 2 % each, so that every quantile is within 1 % of a value.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sketch {
    /// Counts of negative numbers by bucket of their size.
    pub negative: BTreeMap<i32, u64>,
    /// How many zeros.
    pub zero: u64,
    /// Counts of positive numbers by bucket.
    pub positive: BTreeMap<i32, u64>,
    /// The smallest number.
    pub min: f64,
    /// The largest number.
    pub max: f64,
}
