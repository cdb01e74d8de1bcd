//! The document as a whole: who it is, and what it does.

use std::sync::Arc;

use super::super::model::{Definition, DefinitionId, Filter};
use super::Reader;
use super::cursor::Cursor;
use crate::error::Problem;

const KNOWN: [&str; 7] = [
    "document", "input", "use", "do", "timeout", "output", "schedule",
];

impl<'d> Reader<'d, '_, '_> {
    pub(super) fn document(&mut self, at: &Cursor<'d>) -> Definition {
        let fields = self.fields(at, &KNOWN);
        let head = self.required(&fields, "document");
        let head_fields = head.map(|at| self.head(&at));
        let (id, title, summary) = head_fields.unwrap_or_else(|| (unnamed(), None, None));
        if let Some(at) = fields.get("schedule") {
            let help = "start runs from outside, for example from a timer of the system";
            self.unsupported(&at, "workflows that start by themselves are not read", help);
        }
        let secrets = match fields.get("use") {
            Some(at) => {
                self.reusable(&at);
                self.secrets(&at)
            }
            None => Vec::new(),
        };
        let input: Filter = self.filter(fields.get("input"), "from");
        let tasks = self.required(&fields, "do").map(|at| self.tasks(&at));
        Definition {
            id,
            title,
            summary,
            input,
            output: self.filter(fields.get("output"), "as"),
            timeout: self.timeout(&fields),
            secrets,
            tasks: tasks.unwrap_or_else(|| Arc::from([])),
            expressions: std::mem::take(&mut self.expressions),
        }
    }

    fn secrets(&mut self, at: &Cursor<'d>) -> Vec<Arc<str>> {
        let items = at
            .get("secrets")
            .map(|at| self.list(&at))
            .unwrap_or_default();
        items.iter().map(|at| self.text(at)).collect()
    }

    fn head(&mut self, at: &Cursor<'d>) -> (DefinitionId, Option<Arc<str>>, Option<Arc<str>>) {
        let known = [
            "dsl",
            "namespace",
            "name",
            "version",
            "title",
            "summary",
            "tags",
            "metadata",
        ];
        let fields = self.fields(at, &known);
        if let Some(at) = self.required(&fields, "dsl") {
            self.dsl(&at);
        }
        let mut required = |key: &str, check: fn(&str) -> Option<&'static str>| {
            let at = self.required(&fields, key)?;
            let text = self.text(&at);
            if let Some(rule) = check(&text).filter(|_| at.text().is_some()) {
                let message = format!("`{text}` cannot be the {key} of a workflow");
                self.fault(&at, Problem::new("bad_name", message).help(rule));
            }
            Some(text.to_string())
        };
        let id = DefinitionId {
            namespace: required("namespace", name_rule).unwrap_or_default(),
            name: required("name", name_rule).unwrap_or_default(),
            version: required("version", version_rule).unwrap_or_default(),
        };
        for key in ["tags", "metadata"] {
            if let Some(at) = fields.get(key) {
                self.open(&at);
            }
        }
        let mut text = |key| fields.get(key).map(|at| self.text(&at));
        (id, text("title"), text("summary"))
    }

    fn dsl(&mut self, at: &Cursor<'d>) {
        let text = self.text(at);
        let is_known = is_version(&text) && text.starts_with("1.0.");
        if at.text().is_some() && !is_known {
            let message = format!("the version `{text}` of the DSL is not read");
            let problem = Problem::new("unsupported", message);
            self.fault(
                at,
                problem.help("documents of 1.0.x are; write `dsl: '1.0.3'`"),
            );
        }
    }
}

fn unnamed() -> DefinitionId {
    DefinitionId {
        namespace: String::new(),
        name: String::new(),
        version: String::new(),
    }
}

/// `^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$`
fn name_rule(text: &str) -> Option<&'static str> {
    let inner = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let fits =
        (1..=63).contains(&text.len()) && inner && !text.starts_with('-') && !text.ends_with('-');
    (!fits).then_some(
        "it has at most 63 letters, digits and `-`, and neither starts nor ends with `-`",
    )
}

fn version_rule(text: &str) -> Option<&'static str> {
    (!is_version(text)).then_some("it is a semantic version, for example `1.0.0` or `1.0.0-rc.1`")
}

/// Whether it is a semantic version (semver.org, 2.0.0).
fn is_version(text: &str) -> bool {
    let (text, build) = match text.split_once('+') {
        Some((text, build)) => (text, Some(build)),
        None => (text, None),
    };
    let (core, release) = match text.split_once('-') {
        Some((core, release)) => (core, Some(release)),
        None => (text, None),
    };
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_number =
        |part: &str| !part.is_empty() && is_digits(part) && (part == "0" || !part.starts_with('0'));
    let is_word = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    core.split('.').count() == 3
        && core.split('.').all(is_number)
        && release.is_none_or(|text| {
            text.split('.')
                .all(|part| is_word(part) && (!is_digits(part) || is_number(part)))
        })
        && build.is_none_or(|text| text.split('.').all(is_word))
}
