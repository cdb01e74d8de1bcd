use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use serde_json::json;

use super::*;

#[derive(serde::Deserialize)]
struct Row {
    text: String,
    input: Value,
    #[serde(default)]
    variables: BTreeMap<String, Value>,
    #[serde(default)]
    output: Value,
    #[serde(default)]
    error: bool,
    /// Why jq gives another value.
    differs: Option<String>,
}

fn table() -> Vec<Row> {
    let lines = include_str!("table.jsonl").lines();
    lines
        .map(|line| serde_json::from_str(line).expect(line))
        .collect()
}

fn source(text: &str, names: &[&str]) -> Source {
    Source {
        text: Arc::from(text),
        pointer: Arc::from("/do/0"),
        names: names.iter().map(|name| Arc::from(*name)).collect(),
    }
}

fn run(text: &str, input: &Value) -> Result<Value, String> {
    let program = Program::compile(&[source(text, &[])])
        .map_err(|problems| format!("{}: {}", problems[0].code, problems[0].message))?;
    program
        .evaluate(Expr(0), input, &())
        .map_err(|fault| fault.message)
}

fn pairs(variables: &BTreeMap<String, Value>) -> Vec<(Arc<str>, Arc<Value>)> {
    let pairs = variables.iter();
    pairs
        .map(|(name, value)| (Arc::from(name.as_str()), Arc::new(value.clone())))
        .collect()
}

#[test]
fn every_expression_of_the_table_gives_its_value_in_one_program() {
    let rows = table();
    let sources: Vec<Source> = rows
        .iter()
        .map(|row| {
            let names: Vec<&str> = row.variables.keys().map(String::as_str).collect();
            source(&row.text, &names)
        })
        .collect();
    let program = Program::compile(&sources).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let mut wrong = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let expr = Expr(u32::try_from(index).unwrap());
        let result = program.evaluate(expr, &row.input, &pairs(&row.variables));
        let fits = match &result {
            Ok(value) => !row.error && *value == row.output,
            Err(_) => row.error,
        };
        if !fits {
            wrong.push(format!(
                "{} of {}: {result:?}, not {}",
                row.text, row.input, row.output
            ));
        }
        let is_true = program.is_true(expr, &row.input, &pairs(&row.variables));
        let expected = result.map(|value| !matches!(value, Value::Null | Value::Bool(false)));
        assert_eq!(is_true, expected, "{}", row.text);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(program.plain_count() > 50);
}

#[test]
fn the_table_is_what_jq_says() {
    if Command::new("jq").arg("--version").output().is_err() {
        let line = "skipped: expression::the_table_is_what_jq_says: there is no `jq` on PATH\n";
        // Past the capture of the test runner, which shows nothing of a test that passes.
        drop(std::io::stderr().write_all(line.as_bytes()));
        return;
    }
    let mut wrong = Vec::new();
    for row in table() {
        let said = ask_jq(&row);
        let agrees = match &said {
            Some(value) => !row.error && same(value, &row.output),
            None => row.error,
        };
        // Which of the differences are there depends on the version of jq.
        if !agrees && row.differs.is_none() {
            wrong.push(format!("{}: {said:?}, not {}", row.text, row.output));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn ask_jq(row: &Row) -> Option<Value> {
    let mut command = Command::new("jq");
    command.arg("-c");
    for (name, value) in &row.variables {
        command.args(["--argjson", name, &value.to_string()]);
    }
    let mut child = command
        .arg(&row.text)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    // What it refuses it does not read to the end.
    drop(input.write_all(row.input.to_string().as_bytes()));
    drop(input);
    let output = child.wait_with_output().unwrap();
    let first = String::from_utf8(output.stdout).unwrap();
    match first.lines().next() {
        Some(line) => Some(serde_json::from_str(line).unwrap()),
        None if output.status.success() => Some(Value::Null),
        None => None,
    }
}

/// Equal as jq has it: numbers by value.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            left == right || (left.is_f64() || right.is_f64()) && left.as_f64() == right.as_f64()
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(key, left)| right.get(key).is_some_and(|right| same(left, right)))
        }
        (left, right) => left == right,
    }
}

#[test]
fn what_is_impure_or_unknown_is_refused_by_name_and_at_once() {
    for (text, code, word) in [
        ("now", IMPURE, "now"),
        ("env", IMPURE, "env"),
        ("$ENV.PATH", IMPURE, "$ENV"),
        ("$__loc__", IMPURE, "$__loc__"),
        ("[inputs]", IMPURE, "inputs"),
        ("input", IMPURE, "input"),
        ("input_line_number", IMPURE, "input_line_number"),
        ("{a: (1 | debug)}", IMPURE, "debug"),
        ("stderr", IMPURE, "stderr"),
        ("halt", IMPURE, "halt"),
        ("\"\\(0 | localtime)\"", IMPURE, "localtime"),
        ("get_search_list", IMPURE, "get_search_list"),
        (".[now]", IMPURE, "now"),
        ("def f: now; f", IMPURE, "now"),
        ("def f: now; def now: 1; f", INVALID, "now"),
        ("selekt(.a)", INVALID, "did you mean `select`"),
        ("map", INVALID, "another number of arguments"),
        ("$contex.a", INVALID, "did you mean `$context`"),
        ("$nothing", INVALID, "$context"),
        ("1 as $x | $y", INVALID, "$y"),
        ("(1 as $x | 2) | $x", INVALID, "$x"),
        ("break $out", INVALID, "$out"),
        (".a |", INVALID, "at its end"),
        (".a ] .b", INVALID, "character 4"),
        ("", INVALID, "empty"),
        ("import \"a\" as a; .", INVALID, "modules"),
        ("def f: f; f", INVALID, "calls itself"),
        ("def f: 1 + f; f", INVALID, "calls itself"),
        ("def f: def g: f; g; f", INVALID, "calls itself"),
        ("expression_main", INVALID, "expression_main"),
    ] {
        let problems = Program::compile(&[source(text, &[])]).expect_err(text);
        let problem = &problems[0];
        let shown = problem.to_string();
        let known = problem.code == code || code == INVALID && problem.code == IMPURE;
        assert!(known && shown.contains(word), "{text}: {shown}");
        assert_eq!(problem.place.as_deref(), Some("/do/0"), "{text}");
    }
    let all = [
        source("now", &[]),
        source(".a |", &[]),
        source("[env, $x]", &["y"]),
    ];
    assert_eq!(Program::compile(&all).unwrap_err().len(), 4);
}

#[test]
fn names_of_loops_and_handlers_are_known_where_they_are_named() {
    let sources = [
        source("$pet.id + $index", &["pet", "index"]),
        source("$task.name", &[]),
    ];
    let program = Program::compile(&sources).unwrap();
    let variables = vec![
        (Arc::from("pet"), Arc::new(json!({"id": 1}))),
        (Arc::from("pet"), Arc::new(json!({"id": 7}))),
        (Arc::from("index"), Arc::new(json!(3))),
    ];
    let result = program.evaluate(Expr(0), &Value::Null, &variables);
    assert_eq!(result.unwrap(), json!(10), "the innermost counts");
    let missing = program.evaluate(Expr(1), &Value::Null, &variables);
    assert_eq!(missing.unwrap(), Value::Null);
    assert!(Program::compile(&[source("$pet", &[])]).is_err());
}

#[test]
fn what_does_not_end_or_grows_without_bound_is_ended() {
    for (text, part) in [
        ("[range(infinite)]", "steps"),
        ("[repeat(1)]", "steps"),
        ("until(false; .)", "steps"),
        ("[while(true; .)]", "steps"),
        ("[range(0; 10; 0)]", "steps"),
        ("try [repeat(1)] catch 1", "steps"),
        ("reduce range(100000) as $i (0; [.])", "large"),
        ("reduce range(100) as $i (0; [., .])", "large"),
        ("reduce range(100) as $i (\"x\"; . + .)", "large"),
        ("reduce range(100) as $i ([1]; . + .)", "large"),
        ("reduce range(100) as $i ({a: \"x\"}; .a += .a)", "large"),
        ("reduce range(100) as $i (9; . * .)", "large"),
        ("\"x\" * 1000000000", "large"),
        ("1000000000 * \"x\"", "large"),
        ("{a: \"x\"} | .a *= 1000000000", "large"),
        ("[limit(3000; repeat(\"x\" * 10000))] | add", "large"),
        ("\"[\" * 5000000 | fromjson", "deep"),
        (
            &format!("[{}]", vec!["(1,2) as $a"; 40].join(" | ") + " | 1"),
            "steps",
        ),
        (
            &format!("{} | tojson", vec!["[., .]"; 40].join(" | ")),
            "large",
        ),
        (
            &format!("{} | \"\\(.)\"", vec!["[., .]"; 40].join(" | ")),
            "large",
        ),
        (&vec!["[., .]"; 40].join(" | "), "large"),
        (
            &("def f(g): g | g; ".to_owned() + &"f(".repeat(40) + "." + &")".repeat(40)),
            "steps",
        ),
    ] {
        let message = run(text, &json!(1)).expect_err(text);
        assert!(message.contains(part), "{text}: {message}");
    }
}

#[test]
fn loops_within_the_bounds_are_not_ended() {
    for (text, expected) in [
        ("reduce range(100000) as $i (0; . + 1)", json!(100_000)),
        ("[range(50000)] | map(. + 1) | length", json!(50_000)),
        ("last(limit(50000; 1 | recurse(. + 1)))", json!(50_000)),
        ("0 | until(. > 50000; . + 1)", json!(50_001)),
        (
            "reduce range(20000) as $i ([]; . + [$i]) | length",
            json!(20_000),
        ),
        ("first(repeat(1))", json!(1)),
        ("[limit(2; repeat(1))]", json!([1, 1])),
        ("repeat(1)", json!(1)),
    ] {
        assert_eq!(run(text, &json!(1)), Ok(expected), "{text}");
    }
}

#[test]
fn what_no_json_holds_is_a_fault_and_never_a_panic() {
    for (text, part) in [
        ("nan", "JSON cannot hold"),
        ("infinite", "JSON cannot hold"),
        ("18446744073709551615 + 1", "JSON cannot hold"),
        ("99999999999999999999999999", "JSON cannot hold"),
        (".[0] | tobytes", "no function"),
        ("{(1): 1}", "no text"),
        (".[1000000000000] = 1", "out of bounds"),
        (".a", "cannot index"),
        (".[0].x", "cannot index"),
        ("error({a: 1})", "{\"a\":1}"),
        ("error", "1"),
        (".[0] | error(null)", "null"),
        ("1 % 0", "cannot calculate"),
        ("[.[] | keys]", "cannot use"),
    ] {
        let message = run(text, &json!([1, 2])).expect_err(text);
        assert!(message.contains(part), "{text}: {message}");
    }
    for text in [
        ".[99999999999999999999]",
        ".[-99999999999999999999]",
        ".[1e300]",
        ".[9223372036854775807]",
        ".[-9223372036854775808]",
        "-9223372036854775808 | abs",
        "-9223372036854775808 | length",
        "[.[9223372036854775807:]]",
        "[-9223372036854775808 % -1]",
        "1e999999",
        "[55296] | implode",
        "[1114112] | implode",
        "[-1] | implode",
        "\"\\ud800\"",
        "9223372036854775807 | todate",
        "1e300 | todate",
        "\"x\" | strptime(\"%Q\")",
        "0 | strftime(\"%Q%\")",
        "\"a\" | test(\"(\")",
        "\"a\" | sub(\"\"; \"b\"; \"g\")",
        "[[1],[]] | transpose",
        "[] | min",
        "[] | transpose",
        "[limit(-1; 1)]",
        "[splits(\"\")]",
        "\"\" | split(\"\")",
        "[] | first",
        "nan < nan",
        "{} | .[\"a\"][0:1] = [1]",
        "[1] | .[-5] = 1",
        "[1] | del(.[5])",
        "[range(0; 1; 0.0)] | length",
    ] {
        let result = run(text, &json!([1, 2]));
        let message = result.err().unwrap_or_default();
        assert!(!message.contains("evaluator failed"), "{text}: {message}");
    }
}

#[test]
fn a_fault_names_the_expression_its_place_and_not_a_book() {
    let program = Program::compile(&[source(".a", &[])]).unwrap();
    let input = json!(["x".repeat(10_000)]);
    let fault = program.evaluate(Expr(0), &input, &()).unwrap_err();
    assert_eq!((&*fault.text, &*fault.pointer), (".a", "/do/0"));
    assert!(fault.message.chars().count() <= limit::EXPRESSION_QUOTE + 1);
    assert!(
        fault
            .to_string()
            .starts_with("expression `.a` failed: cannot index")
    );
}

#[test]
fn deep_and_long_texts_do_not_overflow_the_stack() {
    let texts = |n: usize| {
        let deep = n.min(limit::EXPRESSION_BRACKETS);
        [
            format!("{}.{}", "(".repeat(deep), ")".repeat(deep)),
            format!("{}.{}", "[".repeat(deep), "]".repeat(deep)),
            format!("{}.{}", "{a:[".repeat(deep / 2), "]}".repeat(deep / 2)),
            format!("{}1", "-".repeat(n)),
            format!("{}1", "try ".repeat(n)),
            format!("{}1{}", "if 1 then ".repeat(n), " end".repeat(n)),
            vec!["."; n].join("|"),
            vec!["1"; n].join(","),
            vec!["1"; n].join("+"),
            vec!["1"; n].join("//"),
            format!("{}.", ". as $x|".repeat(n)),
            format!("{}.", "label $x|".repeat(n)),
            ".a".repeat(n),
            "[0]".repeat(deep),
            "x".repeat(n),
        ]
    };
    let sizes = [
        limit::EXPRESSION_DEPTH_SHALLOW,
        limit::EXPRESSION_DEPTH - 2,
        limit::EXPRESSION_DEPTH + 10,
        limit::EXPRESSION_WORDS,
    ];
    for text in sizes.into_iter().flat_map(texts) {
        // Half of what a worker has: overflow would end the process.
        let ran = std::thread::Builder::new()
            .stack_size(1 << 20)
            .spawn(move || drop(run(&text, &json!(null))));
        assert!(ran.unwrap().join().is_ok());
    }
    for (text, part) in [
        ("(".repeat(100), "nested"),
        ("1+".repeat(5_000), "words"),
        ("x".repeat(20_000), "bytes"),
    ] {
        assert!(run(&text, &Value::Null).unwrap_err().contains(part));
    }
}

#[test]
fn a_template_is_rendered_in_the_order_of_the_document() {
    let program = Program::compile(&[source(".n + 1", &[]), source(".a", &[])]).unwrap();
    let template = Template::Object(vec![
        (Arc::from("z"), Template::Expr(Expr(0))),
        (
            Arc::from("a"),
            Template::Array(vec![
                Template::Value(Arc::new(json!({"k": true}))),
                Template::Expr(Expr(1)),
            ]),
        ),
    ]);
    let rendered = program.render(&template, &json!({"n": 1, "a": {"y": 1, "b": 2}}), &());
    let text = rendered.unwrap().to_string();
    assert_eq!(text, r#"{"z":2,"a":[{"k":true},{"y":1,"b":2}]}"#);
    assert!(program.render(&template, &json!(1), &()).is_err());
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[abc]|.{0,3}", inner), 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

fn paths() -> impl Strategy<Value = String> {
    let step = prop_oneof![
        "[abc]".prop_map(|key| format!("[\"{key}\"]")),
        (-4_i64..4).prop_map(|place| format!("[{place}]")),
        any::<i64>().prop_map(|place| format!("[{place}]")),
    ];
    let step = (step, any::<bool>()).prop_map(|(step, optional)| match optional {
        true => format!("{step}?"),
        false => step,
    });
    let root = prop_oneof![Just("."), Just("$input")];
    (root, prop::collection::vec(step, 0..4))
        .prop_map(|(root, steps)| format!("{root}{}", steps.concat()))
}

/// Compiled once: the prelude takes most of a case.
static SAME: std::sync::LazyLock<Program> =
    std::sync::LazyLock::new(|| Program::compile(&[source(". | .", &[])]).unwrap());

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_path_gives_what_jq_gives(paths in prop::collection::vec(paths(), 8), value in values()) {
        // Behind a pipe it is no plain path, and goes through jq.
        let plain = paths.iter().map(|path| source(path, &[]));
        let piped = paths.iter().map(|path| source(&format!(". | ({path})"), &[]));
        let sources: Vec<Source> = plain.zip(piped).flat_map(<[Source; 2]>::from).collect();
        let program = Program::compile(&sources).unwrap();
        prop_assert_eq!(program.plain_count(), paths.len());
        let variables = vec![(Arc::from("input"), Arc::new(value.clone()))];
        let of = |index| {
            let result = program.evaluate(Expr(index), &value, &variables);
            result.map_err(|fault| fault.message)
        };
        for (index, path) in (0_u32..).zip(&paths) {
            prop_assert_eq!(of(2 * index), of(2 * index + 1), "{}", path);
        }
    }

    #[test]
    fn a_value_comes_back_as_it_went(input in values()) {
        let output = SAME.evaluate(Expr(0), &input, &()).unwrap();
        prop_assert_eq!(input.to_string(), output.to_string());
    }
}

/// A document of two hundred expressions that all need jq.
#[test]
fn a_document_of_many_expressions_is_one_program() {
    let texts: Vec<String> = (0..200)
        .map(|n| format!("[.items[] | select(.n > {n}) | .name] | join(\", \") | ascii_upcase"))
        .collect();
    let sources: Vec<Source> = texts.iter().map(|text| source(text, &[])).collect();
    let program = Program::compile(&sources).unwrap();
    let input = json!({"items": [{"n": 100, "name": "a"}, {"n": 300, "name": "b"}]});
    assert_eq!(
        program.evaluate(Expr(5), &input, &()).unwrap(),
        json!("A, B")
    );
    assert_eq!(
        program.evaluate(Expr(150), &input, &()).unwrap(),
        json!("B")
    );
}

/// Each form of a term, with its own reach. The input is that of the test below.
#[rustfmt::skip]
const REACHING: &[&str] = &[
        ".a.b + .b",
        ".c // .b",
        "[.a, .b]",
        "{a, b: .b}",
        "{a, k: 1}",
        "{(.k): .b}",
        "\"\\(.a.b) \\(.k)\"",
        ".[.k]",
        ".a[.k | \"b\"]",
        "if .b then .a else .c end",
        "if .c then .a end",
        ".b as $x | .a.b + $x",
        ". as {a: $x} | $x",
        ". as {$a, (.k): $y} | $a",
        ".a as {b: $x} | $x",
        ".a as {(.k | \"b\"): $x} | $x",
        "reduce .l[] as $i (.b; . + $i)",
        "reduce .l[] as $i (.; .b += $i)",
        "[foreach .a.k[] as $i (.b; . + $i; [., $i])]",
        "keys",
        "length",
        "has(\"c\")",
        ".a.b = 3",
        ".b |= . + 1",
        "to_entries | length",
        "try .a.b catch .",
        "try error(.b) catch .",
        "[.[]] | length",
        "-(.b)",
        ".a | keys",
        "[..] | length",
        "def f: .b; f",
        "def f($x): .b + $x; f(.a.b)",
        "@json \"\\(.a)\"",
        "label $out | .b, break $out",
        ".b < 3 and (.c | not)",
        "select(.b == 2) | .a",
        "(.a, .b) | type",
        ".[\"a\", \"b\"]",
        "[.l[.b - 2:]]",
        ".a.k[.b - 1]",
        "first(.a, .b)",
        "with_entries(.value = 1)",
        "empty // .a",
    ];

#[test]
fn an_expression_takes_what_it_reaches_and_no_less() {
    let input = json!({"a": {"b": 1, "k": [1, 2]}, "b": 2, "c": null, "k": "a", "l": [3]});
    let context = vec![(Arc::from("context"), Arc::new(input.clone()))];
    // Each form once with its own reach, once behind a pipe that reaches all, once of a variable.
    for text in REACHING {
        let whole = run(&format!(". as $whole | [$whole] | .[0] | ({text})"), &input);
        assert_eq!(run(text, &input), whole, "{text}");
        let of_variable = format!("$context | ({text})");
        let program = Program::compile(&[source(&of_variable, &[])]).unwrap();
        let result = program.evaluate(Expr(0), &Value::Null, &context);
        assert_eq!(result.map_err(|fault| fault.message), whole, "{text}");
    }
    for (text, expected) in [
        ("$context.a.b + $context.b", json!(3)),
        ("[$context.b, ($context | length)]", json!([2, 5])),
        ("1 as $context | $context", json!(1)),
        ("$context[$context.k].b", json!(1)),
        ("{$context} | .context.b", json!(2)),
    ] {
        let program = Program::compile(&[source(text, &[])]).unwrap();
        let result = program.evaluate(Expr(0), &Value::Null, &context);
        assert_eq!(result.unwrap(), expected, "{text}");
    }
}
