//! Rules (`#[garde(…)]`) of parameters, checked on the typed value.
//!
//! A parameter whose type has rules is checked without being told so: [`Dive`] picks the method
//! that fits by auto-reference, which stands in for specialisation.

use garde::{Path, Report, Validate};

/// What broke a rule.
#[derive(Debug, Default)]
pub struct Rules(Vec<(String, String)>);

impl Rules {
    /// Each broken rule: JSON pointer and message.
    pub(crate) fn into_violations(self) -> Vec<(String, String)> {
        self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn take(&mut self, below: &str, report: &Report) {
        for (path, fault) in report.iter() {
            self.0
                .push((pointer(below, path), fault.message().to_owned()));
        }
    }
}

/// Checks the rules that stand on `value` itself.
pub fn check_rules<T: Validate<Context = ()>>(value: &T, rules: &mut Rules) {
    if let Err(report) = value.validate() {
        rules.take("", &report);
    }
}

/// Checks rules that stand on parameters; `check` is given the path to begin at.
pub fn check_values(rules: &mut Rules, check: impl FnOnce(&mut dyn FnMut() -> Path, &mut Report)) {
    let mut report = Report::new();
    check(&mut Path::empty, &mut report);
    if !report.is_empty() {
        rules.take("", &report);
    }
}

/// A field to look into.
#[derive(Debug)]
pub struct Dive<'a, T>(pub &'a T);

/// The way for types with rules.
pub trait DiveYes {
    /// Checks the rules of the field's type.
    fn dive(&self, name: &str, rules: &mut Rules);
}

impl<T: Validate<Context = ()>> DiveYes for &Dive<'_, T> {
    fn dive(&self, name: &str, rules: &mut Rules) {
        if let Err(report) = self.0.validate() {
            rules.take(name, &report);
        }
    }
}

/// The way for types without.
pub trait DiveNo {
    /// Does nothing.
    fn dive(&self, name: &str, rules: &mut Rules);
}

impl<T> DiveNo for Dive<'_, T> {
    fn dive(&self, _: &str, _: &mut Rules) {}
}

/// A garde path as a JSON pointer (RFC 6901). Its text form is `a.b[0].c`.
fn pointer(below: &str, path: &Path) -> String {
    let mut pointer = String::new();
    let text = path.to_string();
    for step in std::iter::once(below)
        .chain(text.split(['.', '[']))
        .filter(|step| !step.is_empty())
    {
        pointer.push('/');
        pointer.push_str(
            &step
                .trim_end_matches(']')
                .replace('~', "~0")
                .replace('/', "~1"),
        );
    }
    pointer
}
