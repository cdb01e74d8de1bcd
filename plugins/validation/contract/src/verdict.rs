//! What is wrong with a value.

/// One thing that is wrong.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where in the value, as a JSON pointer (RFC 6901); empty for the value itself.
    pub pointer: String,
    /// The keyword of the schema that is broken, for example `minimum`.
    pub keyword: String,
    /// What is wrong in words; long values are cut.
    pub message: String,
    /// Where that keyword stands in the schema, as a JSON pointer.
    pub schema_pointer: String,
}

/// What came of checking one value.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the value fits the schema.
    pub valid: bool,
    /// Everything that is wrong, in the order of the schema; of very many, the first ones.
    pub violations: Vec<Violation>,
    /// How many there are.
    pub violation_count: u64,
}

/// One value of a batch that does not fit.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidValue {
    /// Its place in the batch, counted from 0.
    pub index: u64,
    /// Everything that is wrong with it; of very many, the first ones.
    pub violations: Vec<Violation>,
    /// How many there are.
    pub violation_count: u64,
}

/// What came of checking a batch.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchVerdict {
    /// Whether all values fit the schema.
    pub valid: bool,
    /// How many of them do.
    pub valid_count: u64,
    /// Those that do not, in their order.
    pub invalid: Vec<InvalidValue>,
}
