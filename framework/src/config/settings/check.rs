//! Every fault in the settings of one instance, each with its place and the words of its schema.

use jsonschema::{ValidationError, error::ValidationErrorKind};
use serde_json::Value;

use super::{branch, settle, violation};
use crate::config::problem::{Code, Problem};
use crate::config::reader::{Spot, unknown};
use crate::config::secret::withheld;
use crate::config::tree::{Node, join, segments};
use crate::config::{toml_text, walk};
use crate::limit;

/// The settings of one instance and what there is to know about them.
pub(in crate::config) struct Subject<'a> {
    pub(in crate::config) plugin: &'a str,
    /// JSON pointer of the settings in the whole configuration.
    pub(in crate::config) pointer: String,
    /// Absent where nobody wrote settings.
    pub(in crate::config) node: Option<&'a Node>,
    /// Absent where the plugin takes none.
    pub(in crate::config) schema: Option<&'a Value>,
}

/// Names at the top of the settings that the plugin does not know.
///
/// They are refused even where the schema would let them pass, which it does unless it says otherwise. This needs no
/// validator, so it is cheap enough to be done always.
pub(in crate::config) fn unknown_names(subject: &Subject<'_>) -> Vec<Problem> {
    let Some(entries) = subject.node.and_then(Node::entries) else {
        return Vec::new();
    };
    let Some(schema) = subject.schema else {
        let problems = entries.iter().map(|(name, node)| {
            let mut problem = unknown(
                "setting",
                name,
                Spot::Key(node),
                &join(&subject.pointer, name),
                &[],
            );
            problem.message = format!("the plugin `{}` takes no settings", subject.plugin);
            problem
        });
        return problems.collect();
    };
    let known: Vec<&str> = walk::properties(schema, schema).into_keys().collect();
    let what = format!("setting of `{}`", subject.plugin);
    let unknown = |(name, node): (&String, &Node)| {
        let problem = unknown(
            &what,
            name,
            Spot::Key(node),
            &join(&subject.pointer, name),
            &known,
        );
        let meant = problem
            .nearest
            .as_deref()
            .and_then(|name| walk::child(schema, schema, name));
        problem.description(meant.and_then(|meant| walk::description(schema, meant)))
    };
    let unknown_names = unknown_to(schema, entries.keys());
    unknown_names
        .iter()
        .filter_map(|name| entries.get_key_value(name))
        .map(unknown)
        .collect()
}

/// The names that a schema of settings does not know.
pub(in crate::config) fn unknown_to<'n>(
    schema: &Value,
    names: impl Iterator<Item = &'n String>,
) -> Vec<String> {
    if walk::is_open(schema, schema) {
        return Vec::new();
    }
    let known = walk::properties(schema, schema);
    names
        .filter(|name| !known.contains_key(name.as_str()))
        .cloned()
        .collect()
}

/// Everything that is wrong with the settings.
pub(in crate::config) fn check(subject: &Subject<'_>) -> Vec<Problem> {
    let unknown = unknown_names(subject);
    let Some(schema) = subject.schema else {
        return unknown;
    };
    let value = match subject.node {
        Some(node) => settle(schema, Some(schema), node),
        None => Value::Object(serde_json::Map::new()),
    };
    let validator = match jsonschema::draft202012::new(schema) {
        Ok(validator) => validator,
        Err(error) => {
            let message = format!(
                "the settings schema of the plugin `{}` is unusable: {error}",
                subject.plugin
            );
            return vec![Problem::new(Code::BadSchema, &subject.pointer, message)];
        }
    };
    let secret = withheld(schema, &value);
    let mut check = Check {
        subject,
        schema,
        secret,
        problems: unknown,
    };
    for error in validator.iter_errors(&value).take(limit::VIOLATIONS) {
        check.violation(&error);
    }
    check.ranges(schema, &value, "");
    check.problems
}

struct Check<'a> {
    subject: &'a Subject<'a>,
    schema: &'a Value,
    /// Pointers, within the settings, of values that must not be shown.
    secret: Vec<String>,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn violation(&mut self, error: &ValidationError<'_>) {
        let pointer = error.instance_path().as_str();
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                unexpected
                    .iter()
                    .for_each(|name| self.unknown(pointer, name));
            }
            ValidationErrorKind::Required {
                property: Value::String(name),
            } => self.missing(pointer, name),
            ValidationErrorKind::AnyOf { context }
            | ValidationErrorKind::OneOfNotValid { context } => {
                match branch::meant(pointer, context) {
                    branch::Meant::Branch(errors) => {
                        errors.iter().for_each(|error| self.violation(error))
                    }
                    branch::Meant::Types(types) => self.value(
                        pointer,
                        error.instance(),
                        Code::WrongType,
                        &violation::types(&types),
                    ),
                    branch::Meant::Choices {
                        pointer,
                        found,
                        choices,
                    } => self.choice(&pointer, found, &choices),
                    branch::Meant::Unclear(count) => {
                        let rule = format!("fit one of its {count} forms");
                        self.value(
                            pointer,
                            error.instance(),
                            Code::InvalidValue,
                            &violation::Rule::must(rule),
                        );
                    }
                }
            }
            ValidationErrorKind::Constant { .. } | ValidationErrorKind::Enum { .. } => {
                self.choice(pointer, error.instance(), &branch::choices(error));
            }
            _ => {
                let (code, rule) = violation::rule(error);
                self.value(pointer, error.instance(), code, &rule);
            }
        }
    }

    /// A value that breaks a rule.
    fn value(&mut self, pointer: &str, found: &Value, code: Code, rule: &violation::Rule) {
        let secret = self.is_secret(pointer);
        let message = rule.sentence(&name_of(pointer), found, secret);
        let mut problem = self.described(code, pointer, message);
        if secret {
            problem = problem
                .fix("write `{ env = \"NAME\" }`, `{ file = \"PATH\" }` or the value itself");
        }
        self.push_at_value(pointer, problem);
    }

    /// A value that is none of those that are allowed.
    fn choice(&mut self, pointer: &str, found: &Value, choices: &[Value]) {
        let texts: Vec<&str> = choices.iter().filter_map(Value::as_str).collect();
        let list: Vec<String> = choices
            .iter()
            .map(|choice| {
                choice
                    .as_str()
                    .map_or_else(|| choice.to_string(), str::to_owned)
            })
            .collect();
        let rule = violation::Rule::must_be(format!("one of {}", list.join(", ")));
        let message = rule.sentence(&name_of(pointer), found, self.is_secret(pointer));
        let nearest = found
            .as_str()
            .and_then(|found| crate::name::nearest(found, texts));
        let problem = self
            .described(Code::InvalidValue, pointer, message)
            .nearest(nearest);
        self.push_at_value(pointer, problem);
    }

    /// How to give a value that is missing from the table at `pointer`.
    fn how_to_give(&self, pointer: &str, name: &str) -> String {
        let table: Vec<String> = segments(&self.subject.pointer)
            .chain(segments(pointer))
            .collect();
        let in_array = segments(pointer).any(|name| name.parse::<usize>().is_ok());
        if in_array {
            return format!("add `{name} = …` to this item");
        }
        let upper = |name: &str| name.to_uppercase().replace('-', "_");
        let variable: Vec<String> = table
            .iter()
            .map(String::as_str)
            .chain([name])
            .map(upper)
            .collect();
        let header = toml_text::dotted(table.iter().map(String::as_str));
        format!(
            "add `{name} = …` under `[{header}]`, or set `WELDKIT__{}`",
            variable.join("__")
        )
    }

    fn unknown(&mut self, pointer: &str, name: &str) {
        let full = join(pointer, name);
        let whole = format!("{}{full}", self.subject.pointer);
        let known_already = self
            .problems
            .iter()
            .any(|problem| problem.code == Code::UnknownName && problem.pointer == whole);
        let Some(node) = self
            .subject
            .node
            .and_then(|node| node.at(&full))
            .filter(|_| !known_already)
        else {
            return;
        };
        let site = walk::at(self.schema, pointer);
        let known = site
            .map(|site| walk::properties(self.schema, site))
            .unwrap_or_default();
        let names: Vec<&str> = known.keys().copied().collect();
        let what = format!("setting of `{}`", self.subject.plugin);
        let problem = unknown(&what, name, Spot::Key(node), &whole, &names);
        let meant = problem.nearest.as_deref().and_then(|name| known.get(name));
        let description = meant.and_then(|meant| walk::description(self.schema, meant));
        self.problems.push(problem.description(description));
    }

    fn missing(&mut self, pointer: &str, name: &str) {
        let full = join(pointer, name);
        let message = format!("`{name}` is required by `{}`", self.subject.plugin);
        let problem = self.described(Code::Missing, &full, message);
        let problem = problem.fix(self.how_to_give(pointer, name));
        let problem = match self.subject.node.and_then(|node| node.at(pointer)) {
            Some(node) => problem.at_key(&node.place),
            None => problem,
        };
        self.problems.push(problem);
    }

    /// Ranges that a schema states only through the format of an integer.
    fn ranges(&mut self, schema: &Value, value: &Value, pointer: &str) {
        let root = self.schema;
        match value {
            Value::Number(number) if !number.is_f64() => {
                let format = walk::keyword(root, schema, "format").and_then(Value::as_str);
                let Some((least, most)) = format.and_then(violation::integer_range) else {
                    return;
                };
                let number = number
                    .as_i64()
                    .map(i128::from)
                    .or(number.as_u64().map(i128::from));
                if number.is_some_and(|number| number < least || number > most)
                    && !self.reported(pointer)
                {
                    let rule = violation::Rule::must_be(format!("from {least} to {most}"));
                    self.value(pointer, value, Code::InvalidValue, &rule);
                }
            }
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    self.child_ranges(schema, &at.to_string(), item, pointer);
                }
            }
            Value::Object(object) => {
                for (name, value) in object {
                    self.child_ranges(schema, name, value, pointer);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn child_ranges(&mut self, schema: &Value, name: &str, value: &Value, pointer: &str) {
        if let Some(schema) = walk::child(self.schema, schema, name).cloned() {
            self.ranges(&schema, value, &join(pointer, name));
        }
    }

    fn reported(&self, pointer: &str) -> bool {
        let whole = format!("{}{pointer}", self.subject.pointer);
        self.problems.iter().any(|problem| problem.pointer == whole)
    }

    fn is_secret(&self, pointer: &str) -> bool {
        self.secret.iter().any(|secret| {
            pointer
                .strip_prefix(secret.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    fn described(&self, code: Code, pointer: &str, message: String) -> Problem {
        let site = walk::at(self.schema, pointer).filter(|_| !pointer.is_empty());
        let description = site.and_then(|site| walk::description(self.schema, site));
        Problem::new(code, format!("{}{pointer}", self.subject.pointer), message)
            .description(description)
    }

    fn push_at_value(&mut self, pointer: &str, problem: Problem) {
        let problem = match self.subject.node.map(|node| node.at(pointer)) {
            Some(Some(node)) => problem.at_value(&node.place),
            Some(None) | None => problem,
        };
        self.problems.push(problem);
    }
}

/// What a message calls the value at a pointer.
fn name_of(pointer: &str) -> String {
    let path: Vec<String> = segments(pointer).collect();
    if path.is_empty() {
        "the settings".to_owned()
    } else {
        format!("`{}`", path.join("."))
    }
}
