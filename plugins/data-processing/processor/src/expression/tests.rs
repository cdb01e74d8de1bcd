use serde_json::json;

use super::*;

fn run(text: &str, item: &Value) -> Result<Value, String> {
    Expression::compile(text)?.run(item)
}

#[test]
fn expressions_give_one_value() {
    let item = json!({"date": "1990-01-08", "cost": {"other": 1, "repair": 2.5}, "tags": ["a", "b"], "big": u64::MAX});
    for (text, expected) in [
        (".date[0:7]", json!("1990-01")),
        (".cost.other + .cost.repair", json!(3.5)),
        ("[.tags[] | ascii_upcase]", json!(["A", "B"])),
        (".tags | length * 3", json!(6)),
        ("2 * 3.5", json!(7.0)),
        ("{a: 1} * {b: 2}", json!({"a": 1, "b": 2})),
        (".missing", json!(null)),
        (".missing // \"none\"", json!("none")),
        (
            "if .cost.other > 0 then \"paid\" else \"free\" end",
            json!("paid"),
        ),
        (
            "\"\\(.date): \\(.tags | join(\"+\"))\"",
            json!("1990-01-08: a+b"),
        ),
        (".date | test(\"^[0-9]{4}-\")", json!(true)),
        (".big", json!(u64::MAX)),
        ("reduce .tags[] as $tag (\"\"; . + $tag)", json!("ab")),
        ("[..] | length", json!(9)),
        ("@base64 \"\\(.tags[0])\"", json!("YQ==")),
    ] {
        assert_eq!(run(text, &item), Ok(expected), "{text}");
    }
}

#[test]
fn what_reads_writes_or_does_not_end_is_refused() {
    for text in [
        "input",
        "inputs",
        "debug",
        "stderr",
        "now",
        "env",
        "$ENV",
        "halt",
        "halt_error",
        "localtime",
        "repeat(.)",
        "range(10)",
        "until(false; .)",
        "while(true; .)",
        "recurse(.)",
        "def f: f; f",
        "import \"a\" as a; .",
        "include \"a\"; .",
        "combinations",
        "[.[] | select(now)]",
        "{a: (1 | debug)}",
        "\"\\(env)\"",
        ".[now]",
        "if now then 1 else 2 end",
        "try now catch 1",
        "reduce now as $x (0; .)",
        "expression_main",
        ".a *= 2",
        "input_filename",
        "get_search_list",
        "error_empty",
        "stderr_empty",
    ] {
        assert!(Expression::compile(text).is_err(), "{text} is accepted");
    }
}

#[test]
fn every_forbidden_call_is_named_at_once() {
    let message = Expression::compile("[now, env, (1 | debug)]").unwrap_err();
    for name in ["now/0", "env/0", "debug/0"] {
        assert!(message.contains(name), "{name} is missing in: {message}");
    }
}

#[test]
fn a_wrong_expression_says_where() {
    for (text, place) in [
        (".a |", "at its end"),
        (".a ] .b", "character 4"),
        ("nope(1)", "nope/1"),
        ("$nope", "`$nope`"),
        (".a | \"x", "expected"),
        ("", "empty"),
    ] {
        let message = Expression::compile(text).unwrap_err();
        assert!(message.contains(place), "{text}: {message}");
    }
}

#[test]
fn no_value_two_values_and_what_is_no_json_are_errors() {
    for (text, part) in [
        ("empty", "no value"),
        ("1, 2", "more than one"),
        (".[]", "more than one"),
        ("nan", "JSON cannot hold"),
        ("infinite", "JSON cannot hold"),
        ("18446744073709551615 + 1", "JSON cannot hold"),
        (".[100000000] = 1 | length", "index"),
        ("\"x\" * 1000000000", "multiplied"),
        ("error(\"so\")", "so"),
        (".[0].a.b | tonumber", "cannot parse"),
    ] {
        let message = run(text, &json!([{"a": {"b": "x"}}, 2])).unwrap_err();
        assert!(message.contains(part), "{text}: {message}");
    }
}

#[test]
fn a_value_that_grows_without_bound_is_cut_off() {
    // Forty doublings share their halves in memory and would be a terabyte as text.
    let doubling = vec!["[., .]"; 40].join(" | ");
    let message = run(&doubling, &json!(1)).unwrap_err();
    assert!(
        message.contains("bytes") || message.contains("deeper"),
        "{message}"
    );
    let wide = format!("[.[] | {}]", [".[]"; 3].join(", "));
    let many: Vec<_> = (0..1_000).map(|_| vec!["text"; 200]).collect();
    assert!(run(&wide, &json!(many)).unwrap_err().contains("bytes"));
}

#[test]
fn deep_and_long_texts_are_refused_and_do_not_overflow_the_stack() {
    // Each at the bound and far beyond it: refused clearly or compiled and run, on a thread with half the usual stack.
    let texts = |n: usize| {
        let deep = n.min(limit::EXPRESSION_BRACKETS_MAX);
        [
            format!("{}.{}", "(".repeat(n), ")".repeat(n)),
            format!("{}.{}", "(".repeat(deep), ")".repeat(deep)),
            format!("{}.{}", "[".repeat(deep), "]".repeat(deep)),
            format!("{}.{}", "{a:[".repeat(deep / 2), "]}".repeat(deep / 2)),
            format!("{}1", "-".repeat(n)),
            format!("{}1", "try ".repeat(n)),
            format!("{}1{}", "if 1 then ".repeat(n / 4), " end".repeat(n / 4)),
            vec!["."; n / 2].join("|"),
            vec!["1"; n / 2].join(","),
            vec!["1"; n / 2].join("+"),
            vec!["1"; n / 3].join("//"),
            format!("{}.", ". as $x|".repeat(n / 5)),
            format!("{}.", "label $x|".repeat(n / 4)),
            ".a".repeat(n / 2),
            "[0]".repeat(deep),
            "x".repeat(n),
        ]
    };
    let sizes = [
        limit::EXPRESSION_DEPTH_MAX / 2,
        2 * limit::EXPRESSION_DEPTH_MAX,
        limit::EXPRESSION_WORDS_MAX,
        2_000,
    ];
    for text in sizes.into_iter().flat_map(texts) {
        let ran = std::thread::Builder::new()
            .stack_size(1 << 20)
            .spawn(move || drop(run(&text, &json!(1))))
            .unwrap()
            .join();
        assert!(ran.is_ok());
    }
    assert!(
        Expression::compile(&"(".repeat(100))
            .unwrap_err()
            .contains("nested")
    );
    assert!(
        Expression::compile(&"1+".repeat(1_000))
            .unwrap_err()
            .contains("words")
    );
    assert!(
        Expression::compile(&"x".repeat(5_000))
            .unwrap_err()
            .contains("bytes")
    );
}

#[test]
fn expressions_are_compiled_once_and_forgotten_when_unused() {
    let expressions = Expressions::default();
    let first = expressions.get(".a").unwrap();
    assert!(Arc::ptr_eq(&first, &expressions.get(".a").unwrap()));
    for n in 0..limit::EXPRESSIONS_KEPT {
        expressions.get(".a").unwrap();
        expressions.get(&format!("{n}")).unwrap();
    }
    assert!(
        Arc::ptr_eq(&first, &expressions.get(".a").unwrap()),
        "what is used stays"
    );
    assert!(expressions.0.lock().unwrap().by_text.len() <= limit::EXPRESSIONS_KEPT);
    assert!(expressions.get("1 +").is_err());
}
