//! TOML text to [`Node`]: the only place that sees TOML's own types.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use serde_json::{Number, Value};
use toml::Spanned;
use toml::de::{DeFloat, DeInteger, DeTable, DeValue};

use super::place::{Place, Source};
use super::problem::{Code, Problem, brief};
use super::tree::{DEPTH_MAX, Node, join};

/// Reads a whole document.
///
/// With a syntax error there is no tree, since what recovery makes of the rest is a guess; every line with an error is
/// reported. A value that JSON cannot hold is reported and left out.
pub(super) fn parse(source: &Arc<Source>) -> (Option<Node>, Vec<Problem>) {
    let (table, errors) = DeTable::parse_recoverable(&source.text);
    if !errors.is_empty() {
        return (None, syntax_problems(source, &errors));
    }
    let mut reader = Reader {
        source,
        offset: 0,
        problems: Vec::new(),
    };
    let entries = reader.entries(table.into_inner(), "", 1);
    let place = Place {
        source: Arc::clone(source),
        key: None,
        value: 0..0,
    };
    (Some(Node::table(place, entries)), reader.problems)
}

/// Reads the value of a variable or flag: a TOML value if it is one that JSON can hold, else the text itself.
///
/// `key` and `value` are where the two stand in the source.
pub(super) fn parse_bare(source: &Arc<Source>, key: Range<usize>, value: Range<usize>) -> Node {
    let place = Place {
        source: Arc::clone(source),
        key: Some(key),
        value,
    };
    let text = Value::String(place.written().to_owned());
    let Ok(parsed) = DeValue::parse(place.written()) else {
        return Node::leaf(place, text);
    };
    let mut reader = Reader {
        source,
        offset: place.value.start,
        problems: Vec::new(),
    };
    match reader.node(parsed, place.key.clone(), "", DEPTH_MAX / 2) {
        Some(node) if reader.problems.is_empty() => Node { place, ..node },
        _ => Node::leaf(place, text),
    }
}

/// The names in a dotted TOML key, or what is wrong with it.
pub(super) fn parse_key(text: &str) -> Result<Vec<String>, String> {
    let unusable =
        || format!("`{text}` is not a name: write it like a TOML key, `plugins.records.batch`");
    if text.contains(char::is_control) {
        return Err(unusable());
    }
    let document = format!("{text} = 0");
    let mut table = DeTable::parse(&document)
        .map_err(|_| unusable())?
        .into_inner();
    let mut names = Vec::new();
    // Without a line break there is exactly one key, so every table on the way holds one entry.
    while let Some((name, value)) = std::mem::take(&mut table).into_iter().next() {
        names.push(name.into_inner().into_owned());
        if let DeValue::Table(inner) = value.into_inner() {
            table = inner;
        }
    }
    // What begins with `#` is a comment, which names nothing.
    match names.len() {
        1..DEPTH_MAX => Ok(names),
        _ => Err(unusable()),
    }
}

/// One problem per line: whatever follows an error on its line is usually its echo.
fn syntax_problems(source: &Arc<Source>, errors: &[toml::de::Error]) -> Vec<Problem> {
    let mut lines = BTreeSet::new();
    let mut problems = Vec::new();
    for error in errors {
        let span = error.span().unwrap_or_default();
        if lines.insert(source.line_of(span.start)) {
            let name = source.text.get(span.clone()).unwrap_or_default();
            let message = match error.message() {
                "duplicate key" => format!("`{name}` is given twice"),
                message => message.to_owned(),
            };
            let problem = Problem::new(Code::Syntax, "", message).at(source, span.clone());
            problems.push(match is_bare_text(source, span.start) {
                true => problem.fix("text stands in quotes: `name = \"text\"`"),
                false => problem,
            });
        }
    }
    problems
}

/// Whether a value at this place looks like text without quotes.
fn is_bare_text(source: &Source, offset: usize) -> bool {
    let line = source.line_range(source.line_of(offset));
    let before = source.text.get(line.start..offset).unwrap_or_default();
    let value = source.text.get(offset..line.end).unwrap_or_default();
    before.contains('=') && value.starts_with(|c: char| c.is_alphabetic() || "./~$%\\".contains(c))
}

struct Reader<'a> {
    source: &'a Arc<Source>,
    /// Where the parsed text begins in the source.
    offset: usize,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn entries(
        &mut self,
        table: DeTable<'_>,
        pointer: &str,
        depth: usize,
    ) -> BTreeMap<String, Node> {
        let mut entries = BTreeMap::new();
        for (name, value) in table {
            let key = self.shifted(name.span());
            let name = name.into_inner().into_owned();
            if let Some(node) = self.node(value, Some(key), &join(pointer, &name), depth) {
                entries.insert(name, node);
            }
        }
        entries
    }

    fn node(
        &mut self,
        value: Spanned<DeValue<'_>>,
        key: Option<Range<usize>>,
        pointer: &str,
        depth: usize,
    ) -> Option<Node> {
        let place = Place {
            source: Arc::clone(self.source),
            key,
            value: self.shifted(value.span()),
        };
        if depth > DEPTH_MAX {
            return self.refuse(
                &place,
                pointer,
                format!("nested deeper than {DEPTH_MAX} levels"),
            );
        }
        let leaf = match value.into_inner() {
            DeValue::Table(table) => {
                let entries = self.entries(table, pointer, depth + 1);
                return Some(Node::table(place, entries));
            }
            DeValue::Array(items) => {
                let items = items.into_iter().enumerate();
                let nodes = items.filter_map(|(at, item)| {
                    self.node(item, None, &format!("{pointer}/{at}"), depth + 1)
                });
                return Some(Node {
                    kind: super::tree::Kind::Array(nodes.collect()),
                    place,
                });
            }
            DeValue::String(text) => Value::String(text.into_owned()),
            DeValue::Boolean(truth) => Value::Bool(truth),
            DeValue::Datetime(moment) => Value::String(moment.to_string()),
            DeValue::Integer(number) => match integer(&number) {
                Some(number) => Value::Number(number),
                None => {
                    return self.refuse(
                        &place,
                        pointer,
                        format!("the integer {} is out of range", brief(&number.to_string())),
                    );
                }
            },
            DeValue::Float(number) => match float(&number) {
                Some(number) => Value::Number(number),
                None => {
                    return self.refuse(
                        &place,
                        pointer,
                        format!("the number {} is not finite", brief(number.as_str())),
                    );
                }
            },
        };
        Some(Node::leaf(place, leaf))
    }

    fn refuse(&mut self, place: &Place, pointer: &str, message: String) -> Option<Node> {
        self.problems
            .push(Problem::new(Code::InvalidValue, pointer, message).at_value(place));
        None
    }

    fn shifted(&self, span: Range<usize>) -> Range<usize> {
        span.start + self.offset..span.end + self.offset
    }
}

/// Any integer that JSON numbers hold: signed or unsigned, 64 bits.
fn integer(number: &DeInteger<'_>) -> Option<Number> {
    let (digits, radix) = (number.as_str(), number.radix());
    let signed = i64::from_str_radix(digits, radix).ok().map(Number::from);
    signed.or_else(|| u64::from_str_radix(digits, radix).ok().map(Number::from))
}

fn float(number: &DeFloat<'_>) -> Option<Number> {
    Number::from_f64(number.as_str().parse().ok()?)
}
