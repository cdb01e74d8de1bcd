//! Operations: what can be done with items, one after the other.

use std::collections::BTreeMap;

use crate::Grouping;

/// One operation. The tag `op` says which.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum Operation {
    /// Keep only these fields of a record, by their last name.
    Select {
        /// The fields to keep.
        #[garde(length(min = 1, max = 1_000))]
        fields: Vec<String>,
        /// What to do with a record that lacks one.
        #[serde(default)]
        missing: Missing,
    },
    /// Give fields of a record new names.
    Rename {
        /// New name by old name.
        #[garde(length(min = 1, max = 1_000))]
        fields: BTreeMap<String, String>,
        /// What to do with a record that lacks one. `null` counts as `skip` here: there is nothing to rename.
        #[serde(default)]
        missing: Missing,
    },
    /// Change the type of a field. Null stays null.
    Cast {
        /// The field.
        field: String,
        /// The type to make of it.
        to: Type,
        /// What to do with a value that cannot be cast.
        #[serde(default)]
        on_error: OnError,
    },
    /// Keep the items for which a jq expression gives neither `false` nor `null`.
    Filter {
        /// The jq expression; it must give exactly one value.
        expr: String,
    },
    /// Set a field to the value of a jq expression over the item.
    Derive {
        /// The field to set; `""` replaces the item itself.
        field: String,
        /// The jq expression; it must give exactly one value.
        expr: String,
    },
    /// One row per group, instead of the items.
    GroupBy(Grouping),
    /// Sort the items; equal ones keep their order. Null sorts first, then booleans, numbers, text, arrays, objects.
    Sort {
        /// The keys, the first one weighing most.
        #[garde(length(min = 1, max = 64))]
        by: Vec<SortKey>,
    },
    /// Keep `count` items after leaving out `offset`.
    Limit {
        /// How many to keep.
        count: u64,
        /// How many to leave out first.
        #[serde(default)]
        offset: u64,
    },
}

/// A key to sort by.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct SortKey {
    /// The field.
    pub field: String,
    /// Which way.
    #[serde(default)]
    pub order: Order,
}

/// Which way to sort.
#[weldkit::data]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Smallest first.
    #[default]
    Ascending,
    /// Largest first.
    Descending,
}

/// What to do with a record that lacks a field.
#[weldkit::data]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// Fail: a misspelt name is found at the first record.
    #[default]
    Fail,
    /// Go on without the field.
    Skip,
    /// Set it to null.
    Null,
}

/// What to do with a value that cannot be cast.
#[weldkit::data]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// Fail the call.
    #[default]
    Fail,
    /// Set the field to null.
    Null,
    /// Drop the item.
    Drop,
}

/// A type to cast to.
#[weldkit::data]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Type {
    /// A whole number between -2^63 and 2^64 - 1. Text is trimmed; `3.0` is 3, `3.5` cannot be cast.
    Integer,
    /// A finite number. Text is trimmed.
    Number,
    /// Text; arrays and objects become their JSON.
    Text,
    /// `true` and `false`, also as text in any case; 0 and 1.
    Boolean,
}
