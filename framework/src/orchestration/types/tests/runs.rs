//! Types against runs: documents and inputs that are made up, each run with a stand-in for what it calls.
//!
//! What a call is given where the answer was yes must be what its contract takes; a call whose parameters are all
//! answered with yes does not fail before it is made.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::super::methods::Methods;
use super::super::{Answer, examine};
use super::{Notes, make};
use crate::contract::types::{Draws, Fit, Type, fits};
use crate::error::CallError;
use crate::orchestration::definition::read;
use crate::orchestration::run::{Action, Event, Run, Secrets, Start, State, TaskError, Workflow};

/// Documents of the ordinary suite.
const DOCUMENTS: usize = 400;
/// Runs of each.
const RUNS: usize = 15;
/// Most events of a run.
const EVENTS: usize = 200;

/// Tasks on their way into a document.
struct Author<'d> {
    draws: &'d mut Draws,
    tasks: usize,
    /// Whether a loop around it names `$x`.
    in_loop: bool,
}

impl Author<'_> {
    fn expression(&mut self, depth: usize) -> Value {
        let text = make::expression(self.draws, depth);
        let name = if self.in_loop { "$x" } else { "$context" };
        Value::from(format!("${{ {} }}", text.replace("$x", name)))
    }

    fn list(&mut self, depth: usize) -> Value {
        let count = 1 + self.draws.below(3);
        (0..count).map(|_| self.task(depth)).collect()
    }

    fn task(&mut self, depth: usize) -> Value {
        self.tasks += 1;
        let name = format!("t{}", self.tasks);
        let most = if depth == 0 { 6 } else { 12 };
        let mut task = match self.draws.below(most) {
            0..=2 => {
                let mut with = Map::new();
                with.insert("text".to_owned(), self.expression(2));
                if self.draws.coin() {
                    with.insert("count".to_owned(), self.expression(2));
                }
                json!({"call": "notes.put", "with": with})
            }
            3 => json!({"call": "notes.get", "with": {"id": self.expression(1)}}),
            4 => json!({"set": {"a": self.expression(2), "b": self.expression(1)}}),
            5 => json!({"set": self.expression(2)}),
            6 => json!({"do": self.list(depth - 1)}),
            7 => {
                let within = self.expression(1);
                let outer = std::mem::replace(&mut self.in_loop, true);
                let tasks = self.list(depth - 1);
                self.in_loop = outer;
                json!({"for": {"each": "x", "in": within}, "do": tasks})
            }
            8 => {
                json!({"fork": {"compete": self.draws.coin(), "branches": self.list(depth - 1)}})
            }
            9 | 10 => {
                let tried = self.list(depth - 1);
                json!({"try": tried, "catch": {"as": "e", "do": [
                    {"caught": {"call": "notes.put", "with": {"text": "${ $e.detail // $e.type }", "count": "${ $e.status % 100 }"}}},
                    {"after": {"set": {"c": "${ $context }", "a": "${ .a }"}}},
                ]}})
            }
            _ => {
                json!({"switch": [{"one": {"when": self.expression(1), "then": "exit"}}, {"two": {"when": self.expression(1), "then": "continue"}}]})
            }
        };
        for (key, inner) in [("input", "from"), ("output", "as"), ("export", "as")] {
            if self.draws.below(5) == 0 {
                task[key] = json!({ inner: self.expression(1) });
            }
        }
        if self.draws.below(5) == 0 {
            task["if"] = self.expression(1);
        }
        json!({ name: task })
    }
}

/// A document with its answers.
struct Known {
    workflow: Arc<Workflow>,
    schema: Value,
    text: String,
    /// Places of parameters with yes.
    yes: BTreeSet<String>,
    /// Calls that nothing is around, all of whose parameters have yes.
    sure: BTreeSet<String>,
}

fn document(draws: &mut Draws) -> Known {
    let schema = make::schema(draws, 3);
    let mut author = Author {
        draws,
        tasks: 0,
        in_loop: false,
    };
    let text = json!({
        "document": {"dsl": "1.0.3", "namespace": "test", "name": "made", "version": "1.0.0"},
        "input": {"schema": {"document": schema}},
        "do": author.list(2),
    })
    .to_string();
    let document =
        read(&text, "made.json").unwrap_or_else(|problems| panic!("{text} {problems:?}"));
    let workflow = Workflow::compile(document.definition).unwrap();
    let services = [<dyn Notes as crate::call::Contract>::DESCRIPTOR];
    let (mut yes, mut calls) = (BTreeSet::new(), BTreeMap::new());
    for answered in examine(&workflow, &services) {
        let is_yes = answered.answer == Answer::Yes;
        if let Some((task, _)) = answered.pointer.split_once("/with/") {
            *calls.entry(task.to_owned()).or_insert(true) &= is_yes;
        }
        if is_yes {
            yes.insert(answered.pointer);
        }
    }
    let is_bare = |pointer: &String| {
        let task = document.value.pointer(pointer);
        task.is_some_and(|task| {
            ["if", "input", "output", "export"]
                .iter()
                .all(|key| task.get(key).is_none())
        })
    };
    let sure = calls.into_iter().filter(|(_, is_yes)| *is_yes);
    Known {
        workflow: Arc::new(workflow),
        schema,
        yes,
        sure: sure.map(|(pointer, _)| pointer).filter(is_bare).collect(),
        text,
    }
}

/// Runs it once; how many promises were looked at.
fn run(known: &Known, methods: &mut Methods<'_>, input: Value, draws: &mut Draws) -> usize {
    let context = format!("{}\ninput {input}", known.text);
    let start = Start {
        id: "run".into(),
        input: Arc::new(input),
        at_ms: 0,
        secrets: Secrets::default(),
    };
    let (mut run, step) = Run::begin(known.workflow.clone(), start);
    let (mut open, mut promises) = (step.begin, 0);
    for _ in 0..EVENTS {
        if open.is_empty() || run.state().is_over() {
            break;
        }
        let (key, action) = open.remove(draws.below(open.len()));
        let mut output = Value::Null;
        if let Action::Call { method, with, .. } = &action {
            let pointer = key.split(['@', '#', '!']).next().unwrap_or_default();
            let method = methods.get(method).unwrap();
            for (name, value) in with.as_object().into_iter().flatten() {
                if !known.yes.contains(&format!("{pointer}/with/{name}")) {
                    continue;
                }
                promises += 1;
                let taker = &method.parameters[name];
                let is_taken = taker.validator().unwrap().is_valid(value)
                    && fits(&Type::of(value), &taker.takes) == Fit::Yes;
                assert!(is_taken, "{pointer}/with/{name} is {value}\n{context}");
            }
            output = method.gives.sample(draws).unwrap();
        }
        let event = match draws.below(6) {
            0 => Event::Failed {
                key,
                error: TaskError::of_call(&CallError::unavailable("not now")),
            },
            _ => Event::Done {
                key,
                output: Arc::new(output),
                context: None,
            },
        };
        open.extend(run.apply(event, 0).begin);
    }
    if let State::Faulted { error } = run.state()
        && error.kind.ends_with("/expression")
    {
        let at = error.instance.as_deref().unwrap_or_default();
        assert!(!known.sure.contains(at), "{error}\n{context}");
    }
    promises
}

#[test]
fn what_is_answered_with_yes_holds_in_runs() {
    let services = [<dyn Notes as crate::call::Contract>::DESCRIPTOR];
    let mut methods = Methods::new(&services);
    let (mut draws, mut promises) = (Draws::new(11), 0);
    for _ in 0..DOCUMENTS {
        let known = document(&mut draws);
        let validator = jsonschema::validator_for(&known.schema).unwrap();
        for _ in 0..RUNS {
            let input = make::value(&known.schema, &known.schema, &mut draws, 0);
            if validator.is_valid(&input) {
                promises += run(&known, &mut methods, input, &mut draws);
            }
        }
    }
    assert!(promises > DOCUMENTS, "{promises}");
}
