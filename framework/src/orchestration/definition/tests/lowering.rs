//! What the words of a document become.

use std::time::Duration;

use serde_json::json;

use super::super::{Backoff, Consume, Document, Span, Task, Template, Then, Until, Work, read};
use crate::limit;
use crate::transaction::Isolation;

const HEAD: &str = "document: { dsl: 1.0.3, namespace: n, name: w, version: 1.0.0 }\n";

fn document(body: &str) -> Document {
    read(&format!("{HEAD}{body}"), "w.yaml").unwrap_or_else(|problems| {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        panic!("{body}\n{}", problems.join("\n"))
    })
}

/// The document of one task, and the task.
fn task(yaml: &str) -> (Document, Task) {
    let document = document(&format!("do: [ {{ t: {{ {yaml} }} }} ]"));
    let task = document.definition.tasks[0].clone();
    (document, task)
}

/// All expressions as `text @ pointer $names`.
fn expressions(document: &Document) -> Vec<String> {
    let sources = document.definition.expressions.iter();
    sources
        .map(|source| {
            let names: String = source
                .names
                .iter()
                .map(|name| format!(" ${name}"))
                .collect();
            format!("{} @ {}{names}", source.text, source.pointer)
        })
        .collect()
}

#[test]
fn calls_are_of_methods() {
    for (yaml, method, with) in [
        ("call: a.b", "a.b", json!({})),
        (
            "call: a.b, with: { x: [1, '${'] }",
            "a.b",
            json!({"x": [1, "${"]}),
        ),
        (
            "call: http, with: { method: get, endpoint: 'http://h/' }",
            "http.call",
            json!({"method": "get", "endpoint": "http://h/"}),
        ),
        (
            "run: { shell: { command: ls }, await: false, return: all }",
            "shell.run",
            json!({"command": "ls", "await": false, "return": "all"}),
        ),
        (
            "run: { script: { language: js, code: x } }",
            "script.run",
            json!({"language": "js", "code": "x"}),
        ),
        (
            "run: { container: { image: i, lifetime: { cleanup: eventually, after: PT1S } } }",
            "container.run",
            json!({"image": "i", "lifetime": {"cleanup": "eventually", "after": "PT1S"}}),
        ),
    ] {
        let (_, task) = task(yaml);
        let Work::Call(call) = task.work else {
            panic!("{task:?}")
        };
        assert_eq!(&*call.method, method);
        assert_eq!(call.with, Template::Value(with.into()), "{yaml}");
    }
}

#[test]
fn expressions_have_their_place_and_what_is_in_scope() {
    let document = document(
        r#"
use:
  functions: { f: { set: { a: '${ $x }' } } }
  retries: { r: { when: '$error.status == 503' } }
do:
  - loop:
      if: .go
      for: { each: x, in: .xs }
      while: ${ .y }
      do:
        - inner:
            try: [ { g: { call: f, with: { v: ' ${ $x + $index } ' } } } ]
            catch: { as: error, retry: r, do: [ { s: { set: .z } } ] }
  - pet: { call: http, with: { method: get, endpoint: 'http://h/"{id}"' } }
  - hear:
      listen:
        to: { any: [ { with: { type: t, data: '${ .a }' }, correlate: { k: { from: .k, expect: '${ .e }' } } } ], until: '${ .n }' }
      foreach: { item: e, do: [ { s: { set: { v: '${ $e }' } } } ] }
      output: { as: { a: [ '${ .o }', 1 ] } }
"#,
    );
    assert_eq!(
        expressions(&document),
        [
            "$x @ /use/functions/f/set/a",
            ".go @ /do/0/loop/if",
            ".xs @ /do/0/loop/for/in",
            ".y @ /do/0/loop/while $x $index",
            "$x + $index @ /do/0/loop/do/0/inner/try/0/g/with/v $x $index",
            "$error.status == 503 @ /use/retries/r/when $x $index $error",
            ".z @ /do/0/loop/do/0/inner/catch/do/0/s/set $x $index $error",
            r#"@uri "http://h/\"\(.id)\"" @ /do/1/pet/with/endpoint"#,
            ".o @ /do/2/hear/output/as/a/0",
            ".a @ /do/2/hear/listen/to/any/0/with/data",
            ".k @ /do/2/hear/listen/to/any/0/correlate/k/from",
            ".e @ /do/2/hear/listen/to/any/0/correlate/k/expect",
            ".n @ /do/2/hear/listen/to/until",
            "$e @ /do/2/hear/foreach/do/0/s/set/v $e $index",
        ]
    );
    let places = &document.places;
    assert_eq!(places.place("/do/0/loop/if"), "w.yaml:8:11");
    assert_eq!(places.place("/do/0/loop"), "w.yaml:7:5");
    assert_eq!(places.place("/do/0/loop/nowhere"), "w.yaml:7:5");
    assert_eq!(document.value.pointer("/do/0/loop/if"), Some(&json!(".go")));
}

/// What jq gives for an object of text.
fn evaluated(jq: &str, input: &str) -> String {
    use jaq_core::load::{Arena, File, Loader};
    use jaq_core::{Compiler, Ctx, Vars, data, unwrap_valr};
    use jaq_json::{Val, read};

    let defs = jaq_core::defs()
        .chain(jaq_std::defs())
        .chain(jaq_json::defs());
    let funs = jaq_core::funs()
        .chain(jaq_std::funs())
        .chain(jaq_json::funs());
    let arena = Arena::default();
    let file = File { code: jq, path: () };
    let modules = Loader::new(defs).load(&arena, file).unwrap();
    let filter = Compiler::default()
        .with_funs(funs)
        .compile(modules)
        .unwrap();
    let ctx = Ctx::<data::JustLut<Val>>::new(&filter.lut, Vars::new([]));
    let input = read::parse_single(input.as_bytes()).unwrap();
    let output = filter.id.run((ctx, input)).map(unwrap_valr).next();
    output.unwrap().unwrap().to_string()
}

#[test]
fn names_in_a_uri_are_filled_in_and_encoded() {
    for (uri, input, filled) in [
        ("http://h/{id}", r#"{"id": 7}"#, "http://h/7"),
        (
            "http://h/{id}/x?q={_q}",
            r#"{"id": "a/b c", "_q": "&"}"#,
            "http://h/a%2Fb%20c/x?q=%26",
        ),
        (
            r"http://h/\(.x)é{id}",
            r#"{"id": "1"}"#,
            r"http://h/\\(.x)é1",
        ),
    ] {
        let yaml = format!("call: http, with: {{ method: get, endpoint: '{uri}' }}");
        let (document, _) = task(&yaml);
        let source = &document.definition.expressions[0];
        assert_eq!(
            evaluated(&source.text, input),
            format!("\"{filled}\""),
            "{}",
            source.text
        );
    }
}

#[test]
fn lengths_of_time_are_fixed_or_computed() {
    let fixed = |seconds| Span::Fixed(Duration::from_secs(seconds));
    for (yaml, span) in [
        ("wait: { minutes: 1, seconds: 30 }", fixed(90)),
        ("wait: PT1M30S", fixed(90)),
        ("wait: '${ .d }'", Span::Computed(super::super::Expr(0))),
    ] {
        assert_eq!(task(yaml).1.work, Work::Wait(span), "{yaml}");
    }
}

#[test]
fn the_framework_reads_three_words_of_metadata() {
    let (_, task) = task(
        "set: { a: 1 }, metadata: { pivot: true, other: [], transaction: { isolation: serializable }, compensate: { call: a.undo, with: { n: 1 } } }",
    );
    let extra = task.extra;
    assert_eq!(extra.transaction, Some(Some(Isolation::Serializable)));
    assert!(extra.is_pivot);
    assert_eq!(&*extra.compensate.unwrap().method, "a.undo");
    for (word, transaction) in [
        ("true", Some(None)),
        ("false", None),
        ("{}", Some(None)),
        ("read_committed", Some(Some(Isolation::ReadCommitted))),
    ] {
        let yaml = format!("set: {{ a: 1 }}, metadata: {{ transaction: {word} }}");
        assert_eq!(self::task(&yaml).1.extra.transaction, transaction, "{word}");
    }
}

#[test]
fn names_of_use_are_resolved() {
    let document = document(
        "
use:
  errors: { e: { type: 'https://e/x', status: 418, title: T } }
  retries: { r: { delay: PT1S, backoff: { linear: {} }, limit: { attempt: { count: 4 } } } }
  timeouts: { t: { after: PT9S } }
  authentications: { a: { bearer: { token: '${ .t }' } } }
  functions: { f: { call: g }, g: { set: { n: 1 } } }
timeout: t
do:
  - a: { raise: { error: e }, then: c }
  - b: { try: [], catch: { retry: r }, then: exit }
  - c: { call: http, with: { method: get, endpoint: { uri: 'http://h', authentication: { use: a } } } }
  - d: { call: f, with: { x: 1 }, then: end }
",
    );
    let definition = &document.definition;
    assert_eq!(
        definition.timeout,
        Some(Span::Fixed(Duration::from_secs(9)))
    );
    let [a, b, c, d] = &definition.tasks[..] else {
        panic!("{definition:?}")
    };
    assert_eq!(
        [a.then, b.then, c.then, d.then],
        [Then::Goto(2), Then::Exit, Then::Continue, Then::End]
    );
    assert!(
        matches!(&a.work, Work::Raise(error) if error.status == 418),
        "{a:?}"
    );
    let Work::Try(attempt) = &b.work else {
        panic!("{b:?}")
    };
    let retry = attempt.retry.as_ref().unwrap();
    assert_eq!(
        (&*attempt.name, retry.attempts, retry.backoff),
        ("error", Some(4), Backoff::Linear)
    );
    assert_eq!(
        expressions(&document),
        [".t @ /use/authentications/a/bearer/token"]
    );
    assert!(
        matches!(&d.work, Work::Function(_, tasks) if matches!(&tasks[0].work, Work::Function(_, inner) if &*inner[0].name == "g"))
    );
}

#[test]
fn what_a_listen_waits_for_is_kept_apart() {
    let consume = |to: &str| match task(&format!("listen: {{ to: {to} }}")).1.work {
        Work::Listen(listen) => listen.to,
        work => panic!("{work:?}"),
    };
    assert!(matches!(
        consume("{ one: { with: { type: t } } }"),
        Consume::One(_)
    ));
    assert!(matches!(consume("{ all: [] }"), Consume::All(_)));
    assert!(matches!(
        consume("{ any: [] }"),
        Consume::Any { until: None, .. }
    ));
    assert!(matches!(
        consume("{ any: [], until: 'false' }"),
        Consume::Any {
            until: Some(Until::Never),
            ..
        }
    ));
    assert!(matches!(
        consume("{ any: [], until: { all: [] } }"),
        Consume::Any {
            until: Some(Until::Event(_)),
            ..
        }
    ));
}

#[test]
fn a_long_expression_is_read_whole() {
    let long = format!("[{}1]", "1,".repeat(512 * 1024));
    let (document, _) = task(&format!("set: '${{ {long} }}'"));
    assert_eq!(&*document.definition.expressions[0].text, long);
}

#[test]
fn what_grows_is_bounded() {
    let bomb = |body: String| {
        let problems = read(&format!("{HEAD}{body}"), "w").unwrap_err();
        assert_eq!(problems.last().unwrap().code, "limit", "{problems:?}");
    };
    let doubled: String = (1..40)
        .map(|n| format!("a{n}: &a{n} [*a{0}, *a{0}]\n", n - 1))
        .collect();
    bomb(format!("a0: &a0 [x]\n{doubled}"));
    let long = "x".repeat(64 * 1024);
    bomb(format!("a: &a {long}\nb: [{}]", "*a, ".repeat(100)));
    bomb(format!("do: {}", "[".repeat(limit::WORKFLOW_DEPTH)));
    bomb("x".repeat(limit::WORKFLOW_BYTES));
    let deep = |levels| "do: [ { t: { ".repeat(levels) + "set: { a: 1 }" + &" } } ]".repeat(levels);
    document(&deep(limit::WORKFLOW_TASK_DEPTH));
    bomb(deep(limit::WORKFLOW_TASK_DEPTH + 1));
    let policy = format!("[{}]", "'${ .s }', ".repeat(1000));
    let policy =
        format!("use: {{ authentications: {{ a: {{ oauth2: {{ scopes: {policy} }} }} }} }}");
    let call = "{ call: http, with: { method: get, endpoint: { uri: 'http://h', authentication: { use: a } } } }";
    let calls: String = (0..200).map(|n| format!("  - t{n}: {call}\n")).collect();
    let problems = read(&format!("{HEAD}{policy}\ndo:\n{calls}"), "w").err();
    let codes = problems.map(|problems| problems.iter().map(|problem| problem.code).collect());
    assert_eq!(codes, Some(vec!["limit"]));
    let nested = |levels: usize| "[".repeat(levels) + "'${ .x }'" + &"]".repeat(levels);
    task(&format!(
        "set: {{ a: {} }}",
        nested(limit::WORKFLOW_DEPTH - 5)
    ));
    bomb(format!(
        "do: [ {{ t: {{ set: {{ a: {} }} }} }} ]",
        nested(limit::WORKFLOW_DEPTH)
    ));
    let chain = (1..=40).map(|n| format!("f{n}: {{ call: f{} }}", n - 1));
    let chain = chain.collect::<Vec<_>>().join(", ");
    bomb(format!(
        "use: {{ functions: {{ f0: {{ set: {{ a: 1 }} }}, {chain} }} }}\ndo: []"
    ));
}
