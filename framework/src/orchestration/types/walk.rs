use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jaq_core::load::parse::Term;

use super::infer::{narrow, truth};
use super::methods::Methods;
use super::seen::Here;
use super::{Answer, Answered, Answers};
use crate::contract::types::{Origin, Taker, Type};
use crate::limit;
use crate::orchestration::definition::{Expr, Task, Then};
use crate::orchestration::expression::{self, Program};
use crate::orchestration::run::Workflow;

/// One walk through a document, with types in the place of values.
pub(super) struct Walk<'a> {
    pub(super) workflow: &'a Workflow,
    pub(super) methods: &'a mut Methods<'a>,
    /// By [`Expr`].
    terms: Vec<Option<Term<&'a str>>>,
    /// What the run is started with, mapped.
    pub(super) input: Type,
    pub(super) names: Vec<(Arc<str>, Type)>,
    /// All that `$context` has become in the part of the document that is being walked.
    pub(super) exported: Type,
    /// All outputs with which a task ends the run.
    ended: Type,
    /// Tasks that may still be walked.
    left: u32,
    answers: Answers,
    /// Expressions that have failed for every input so far, by place.
    pub(super) failing: BTreeMap<String, bool>,
    pub(super) takers: BTreeMap<usize, Arc<Taker>>,
}

/// What comes to a task.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct State {
    pub(super) value: Type,
    pub(super) context: Type,
}

impl State {
    fn or(&self, other: &Self) -> Self {
        Self {
            value: self.value.or(&other.value),
            context: self.context.or(&other.context),
        }
    }

    /// After so many rounds of a loop: what still grows is taken to be larger than it will become.
    pub(super) fn after(self, rounds: u32) -> Self {
        let grown = |of: Type| match rounds {
            0..=2 => of,
            3..=5 => of.widened(),
            _ => Type::Any,
        };
        Self {
            value: grown(self.value),
            context: grown(self.context),
        }
    }

    pub(super) fn never() -> Self {
        Self {
            value: Type::never(),
            context: Type::never(),
        }
    }
}

impl<'a> Walk<'a> {
    pub(super) fn new(workflow: &'a Workflow, methods: &'a mut Methods<'a>) -> Self {
        let sources = workflow.definition().expressions.iter();
        Self {
            workflow,
            methods,
            terms: sources.map(expression::parse).collect(),
            input: Type::Any,
            names: Vec::new(),
            exported: Type::never(),
            ended: Type::never(),
            left: limit::TYPE_TASKS,
            answers: Answers::new(),
            failing: BTreeMap::new(),
            takers: BTreeMap::new(),
        }
    }

    /// Walks through all of it.
    pub(super) fn whole(mut self) -> Vec<Answered> {
        let definition = self.workflow.definition();
        let started = match &definition.input.schema {
            // A run is not started with what its schema refuses: nothing to judge.
            Some(schema) => crate::contract::types::read(schema, Origin::Checked),
            None => Type::Any,
        };
        self.input = started.clone();
        let context = Type::null();
        let here = Here::nowhere(&context);
        let input = self.mapped(&definition.input, &started, here);
        self.input = input.clone();
        let end = self.list(
            &definition.tasks,
            State {
                value: input,
                context,
            },
        );
        let output = end.value.or(&self.ended);
        let all = end.context.or(&self.exported);
        self.filter_out(&definition.output, "/output", &output, Here::nowhere(&all));
        self.into_answers()
    }

    fn into_answers(self) -> Vec<Answered> {
        let is_over = self.left == 0;
        let failing = self.failing.into_iter().filter(|(_, fails)| *fails);
        let failing = failing.map(|(pointer, _)| Answered {
            pointer,
            what: "the expression".to_owned(),
            answer: Answer::No,
            why: "fails for every input".to_owned(),
        });
        let mut answers: Vec<Answered> = self.answers.into_values().collect();
        // What a parameter says already is not said twice.
        for failing in failing {
            let is_said = |known: &Answered| {
                known.answer == Answer::No && failing.pointer.starts_with(&known.pointer)
            };
            if !answers.iter().any(is_said) {
                answers.push(failing);
            }
        }
        if is_over {
            for answered in &mut answers {
                if answered.answer == Answer::Yes {
                    answered.answer = Answer::Unknown;
                    answered.why = "the document has too many ways to walk all of them".to_owned();
                }
            }
        }
        answers
    }

    pub(super) fn program(&self) -> &Program {
        self.workflow.program()
    }

    /// Keeps an answer. Of one place that is walked several times, all of them together.
    pub(super) fn note(&mut self, new: Answered) {
        let key = (new.pointer.clone(), new.what.clone());
        let Some(old) = self.answers.get_mut(&key) else {
            self.answers.insert(key, new);
            return;
        };
        match (old.answer, new.answer) {
            (old, new) if old == new => {}
            (Answer::MayFail, _) | (Answer::Unknown, Answer::Yes) => {}
            (_, Answer::MayFail) | (Answer::Yes, Answer::Unknown) => *old = new,
            // Some ways lead to what is taken, and others do not.
            _ => {
                let answer = Answer::Unknown;
                let why = if old.answer == Answer::No {
                    &old.why
                } else {
                    &new.why
                };
                let why = format!("by some ways {why}");
                *old = Answered { answer, why, ..new };
            }
        }
    }

    /// Tasks one after the other: what comes out behind the last.
    pub(super) fn list(&mut self, tasks: &[Task], state: State) -> State {
        let mut entries: Vec<State> = vec![State::never(); tasks.len()];
        let mut rounds = vec![0_u32; tasks.len()];
        let mut end = State::never();
        let Some(first) = entries.first_mut() else {
            return state;
        };
        *first = state;
        let mut open = BTreeSet::from([0]);
        while let Some(index) = open.pop_first() {
            for (then, state) in self.task(&tasks[index], entries[index].clone()) {
                if state.value.is_never() {
                    continue;
                }
                let target = match then {
                    Then::Continue => index + 1,
                    Then::Goto(target) => target,
                    Then::Exit => tasks.len(),
                    Then::End => {
                        self.ended = self.ended.or(&state.value);
                        self.exported = self.exported.or(&state.context);
                        continue;
                    }
                };
                let Some(entry) = entries.get_mut(target) else {
                    end = end.or(&state);
                    continue;
                };
                let joined = entry.or(&state).after(rounds[target]);
                if joined != *entry {
                    *entry = joined;
                    rounds[target] += 1;
                    open.insert(target);
                }
            }
        }
        end
    }

    fn task(&mut self, task: &Task, state: State) -> Vec<(Then, State)> {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            return Vec::new();
        }
        let State {
            value: raw,
            context,
        } = state;
        let here = Here {
            context: &context,
            task: Some(task),
            raw: Some(&raw),
            input: Some(&raw),
            output: None,
        };
        let (mut ways, mut seen) = (Vec::new(), raw.clone());
        if let Some(condition) = task.condition {
            let (is_true, may_be_false) = truth(&self.evaluate(condition, &raw, here).0);
            if may_be_false {
                let passed = State {
                    value: self.narrowed(condition, &raw, false),
                    context: context.clone(),
                };
                ways.push((Then::Continue, passed));
            }
            if is_true.is_never() {
                return ways;
            }
            seen = self.narrowed(condition, &raw, true);
        }
        let here = Here {
            raw: Some(&seen),
            input: Some(&seen),
            ..here
        };
        let input = self.filter_in(&task.input, &format!("{}/input", task.pointer), &seen, here);
        let here = Here {
            input: Some(&input),
            ..here
        };
        if let Some(span) = &task.timeout {
            self.span(span, &input, here);
        }
        for (then, state) in self.work(task, &input, here) {
            if !state.value.is_never() {
                ways.push((then, self.finish(task, state, here)));
            }
        }
        ways
    }

    /// Filters the output and exports it.
    fn finish(&mut self, task: &Task, state: State, here: Here<'_>) -> State {
        let State { value, context } = state;
        let here = Here {
            output: Some(&value),
            context: &context,
            ..here
        };
        if let Some(call) = &task.extra.compensate {
            let pointer = format!("{}/metadata/compensate", task.pointer);
            self.call(call, &pointer, &value, here);
        }
        let output = self.filter_out(
            &task.output,
            &format!("{}/output", task.pointer),
            &value,
            here,
        );
        let mut exported = context.clone();
        if task.export.map.is_some() || task.export.schema.is_some() {
            let here = Here {
                output: Some(&output),
                ..here
            };
            exported = self.filter_out(
                &task.export,
                &format!("{}/export", task.pointer),
                &output,
                here,
            );
            self.exported = self.exported.or(&exported);
        }
        State {
            value: output,
            context: exported,
        }
    }

    fn narrowed(&self, condition: Expr, value: &Type, wanted: bool) -> Type {
        match self.term(condition) {
            Some(term) => narrow(term, value, wanted),
            None => value.clone(),
        }
    }

    /// The values for which a condition holds, and those for which it does not.
    pub(super) fn parted(&mut self, condition: Expr, value: &Type, here: Here<'_>) -> (Type, Type) {
        let (is_true, may_be_false) = truth(&self.evaluate(condition, value, here).0);
        let held = match is_true.is_never() {
            true => Type::never(),
            false => self.narrowed(condition, value, true),
        };
        let not = match may_be_false {
            true => self.narrowed(condition, value, false),
            false => Type::never(),
        };
        (held, not)
    }

    pub(super) fn term(&self, Expr(index): Expr) -> Option<&Term<&'a str>> {
        self.terms.get(index as usize)?.as_ref()
    }
}
