//! What an expression may call and mention.
//!
//! The list names what is allowed, so that a function that a later jaq adds is refused until somebody has looked at it.

/// The variables that the DSL gives to every expression, without `$`.
pub(super) const VARIABLES: [&str; 8] = [
    "context",
    "input",
    "output",
    "secrets",
    "task",
    "workflow",
    "runtime",
    "authorization",
];

/// Functions whose result does not follow from their input: a run that is repeated would take another way.
#[rustfmt::skip]
pub(super) const IMPURE: &[&str] = &[
    "debug", "env", "get_search_list", "halt", "halt_error", "input", "input_filename",
    "input_line_number", "inputs", "localtime", "now", "stderr", "strflocaltime", "debug_empty", "stderr_empty",
];

/// The same, among variables.
pub(super) const IMPURE_VARIABLES: [&str; 3] = ["$ENV", "$__loc__", "$__prog_args"];

/// Functions that go round or build values as deep as their arguments say, so that they need a stack of their own.
#[rustfmt::skip]
pub(super) const LOOPS: &[&str] = &[
    "combinations", "delpaths", "fromjson", "getpath", "limit", "paths", "pick", "range", "recurse", "repeat", "setpath", "skip",
    "tonumber", "until", "walk", "while",
];

#[rustfmt::skip]
pub(super) const ALLOWED: &[&str] = &[
    "IN", "abs", "acos", "acosh", "add", "all", "any", "arrays", "ascii_downcase", "ascii_upcase", "asin", "asinh", "atan", "atan2", "atanh",
    "booleans", "bsearch", "capture", "cbrt", "ceil", "combinations", "contains", "copysign", "cos", "cosh", "del", "delpaths", "drem",
    "empty", "endswith", "error", "exp", "exp10", "exp2", "explode", "expm1", "fabs", "false", "fdim", "finites", "first",
    "flatten", "floor", "fma", "fmax", "fmin", "fmod", "from_entries", "fromdate", "fromdateiso8601", "fromjson", "frexp",
    "getpath", "gmtime", "group_by", "gsub", "has", "hypot", "implode", "in", "index", "indices", "infinite", "inside",
    "isarray", "isboolean", "isempty", "isfinite", "isinfinite", "isnan", "isnormal", "isnumber", "isobject", "isstring",
    "iterables", "join", "keys", "keys_unsorted", "last", "ldexp", "length", "limit", "log", "log10", "log1p", "log2", "logb",
    "ltrim", "ltrimstr", "map", "map_values", "match", "max", "max_by", "min", "min_by", "mktime", "modf", "nan", "normals", "not",
    "nth", "null", "nulls", "numbers", "objects", "path", "paths", "pick", "pow", "pow10", "range", "recurse", "repeat",
    "reverse", "rindex", "rint", "round", "rtrim", "rtrimstr", "scalars", "scalb", "scalbln", "scan", "select", "setpath",
    "significand", "sin", "sinh", "skip", "sort", "sort_by", "split", "splits", "sqrt", "startswith", "strftime",
    "strings", "strptime", "sub", "tan", "tanh", "test", "to_entries", "toboolean", "todate", "todateiso8601", "tojson",
    "tonumber", "tostring", "totype", "transpose", "trim", "true", "trunc", "type", "unique", "unique_by", "until",
    "utf8bytelength", "values", "walk", "while", "with_entries",
];
