//! What is wrong with a composite, each with the place where it was written.

use serde_json::Value;

use super::definition::Places;
use crate::contract::kind;
use crate::error::Problem;
use crate::name;

/// The problems of one composite, as they are found.
pub(super) struct Problems<'a> {
    composite: &'a str,
    places: &'a Places,
    list: Vec<Problem>,
}

impl<'a> Problems<'a> {
    pub(super) fn new(composite: &'a str, places: &'a Places) -> Self {
        Self {
            composite,
            places,
            list: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, code: &'static str, message: String, pointer: &str) {
        self.push(Problem::new(code, self.said(&message)), pointer);
    }

    pub(super) fn add_with(
        &mut self,
        code: &'static str,
        message: String,
        pointer: &str,
        help: impl Into<String>,
    ) {
        self.push(Problem::new(code, self.said(&message)).help(help), pointer);
    }

    pub(super) fn unknown<'n>(
        &mut self,
        what: &str,
        name: &str,
        pointer: &str,
        known: impl IntoIterator<Item = &'n str>,
    ) {
        self.unknown_as("config_unknown_name", what, name, pointer, known);
    }

    /// An unknown name under a code of its own, with the nearest known one.
    pub(super) fn unknown_as<'n>(
        &mut self,
        code: &'static str,
        what: &str,
        name: &str,
        pointer: &str,
        known: impl IntoIterator<Item = &'n str>,
    ) {
        let mut problem = Problem::new(code, self.said(&format!("there is no {what} `{name}`")));
        if let Some(help) = name::suggest(name, known) {
            problem = problem.help(help);
        }
        self.push(problem, pointer);
    }

    pub(super) fn wrong_type(&mut self, wanted: &str, value: &Value, pointer: &str) {
        let message = format!("{} where {wanted} is wanted", kind(value));
        self.add("config_wrong_type", message, pointer);
    }

    pub(super) fn push(&mut self, problem: Problem, pointer: &str) {
        let place = self.places.place(self.composite, pointer);
        self.list.push(problem.place(place));
    }

    pub(super) fn into_list(self) -> Vec<Problem> {
        self.list
    }

    fn said(&self, message: &str) -> String {
        format!("composite `{}`: {message}", self.composite)
    }
}
