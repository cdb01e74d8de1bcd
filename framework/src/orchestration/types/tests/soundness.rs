//! Types against the evaluator and the validator: schemas, expressions and values that are made up.
//!
//! A round makes a schema of the input, one of a variable and an expression. For values that `jsonschema` lets through,
//! the expression is run: what it gives must be of the inferred type, it may fail only where that says so, and what a
//! consumer's schema is said to take, `jsonschema` must let through.
//!
//! 100,000 values in the ordinary suite; `WELDKIT_TYPES=1000000` makes a million of them.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::infer::{Fails, Fault, Scope, evaluate, put_fault};
use super::make::{self, Made};
use crate::contract::types::{Draws, Fit, Origin, Type, fits, read};
use crate::orchestration::definition::{Expr, Source};
use crate::orchestration::expression::Program;

/// Values of the ordinary suite.
const VALUES: usize = 100_000;
/// Expressions of one program: to compile one takes longer than to run it.
const BATCH: usize = 250;
/// Values that an expression is tried with of which something is promised.
const TRIES: usize = 60;
/// And one of which nothing is.
const TRIES_FEW: usize = 5;

/// What came of it.
#[derive(Debug, Default)]
struct Tally {
    /// Values that were put into an expression that was said not to fail, and to give what some consumer takes.
    values: usize,
    /// Consumers that were said to take what comes, each asked about each value.
    taken: usize,
    /// Consumers that were said to take nothing.
    refused: usize,
    /// The first thing that was wrong.
    wrong: Option<String>,
}

/// A consumer: its schema, its type, and what lets values through.
struct Consumer {
    schema: Value,
    of: Type,
    validator: jsonschema::Validator,
}

impl Consumer {
    fn new(schema: Value) -> Self {
        Self {
            of: read(&schema, Origin::Checked),
            validator: jsonschema::validator_for(&schema).unwrap(),
            schema,
        }
    }
}

/// Consumers that something fits now and then.
fn common() -> Vec<Consumer> {
    [
        json!({"type": "string"}),
        json!({"type": ["string", "null"]}),
        json!({"type": "string", "minLength": 1, "maxLength": 40}),
        json!({"type": "number"}),
        json!({"type": "integer"}),
        json!({"type": "integer", "minimum": 0, "maximum": 1000}),
        json!({"type": "boolean"}),
        json!({"type": "null"}),
        json!({"type": "array"}),
        json!({"type": "array", "items": {"type": ["string", "number"]}, "maxItems": 5}),
        json!({"type": "object"}),
        json!({"type": "object", "required": ["a"]}),
        json!({"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": {"type": ["null", "number", "string"]}}),
        json!({"type": ["array", "object"]}),
        json!({"type": ["string", "number", "boolean", "null"]}),
        json!({"type": ["object", "null", "boolean"], "additionalProperties": {"type": ["null", "string", "number", "boolean", "array"]}}),
        json!({"not": {"type": "null"}}),
    ]
    .into_iter()
    .map(Consumer::new)
    .collect()
}

/// One expression, and what is around it.
struct Round {
    input: Value,
    variable: Value,
    text: Arc<str>,
}

fn run(values: usize, seed: u64) -> Tally {
    let (mut tally, consumers) = (Tally::default(), common());
    let mut draws = Draws::new(seed);
    while tally.values < values && tally.wrong.is_none() {
        let rounds: Vec<Round> = (0..BATCH)
            .map(|_| Round {
                input: make::schema(&mut draws, 3),
                variable: make::schema(&mut draws, 1),
                text: make::expression(&mut draws, 3).into(),
            })
            .collect();
        let sources: Vec<Source> = rounds
            .iter()
            .map(|round| Source {
                text: round.text.clone(),
                pointer: "".into(),
                names: Arc::from(["x".into()]),
            })
            .collect();
        let program = Program::compile(&sources).unwrap();
        for (place, (round, source)) in rounds.iter().zip(&sources).enumerate() {
            let made = make::expression_made(source);
            one(
                round, &made, &program, place, &consumers, &mut draws, &mut tally,
            );
        }
    }
    tally
}

fn one(
    round: &Round,
    Made(term): &Made<'_>,
    program: &Program,
    place: usize,
    consumers: &[Consumer],
    draws: &mut Draws,
    tally: &mut Tally,
) {
    let types = [&round.input, &round.variable].map(|schema| read(schema, Origin::Checked));
    let mut scope = Scope::new(vec![("x".into(), types[1].clone())]);
    let (of, fails) = evaluate(term, &types[0], &mut scope);
    let own = Consumer::new(make::schema(draws, 2));
    let said: Vec<(&Consumer, Fit)> = consumers
        .iter()
        .chain([&own])
        .map(|consumer| (consumer, fits(&of, &consumer.of)))
        .collect();
    let validators =
        [&round.input, &round.variable].map(|schema| jsonschema::validator_for(schema).unwrap());
    let is_yes = |(_, fit): &(&Consumer, Fit)| *fit == Fit::Yes;
    let is_promised = fails == Fails::Never && said.iter().any(is_yes);
    for _ in 0..if is_promised { TRIES } else { TRIES_FEW } {
        let input = make::value(&round.input, &round.input, draws, 0);
        let variable = make::value(&round.variable, &round.variable, draws, 0);
        if !validators[0].is_valid(&input) || !validators[1].is_valid(&variable) {
            continue;
        }
        tally.values += usize::from(is_promised);
        let variables = vec![(Arc::from("x"), Arc::new(variable.clone()))];
        let index = Expr(u32::try_from(place).unwrap());
        let mut wrong = |what: String| {
            tally.wrong.get_or_insert(format!(
                "{what}\nexpression {}\nof type {of}, fails {fails:?}\ninput {input}\nof schema {}\n$x {variable}\nof schema {}",
                round.text, round.input, round.variable
            ));
        };
        let given = match program.evaluate(index, &input, &variables) {
            Ok(_) if fails == Fails::Always => return wrong("does not fail".to_owned()),
            Ok(given) => given,
            Err(fault) if fails == Fails::Never => return wrong(format!("fails: {fault}")),
            Err(_) => continue,
        };
        if matches!(fits(&Type::of(&given), &of), Fit::No | Fit::May) {
            return wrong(format!("gives {given}, which is not of the type"));
        }
        for (consumer, fit) in &said {
            let is_taken = consumer.validator.is_valid(&given);
            match fit {
                Fit::Yes if !is_taken => {
                    return wrong(format!("gives {given}, which {} refuses", consumer.schema));
                }
                Fit::No if is_taken => {
                    return wrong(format!("gives {given}, which {} takes", consumer.schema));
                }
                Fit::Yes => tally.taken += 1,
                Fit::No => tally.refused += 1,
                Fit::May | Fit::Unknown => {}
            }
        }
    }
}

fn wanted() -> usize {
    let given = std::env::var("WELDKIT_TYPES").ok();
    given.map_or(VALUES, |given| given.parse().unwrap())
}

#[test]
fn what_is_said_to_fit_never_fails() {
    let tally = run(wanted(), 7);
    if let Some(wrong) = tally.wrong {
        panic!("{wrong}");
    }
    // Nothing is proven by what says nothing.
    assert!(tally.values >= wanted(), "{tally:?}");
    assert!(tally.taken > tally.values, "{tally:?}");
    assert!(tally.refused > tally.values, "{tally:?}");
}

#[test]
fn faults_in_the_inference_are_found() {
    for fault in [
        Fault::MemberIsThere,
        Fault::SumStaysSmall,
        Fault::AlternativeIsTrue,
    ] {
        put_fault(Some(fault));
        let tally = run(VALUES, 7);
        put_fault(None);
        assert!(tally.wrong.is_some(), "{fault:?} is not found");
    }
}
