use schemars::JsonSchema;
use serde::Serialize;

use super::*;
use crate::contract::Json;
use crate::error::CallError;
use crate::orchestration::{Report, Surroundings, check};

mod make;
mod runs;
mod soundness;

/// What a note is.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct Note {
    id: u32,
    text: String,
    tag: Option<String>,
    size: f64,
}

/// Notes.
#[weldkit::service(name = "notes", version = "1.0")]
trait Notes {
    /// One.
    async fn get(&self, ctx: &crate::call::Ctx, id: u32) -> Result<Note, CallError>;
    /// Add one.
    #[method(permission = "notes.write")]
    async fn put(
        &self,
        ctx: &crate::call::Ctx,
        text: String,
        #[serde(default)] tags: Vec<String>,
        #[serde(default)] count: Option<u8>,
    ) -> Result<bool, CallError>;
    /// Keep anything.
    async fn keep(&self, ctx: &crate::call::Ctx, value: Json) -> Result<Json, CallError>;
}

fn report(body: &str, schema: &str) -> Report {
    let input = match schema {
        "" => String::new(),
        schema => format!("input: {{ schema: {{ document: {schema} }} }}\n"),
    };
    let text = format!(
        "document: {{ dsl: 1.0.3, namespace: test, name: types, version: 1.0.0 }}\n{input}do:\n{body}"
    );
    let services = [<dyn Notes as crate::call::Contract>::DESCRIPTOR];
    let around = Surroundings::of(&services);
    check(&text, "w.yaml", &around)
}

/// The answers to one call.
fn answers(call: &str, schema: &str) -> Shares {
    let report = report(&format!("  - one: {call}"), schema);
    let problems = report.problems.iter();
    let other: Vec<_> = problems
        .filter(|problem| !["type_mismatch", "invalid_parameter"].contains(&problem.code))
        .collect();
    assert!(other.is_empty(), "{call}: {other:?}");
    report.answers
}

const YES: Shares = Shares {
    yes: 1,
    no: 0,
    may_fail: 0,
    unknown: 0,
};
const NO: Shares = Shares {
    yes: 0,
    no: 1,
    may_fail: 0,
    unknown: 0,
};
const MAY: Shares = Shares {
    yes: 0,
    no: 0,
    may_fail: 1,
    unknown: 0,
};
const UNKNOWN: Shares = Shares {
    yes: 0,
    no: 0,
    may_fail: 0,
    unknown: 1,
};

const PET: &str = "{ type: object, required: [name, age], properties: { name: { type: string, maxLength: 20 }, nick: { type: string }, age: { type: integer, minimum: 0, maximum: 40 }, toys: { type: array, items: { type: string } }, kind: { enum: [cat, dog] }, weight: { type: number } } }";

#[test]
fn a_parameter_has_one_of_four_answers() {
    for (expression, expected) in [
        (".name", YES),
        (".nick", MAY),
        (".nick // .name", YES),
        (".age", NO),
        (".age | tostring", YES),
        (".other", UNKNOWN),
        ("\"\\(.name) is \\(.age)\"", YES),
        (".name + \"!\"", YES),
        (".name + .nick", YES),
        (".name + .age", NO),
        (".kind", MAY),
        ("if .kind == null then \"none\" else .kind end", YES),
        ("if .nick then .nick else .name end", YES),
        (
            "if .nick != null and .age > 3 then .nick else .name end",
            YES,
        ),
        ("[.name, .age][0]", YES),
        ("{a: .name}.a", YES),
        (".toys[0]", MAY),
        (".toys // [] | length | tostring", YES),
        (".toys | map(ascii_upcase) | first", MAY),
        (".name | explode | implode", UNKNOWN),
        ("$context.name", NO),
        ("$input.name", YES),
        ("$workflow.definition.document.name", YES),
        ("$task.name", YES),
        ("$secrets.key", UNKNOWN),
        (".name as $x | $x", YES),
        ("try .name catch 1", YES),
        ("(\"a\" * (.name | length)) // \"\"", YES),
        ("(\"a\" * .age) // \"\"", MAY),
        ("(\"a\" * 9007199254740993) // \"\"", MAY),
        (".name | select(. != \"\")", MAY),
        (".[\"name\"]", YES),
        (".name.first", NO),
        (".name?", YES),
        ("null", NO),
        ("\"text\"", YES),
    ] {
        let call = format!("{{ call: notes.put, with: {{ text: '${{ {expression} }}' }} }}");
        assert_eq!(answers(&call, PET), expected, "{expression}");
    }
}

#[test]
fn numbers_are_followed_with_their_bounds() {
    for (expression, expected) in [
        (".age", YES),
        (".age + 1", YES),
        (".age * 6", YES),
        (".age * 7", MAY),
        (".age + 1000", NO),
        (".age - 1", MAY),
        (".age / 2", MAY),
        ("- .age", MAY),
        ("-1 - .age", NO),
        (".name | length", YES),
        (".nick | length", MAY),
        (".toys", MAY),
        (".weight", MAY),
        ("null", YES),
        ("0.5", NO),
    ] {
        let call =
            format!("{{ call: notes.put, with: {{ text: x, count: '${{ {expression} }}' }} }}");
        let expected = expected.plus(YES);
        assert_eq!(answers(&call, PET), expected, "{expression}");
    }
}

#[test]
fn what_is_written_out_is_judged_by_its_type_too() {
    let of = |count: &str| {
        answers(
            &format!("{{ call: notes.put, with: {{ text: x, count: {count} }} }}"),
            "",
        )
    };
    assert_eq!(of("255"), YES.plus(YES));
    assert_eq!(of("256"), YES.plus(NO));
}

#[test]
fn what_takes_anything_takes_what_nothing_is_known_of() {
    let of = |expression: &str| {
        answers(
            &format!("{{ call: notes.keep, with: {{ value: '${{ {expression} }}' }} }}"),
            "",
        )
    };
    assert_eq!(of("."), YES);
    assert_eq!(of("[., 1]"), YES);
    assert_eq!(of(".a"), UNKNOWN);
}

#[test]
fn a_value_that_fails_is_shown_with_its_place() {
    let body = "  - one:\n      call: notes.put\n      with:\n        text: ${ .nick }\n";
    let found = report(body, PET);
    let [open] = &found.open[..] else {
        panic!("{found:?}");
    };
    assert_eq!(
        (open.code, open.place.as_deref()),
        ("may_fail", Some("w.yaml:7:15"))
    );
    assert!(
        open.message
            .starts_with("the parameter `text` of `notes.put` may be `null` when the task sees `{"),
        "{open}"
    );
    let found = report(&body.replace(".nick", ".age"), PET);
    let [problem] = &found.problems[..] else {
        panic!("{found:?}");
    };
    assert_eq!(problem.code, "type_mismatch");
    assert_eq!(
        problem.message,
        "the parameter `text` of `notes.put` is integer 0 to 40, and string is taken"
    );
}

/// The answer for the last task of a document, whose parameter `text` is the expression.
fn last(tasks: &str, expression: &str) -> Shares {
    let call = format!("  - last: {{ call: notes.put, with: {{ text: '${{ {expression} }}' }} }}");
    let found = report(&format!("{tasks}{call}"), PET);
    assert!(
        found
            .problems
            .iter()
            .all(|problem| problem.code == "type_mismatch"),
        "{:?}",
        found.problems
    );
    found.answers
}

/// Tasks, what of their output is put as a text, and the answer.
const FLOWS: &[(&str, &str, Shares)] = &[
    (
        "  - a: { set: { said: '${ .name }', count: 3 } }\n",
        ".said",
        YES,
    ),
    (
        "  - a: { set: { said: '${ .name }', count: 3 } }\n",
        ".count",
        NO,
    ),
    (
        "  - a: { set: { said: '${ .name }' }, if: '${ .age > 3 }' }\n",
        ".name // .said",
        YES,
    ),
    (
        "  - a: { set: { said: x }, output: { as: '${ .said }' } }\n",
        ".",
        YES,
    ),
    (
        "  - a: { set: { said: x }, export: { as: '${ {who: $input.name} }' } }\n",
        "$context.who",
        YES,
    ),
    (
        "  - a: { set: { said: x }, input: { from: '${ {b: .name} }' }, output: { as: '${ $input.b }' } }\n",
        ".",
        YES,
    ),
    (
        "  - a: { for: { each: toy, in: '${ .toys // [] }' }, do: [ { b: { set: { t: '${ $toy }' } } } ] }\n",
        ".name // .t",
        YES,
    ),
    (
        "  - a: { for: { each: toy, in: '${ .toys // [] }' }, do: [ { b: { set: { t: '${ $toy }' } } } ] }\n",
        ".t",
        UNKNOWN,
    ),
    (
        "  - a: { fork: { branches: [ { b: { set: { x: 1 } } }, { c: { set: { y: z } } } ] } }\n",
        ".[1].y",
        YES,
    ),
    (
        "  - a: { fork: { compete: true, branches: [ { b: { set: { x: q } } }, { c: { set: { x: z } } } ] } }\n",
        ".x",
        YES,
    ),
    (
        "  - a: { try: [ { b: { set: { x: '${ .age | explode }' } } } ], catch: { as: e, do: [ { c: { set: { x: '${ $e.type }' } } } ] } }\n",
        ".x",
        UNKNOWN,
    ),
    (
        "  - a: { switch: [ { yes: { when: '${ .nick != null }', then: last } }, { no: { then: end } } ] }\n",
        ".nick",
        YES,
    ),
    (
        "  - a: { switch: [ { yes: { when: '${ .kind == \"cat\" }', then: b } }, { no: { then: c } } ] }\n  - b: { set: { k: '${ .kind }' }, then: last }\n  - c: { set: { k: no } }\n",
        ".k",
        YES,
    ),
    (
        "  - a: { set: { k: 1 } }\n  - b: { set: { k: '${ .k + 1 }' } }\n  - c: { switch: [ { more: { when: '${ .k < 5 }', then: b } }, { no: { then: last } } ] }\n",
        ".k | tostring",
        YES,
    ),
    ("  - a: { wait: { seconds: 1 } }\n", ".name", YES),
    (
        "  - a: { emit: { event: { with: { source: 'https://s/s', type: t } } } }\n",
        ".name",
        UNKNOWN,
    ),
    (
        "  - a: { listen: { to: { one: { with: { type: t } } } } }\n",
        ".[0] | tostring",
        YES,
    ),
];

#[test]
fn types_go_from_task_to_task() {
    for (tasks, expression, expected) in FLOWS {
        assert_eq!(last(tasks, expression), *expected, "{tasks}{expression}");
    }
}

#[test]
fn results_of_calls_have_the_types_of_their_contracts() {
    let call = "  - a: { call: notes.get, with: { id: '${ .age }' } }\n";
    for (expression, expected) in [
        (".text", YES),
        (".tag", MAY),
        (".tag // .text", YES),
        (".id", NO),
        (".none", NO),
        ("\"\\(.size)\"", YES),
    ] {
        assert_eq!(last(call, expression), expected.plus(YES), "{expression}");
    }
    let id = |of: &str| {
        let task = format!("  - a: {{ call: notes.get, with: {{ id: '${{ {of} }}' }} }}\n");
        last(&task, ".text")
    };
    assert_eq!(id(".age * 1000000"), YES.plus(YES));
    assert_eq!(id(".age - 50"), NO.plus(YES));
    assert_eq!(id(".age + 4294967280"), MAY.plus(YES));
}

#[test]
fn schemas_of_a_document_are_judged_as_well() {
    let of = |kind: &str| {
        let task = format!(
            "  - a: {{ set: {{ n: '${{ .name }}' }}, output: {{ schema: {{ document: {{ type: object, properties: {{ n: {{ type: {kind} }} }} }} }} }} }}\n"
        );
        last(&task, ".n | tostring")
    };
    assert_eq!(of("string"), YES.plus(YES));
    assert_eq!(of("integer").no, 1);
}

#[test]
fn what_always_fails_is_told_where_no_parameter_is() {
    let found = report("  - a: { set: { x: '${ .name + 1 }' } }\n", PET);
    let [problem] = &found.problems[..] else {
        panic!("{found:?}");
    };
    assert_eq!(
        (problem.code, problem.place.as_deref()),
        ("type_mismatch", Some("w.yaml:4:20"))
    );
}

#[test]
fn loops_that_nothing_leaves_are_told() {
    let codes = |tasks: &str| -> Vec<&str> {
        let problems = report(tasks, "").problems;
        problems.iter().map(|problem| problem.code).collect()
    };
    assert_eq!(
        codes("  - a: { set: { x: 1 } }\n  - b: { set: { x: 2 }, then: a }\n"),
        ["endless_loop"]
    );
    assert_eq!(
        codes(
            "  - a: { set: { x: 1 } }\n  - b: { switch: [ { x: { when: '${ . }', then: end } } ], then: a }\n"
        ),
        [""; 0]
    );
    assert_eq!(
        codes(
            "  - a: { do: [ { c: { raise: { error: { type: 'https://x/y', status: 500 } } } } ] }\n  - b: { set: { x: 2 }, then: a }\n"
        ),
        [""; 0]
    );
}

#[test]
fn a_large_document_is_looked_at_in_time_that_grows_with_it() {
    let nest = |depth: usize| {
        let mut body = "{ set: { a: '${ .a }' } }".to_owned();
        for _ in 0..depth {
            body = format!(
                "{{ for: {{ each: x, in: '${{ .toys // [] }}' }}, do: [ {{ t: {body} }} ] }}"
            );
        }
        format!("  - a: {body}\n")
    };
    let found = report(&nest(8), PET);
    assert!(found.problems.is_empty(), "{found:?}");
}
