//! What can be wrong with a configuration, said so that it can be mended: code, message, place, nearest name, fix.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::place::{Origin, Place, Source};

/// What stands in the place of a secret.
pub(super) const HIDDEN: &str = "***";

/// Lines longer than this are not quoted in a problem.
const QUOTED_LINE_BYTES_MAX: usize = 1_000;

/// The kind of a problem; stable, and listed in docs/errors.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// A configuration file that is missing, cannot be read, is too large or is not UTF-8.
    Unreadable,
    /// Text that is not TOML, a flag without `=`, a variable without a name.
    Syntax,
    /// A name that means nothing here.
    UnknownName,
    /// A name that fits more than one known name, or two sources of one layer that contradict each other.
    Ambiguous,
    /// A value of the wrong type.
    WrongType,
    /// A value of the right type that breaks a rule.
    InvalidValue,
    /// A value that has no default and was not given.
    Missing,
    /// A plugin whose settings schema is unusable: a fault of the plugin, not of the configuration.
    BadSchema,
}

impl Code {
    /// Every code, for documentation.
    pub const ALL: [Self; 8] = [
        Self::Unreadable,
        Self::Syntax,
        Self::UnknownName,
        Self::Ambiguous,
        Self::WrongType,
        Self::InvalidValue,
        Self::Missing,
        Self::BadSchema,
    ];

    /// The code as it is printed and matched on.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "config_unreadable",
            Self::Syntax => "config_syntax",
            Self::UnknownName => "config_unknown_name",
            Self::Ambiguous => "config_ambiguous",
            Self::WrongType => "config_wrong_type",
            Self::InvalidValue => "config_invalid_value",
            Self::Missing => "config_missing",
            Self::BadSchema => "config_bad_schema",
        }
    }

    /// What the code means and what to do about it.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::Unreadable => {
                "The configuration file does not exist, may not be read, is larger than a configuration may be, or is \
                 not UTF-8. A file named with --config must exist; the default one need not."
            }
            Self::Syntax => {
                "The text is not TOML. A file with such an error is left out as a whole, so that no half of it takes \
                 effect; every error in it is reported at once."
            }
            Self::UnknownName => {
                "No section, plugin, service, method or setting bears this name. Nothing is dropped silently: correct \
                 the name or remove it. `app config sample` lists every name. A granted permission that nothing in this \
                 binary asks for is only warned of, by `app check`: one file may serve several editions."
            }
            Self::Ambiguous => {
                "A variable fits more than one known name, because `_` also stands for `-` and case does not count, or \
                 two variables set the same value. Set the value in the file or with --set instead."
            }
            Self::WrongType => {
                "The value has another type than the setting. Bare text in variables and flags is read as TOML where \
                 that fits the setting, else as a string."
            }
            Self::InvalidValue => {
                "The value has the right type, but breaks a rule: a range, a length, a pattern, a choice. The rule is in \
                 the message; `app config sample` shows it beside the setting."
            }
            Self::Missing => {
                "The setting has no default and must be given in the file, as a variable or as a flag."
            }
            Self::BadSchema => {
                "The plugin describes its settings with a JSON Schema that cannot be used, so they cannot be checked. \
                 This is a fault of the plugin: report it to its authors."
            }
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One thing that is wrong.
///
/// Values of secret settings never appear in one, in no field and no rendering.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Problem {
    /// What kind of problem.
    pub code: Code,
    /// What happened and to what.
    pub message: String,
    /// Where it was written; absent where nothing was.
    pub place: Option<Origin>,
    /// JSON pointer into the whole configuration.
    pub pointer: String,
    /// What the setting is for, in the words of its schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The known name nearest to an unknown one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nearest: Option<String>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// The line, once it is known what of it may be shown.
    #[serde(skip)]
    pub(super) excerpt: Option<Excerpt>,
    #[serde(skip)]
    spot: Option<(Arc<Source>, Range<usize>)>,
}

impl Problem {
    /// A problem that was written nowhere.
    pub fn new(code: Code, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            place: None,
            pointer: pointer.into(),
            description: None,
            nearest: None,
            fix: None,
            excerpt: None,
            spot: None,
        }
    }

    /// The same problem with what to do about it.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    /// The same problem with the known name that may have been meant.
    #[must_use]
    pub fn nearest(mut self, name: Option<impl Into<String>>) -> Self {
        self.nearest = name.map(Into::into);
        self
    }

    /// The same problem with what the setting is for: the first paragraph of its description.
    pub(super) fn description(mut self, description: Option<&str>) -> Self {
        let paragraph = |text: &str| text.split("\n\n").next().map(one_line);
        self.description = description
            .and_then(paragraph)
            .filter(|text| !text.is_empty());
        self
    }

    /// Points at the value.
    pub(super) fn at_value(self, place: &Place) -> Self {
        self.at(&place.source, place.value.clone())
    }

    /// Points at the name, where there is one.
    pub(super) fn at_key(self, place: &Place) -> Self {
        self.at(&place.source, place.key_or_value())
    }

    pub(super) fn at(mut self, source: &Arc<Source>, span: Range<usize>) -> Self {
        self.place = Some(source.origin(span.start));
        self.spot = Some((Arc::clone(source), span));
        self
    }
}

/// Brings problems into the order of the places they point at (file from first to last line, then variables, then flags)
/// and quotes the lines, which only works once it is known what must not be shown.
pub(super) fn finish(problems: &mut [Problem], hidden: impl FnOnce() -> Vec<Place>) {
    problems.sort_by(|a, b| {
        let key = |problem: &Problem| (problem.place.is_none(), problem.place.clone());
        key(a).cmp(&key(b)).then_with(|| a.pointer.cmp(&b.pointer))
    });
    let mut unquoted = problems
        .iter_mut()
        .filter(|problem| problem.spot.is_some())
        .peekable();
    if unquoted.peek().is_some() {
        let hidden = hidden();
        for problem in unquoted {
            let excerpt = |(source, span): (Arc<Source>, _)| Excerpt::new(&source, span, &hidden);
            problem.excerpt = problem.spot.take().and_then(excerpt);
        }
    }
}

/// A value in a message: its type, and the value itself unless it is secret or large.
pub(super) fn describe(value: &Value, secret: bool) -> String {
    let kind = match value {
        Value::Null => return "null".to_owned(),
        Value::Array(_) => return "an array".to_owned(),
        Value::Object(_) => return "a table".to_owned(),
        Value::Bool(_) if secret => return "a boolean".to_owned(),
        Value::Number(_) if secret => return "a number".to_owned(),
        Value::String(_) if secret => return "a string".to_owned(),
        Value::String(text) => return format!("the string `{}`", brief(text)),
        Value::Bool(_) => "the boolean",
        Value::Number(number) if number.is_f64() => "the number",
        Value::Number(_) => "the integer",
    };
    format!("{kind} {value}")
}

/// Text on one line, without what would steer a terminal or end a comment.
pub(super) fn one_line(text: &str) -> String {
    let breaks = |c: char| c.is_whitespace() || c.is_control();
    text.split(breaks)
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Short enough for a message.
pub(super) fn brief(text: &str) -> String {
    const SHOWN_CHARS_MAX: usize = 40;
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl From<Problem> for crate::error::Problem {
    /// In the words that everything at start-up shares: place and help as text.
    fn from(problem: Problem) -> Self {
        let meant = problem
            .nearest
            .map(|name| format!("did you mean `{name}`?"));
        let help: Vec<String> = [meant, problem.description, problem.fix]
            .into_iter()
            .flatten()
            .collect();
        let start = Self::new(problem.code.as_str(), problem.message);
        let start = if help.is_empty() {
            start
        } else {
            start.help(help.join("\n"))
        };
        match problem.place {
            Some(place) => start.place(place.to_string()),
            None => start,
        }
    }
}

/// The line that a problem points into, without what must not be shown.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Excerpt {
    pub(super) path: String,
    pub(super) line: usize,
    pub(super) text: String,
    /// Bytes of `text`.
    pub(super) span: Range<usize>,
}

impl Excerpt {
    /// Cuts the line off at the first hidden value. A hidden value before the place that is pointed at would shift the
    /// column or tell its length, so there is no excerpt then.
    fn new(source: &Source, span: Range<usize>, hidden: &[Place]) -> Option<Self> {
        let line = source.line_of(span.start);
        let range = source.line_range(line);
        let on_this_line = |place: &&Place| {
            std::ptr::eq(Arc::as_ptr(&place.source), source)
                && place.value.start < range.end
                && place.value.end > range.start
        };
        let first_hidden = hidden
            .iter()
            .filter(on_this_line)
            .map(|place| place.value.start)
            .min();
        let cut = first_hidden.map_or(range.end, |start| start.max(range.start));
        if range.len() > QUOTED_LINE_BYTES_MAX || (first_hidden.is_some() && cut < span.start) {
            return None;
        }
        let mut text = source.text.get(range.start..cut)?.to_owned();
        if first_hidden.is_some() {
            text.push_str(HIDDEN);
        }
        let start = span.start.min(range.end) - range.start;
        let end = if span.end > cut {
            text.len()
        } else {
            span.end - range.start
        };
        let span = start..end.max(start);
        Some(Self {
            path: source.name().to_owned(),
            line: line + 1,
            text,
            span,
        })
    }
}
