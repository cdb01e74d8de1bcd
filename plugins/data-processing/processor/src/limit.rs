//! Every bound of this provider.

/// Batch size of both methods and the setting.
pub(crate) const BATCH_MAX: u32 = 10_000;
/// Operations of one call.
pub(crate) const OPERATIONS_MAX: usize = 256;
/// Bytes of one jq expression.
pub(crate) const EXPRESSION_BYTES_MAX: usize = 4_096;
/// Brackets open at once in one expression: the parser works by recursion.
pub(crate) const EXPRESSION_BRACKETS_MAX: usize = 64;
/// Words and signs of one expression, for the same reason.
pub(crate) const EXPRESSION_WORDS_MAX: usize = 1_000;
/// Terms inside one another in one expression: running works by recursion too, on the thread of the caller.
pub(crate) const EXPRESSION_DEPTH_MAX: usize = 100;
/// Stack for compiling one expression.
pub(crate) const COMPILE_STACK_BYTES: usize = 64 << 20;
/// Compiled expressions kept; the one unused for longest goes first.
pub(crate) const EXPRESSIONS_KEPT: usize = 256;
/// Bytes of the value that an expression gives, counted as JSON text.
pub(crate) const VALUE_BYTES_MAX: usize = 1 << 20;
/// Depth of the value that an expression gives.
pub(crate) const VALUE_DEPTH_MAX: usize = 64;
/// Bytes of a value quoted in a message.
pub(crate) const QUOTE_BYTES_MAX: usize = 120;
/// Groups of one grouping.
pub(crate) const GROUPS_MAX: usize = 1_000_000;
/// Different values that `distinct` keeps per group.
pub(crate) const DISTINCT_MAX: usize = 1_000_000;
/// Values that exact quantiles keep per group in mode `accurate`.
pub(crate) const QUANTILE_VALUES_MAX: usize = 10_000_000;
/// The same in mode `balanced`, before the sketch takes over.
pub(crate) const QUANTILE_VALUES_BALANCED: usize = 1_024;
/// Items held for a `sort`.
pub(crate) const SORT_MAX: usize = 10_000_000;
