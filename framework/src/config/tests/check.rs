//! Settings against their schema.

use super::*;

/// Settings of `records`, and what is wrong with them.
const VIOLATIONS: &[(&str, &[&str])] = &[
    ("batch = 1", &[]),
    ("batch = 623.0", &[]),
    ("mode = \"accurate\"", &[]),
    ("password = { env = \"X\" }", &[]),
    ("password = \"long enough\"", &[]),
    ("target = { kind = \"net\", port = 1 }", &[]),
    (
        "batc = 1",
        &["config_unknown_name 2:1 there is no setting of `records` named `batc` ~batch"],
    ),
    (
        "batch = \"5\"",
        &["config_wrong_type 2:9 `batch` must be an integer, found the string `5`"],
    ),
    (
        "batch = 1.5",
        &["config_wrong_type 2:9 `batch` must be an integer, found the number 1.5"],
    ),
    (
        "batch = true",
        &["config_wrong_type 2:9 `batch` must be an integer, found the boolean true"],
    ),
    (
        "batch = 0",
        &["config_invalid_value 2:9 `batch` must be at least 1, found the integer 0"],
    ),
    (
        "batch = 10001",
        &["config_invalid_value 2:9 `batch` must be at most 10000, found the integer 10001"],
    ),
    (
        "port = 65536",
        &["config_invalid_value 2:8 `port` must be from 0 to 65535, found the integer 65536"],
    ),
    (
        "port = -1",
        &["config_invalid_value 2:8 `port` must be at least 0, found the integer -1"],
    ),
    (
        "ratio = 0",
        &["config_invalid_value 2:9 `ratio` must be more than 0, found the integer 0"],
    ),
    (
        "pattern-name = \"A1\"",
        &[
            "config_invalid_value 2:16 `pattern-name` must match the pattern `^[a-z]+$`, found the string `A1`",
        ],
    ),
    (
        "pattern-name = 5",
        &["config_wrong_type 2:16 `pattern-name` must be a string, found the integer 5"],
    ),
    (
        "mode = \"fst\"",
        &[
            "config_invalid_value 2:8 `mode` must be one of fast, accurate, found the string `fst` ~fast",
        ],
    ),
    (
        "mode = 5",
        &["config_wrong_type 2:8 `mode` must be a string, found the integer 5"],
    ),
    (
        "csv = 5",
        &["config_wrong_type 2:7 `csv` must be a table, found the integer 5"],
    ),
    (
        "csv.qoute = true",
        &["config_unknown_name 2:5 there is no setting of `records` named `qoute` ~quote"],
    ),
    (
        "csv.delimiter = \"ab\"",
        &[
            "config_invalid_value 2:17 `csv.delimiter` must have at most 1 character, found the string `ab`",
        ],
    ),
    (
        "columns = 5",
        &["config_wrong_type 2:11 `columns` must be an array, found the integer 5"],
    ),
    (
        "columns = [\n  { name = 1 },\n  { nme = \"x\" },\n]",
        &[
            "config_wrong_type 3:12 `columns.0.name` must be a string, found the integer 1",
            "config_missing 4:3 `name` is required by `records`",
            "config_unknown_name 4:5 there is no setting of `records` named `nme` ~name",
        ],
    ),
    (
        "[[plugins.records.columns]]\nname = 1",
        &["config_wrong_type 3:8 `columns.0.name` must be a string, found the integer 1"],
    ),
    (
        "password = 5",
        &["config_wrong_type 2:12 `password` must be a string or a table, found a number"],
    ),
    (
        "password = \"abc\"",
        &["config_invalid_value 2:12 `password` must have at least 4 characters, found a string"],
    ),
    (
        "target = { kind = \"nte\", port = 1 }",
        &[
            "config_invalid_value 2:19 `target.kind` must be one of disk, net, found the string `nte` ~net",
        ],
    ),
    (
        "target = { kind = \"net\" }",
        &["config_missing 2:1 `port` is required by `records`"],
    ),
    (
        "target = { kind = \"net\", port = \"x\" }",
        &["config_wrong_type 2:33 `target.port` must be an integer, found the string `x`"],
    ),
    (
        "target = {}",
        &["config_invalid_value 2:10 `target` must fit one of its 2 forms, found a table"],
    ),
    (
        "batc = 1\nbatch = 0\nport = \"x\"\nmode = 1",
        &[
            "config_unknown_name 2:1 there is no setting of `records` named `batc` ~batch",
            "config_invalid_value 3:9 `batch` must be at least 1, found the integer 0",
            "config_wrong_type 4:8 `port` must be an integer, found the string `x`",
            "config_wrong_type 5:8 `mode` must be a string, found the integer 1",
        ],
    ),
];

#[test]
fn every_violation_is_reported_with_its_place_and_what_was_meant() {
    for (text, expected) in VIOLATIONS {
        let found: Vec<String> = problems_of(&format!("[plugins.records]\n{text}"))
            .iter()
            .map(|line| line.replace("weldkit.toml:", ""))
            .collect();
        assert_eq!(&found, expected, "{text}");
    }
}

#[test]
fn a_problem_carries_pointer_description_and_fix() {
    let config = load(
        &file("[plugins.records]\nbatch = 0\n[instances.two]\nplugin = \"storage-redb\"")
            .set("plugins.records.port=x"),
    );
    let problems = config.check("records");
    assert_eq!(
        serde_json::to_value(&problems[0]).unwrap(),
        json!({
            "code": "config_invalid_value",
            "message": "`batch` must be at least 1, found the integer 0",
            "place": {"kind": "file", "path": "weldkit.toml", "line": 2, "column": 9},
            "pointer": "/plugins/records/batch",
            "description": "Rows read at a time.",
        })
    );
    assert_eq!(
        problems[1].place,
        Some(Origin::Flag {
            text: "--set plugins.records.port".to_owned()
        })
    );
    let [missing] = config.check("two").try_into().unwrap();
    assert_eq!(missing.pointer, "/instances/two/settings/path");
    assert_eq!(missing.place, None, "nobody wrote settings");
    assert_eq!(missing.description.as_deref(), Some("The file."));
    let fix = "add `path = …` under `[instances.two.settings]`, or set `WELDKIT__INSTANCES__TWO__SETTINGS__PATH`";
    assert_eq!(missing.fix.as_deref(), Some(fix));
    let start = crate::error::Problem::from(missing);
    assert_eq!(
        (start.code, start.help),
        ("config_missing", Some(format!("The file.\n{fix}")))
    );
}

#[test]
fn what_the_fix_says_mends_it() {
    let name = "WELDKIT__PLUGINS__STORAGE_REDB__PATH";
    let before = load(&Sources::new("")).check("storage-redb");
    assert!(before[0].fix.as_deref().unwrap().contains(name));
    assert_eq!(
        load(&Sources::new("").environment([(name, "x")])).check("storage-redb"),
        []
    );
}

#[test]
fn unknown_names_are_refused_even_where_the_schema_is_silent() {
    let with = |schema: Option<Value>| {
        let plugins = vec![Plugin::new("p", "", move || schema)];
        let config = Config::load(
            &file("plugins.p.extra = 1"),
            Arc::new(Catalog {
                plugins,
                services: vec![],
            }),
        );
        assert_eq!(
            config.unknown_settings("p"),
            config.check("p"),
            "both ways to ask agree"
        );
        brief(&config.check("p"))
    };
    let refused =
        ["config_unknown_name weldkit.toml:1:11 there is no setting of `p` named `extra`"];
    assert_eq!(
        with(None),
        ["config_unknown_name weldkit.toml:1:11 the plugin `p` takes no settings"]
    );
    assert_eq!(with(Some(json!({"type": "object"}))), refused);
    assert_eq!(with(Some(json!({"properties": {"a": {}}}))), refused);
    assert_eq!(
        with(Some(
            json!({"properties": {"a": {}}, "additionalProperties": false})
        )),
        refused
    );
    assert_eq!(
        with(Some(
            json!({"$ref": "#/$defs/A", "$defs": {"A": {"properties": {"b": {}}}}})
        )),
        refused
    );
    let open: [Value; 6] = [
        json!(true),
        json!({"properties": {"extra": {}}}),
        json!({"additionalProperties": {"type": "integer"}}),
        json!({"additionalProperties": true}),
        json!({"patternProperties": {"^e": {}}}),
        json!({"allOf": [{"$ref": "#/$defs/A"}], "$defs": {"A": {"properties": {"extra": {}}}}}),
    ];
    for schema in open {
        assert_eq!(with(Some(schema.clone())), [""; 0], "{schema}");
    }
}

/// An enum as serde and schemars tag it from outside.
const EXTERNAL: &str = r#"{"oneOf": [
    {"type": "string", "const": "none"},
    {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"], "additionalProperties": false},
    {"type": "object", "properties": {"b": {"type": "integer"}}, "required": ["b"], "additionalProperties": false}
]}"#;

/// An `Option` of a struct.
const OPTIONAL: &str = r#"{"anyOf": [{"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"type": "null"}]}"#;

/// A schema, a value, and what is wrong with it.
const FORMS: &[(&str, &str, &str)] = &[
    (EXTERNAL, "{ a = 1 }", ""),
    (
        EXTERNAL,
        "{ a = \"1\" }",
        "config_wrong_type 21 `x.a` must be an integer, found the string `1`",
    ),
    (
        EXTERNAL,
        "\"nnoe\"",
        "config_invalid_value 15 `x` must be one of none, found the string `nnoe` ~none",
    ),
    (
        EXTERNAL,
        "1",
        "config_wrong_type 15 `x` must be a string or a table, found the integer 1",
    ),
    (
        EXTERNAL,
        "{ c = 1 }",
        "config_invalid_value 15 `x` must fit one of its 3 forms, found a table",
    ),
    (
        OPTIONAL,
        "{ a = true }",
        "config_wrong_type 21 `x.a` must be an integer, found the boolean true",
    ),
    (OPTIONAL, "{}", "config_missing 11 `a` is required by `p`"),
    (
        OPTIONAL,
        "1",
        "config_wrong_type 15 `x` must be a table, found the integer 1",
    ),
    (
        r#"{"enum": [1, 2, "three"]}"#,
        "4",
        "config_invalid_value 15 `x` must be one of 1, 2, three, found the integer 4",
    ),
    (
        r#"{"not": {"type": "integer"}}"#,
        "4",
        "config_invalid_value 15 `x` may not be given like this, found the integer 4",
    ),
    (
        r#"{"uniqueItems": true}"#,
        "[1, 1]",
        "config_invalid_value 15 `x` may not hold an item twice, found an array",
    ),
    (
        r#"{"multipleOf": 3}"#,
        "4",
        "config_invalid_value 15 `x` must be a multiple of 3, found the integer 4",
    ),
    (
        r#"{"minItems": 2}"#,
        "[1]",
        "config_invalid_value 15 `x` must have at least 2 items, found an array",
    ),
    (
        r#"{"type": "integer", "format": "int8"}"#,
        "200",
        "config_invalid_value 15 `x` must be from -128 to 127, found the integer 200",
    ),
];

#[test]
fn forms_are_told_apart_by_type_tag_or_name() {
    let with = |form: &str, text: &str| {
        let form: Value = serde_json::from_str(form).unwrap();
        let schema = json!({"properties": {"x": form}});
        let plugins = vec![Plugin::new("p", "", move || Some(schema))];
        let config = Config::load(
            &file(&format!("plugins.p.x = {text}")),
            Arc::new(Catalog {
                plugins,
                services: vec![],
            }),
        );
        brief(&config.check("p"))
            .join("|")
            .replace("weldkit.toml:1:", "")
    };
    for (form, text, expected) in FORMS {
        assert_eq!(with(form, text), *expected, "{text}");
    }
}

#[test]
fn a_schema_that_cannot_be_used_is_the_plugins_fault() {
    let schemas = [
        json!({"type": "nonsense"}),
        json!({"properties": {"a": {"$ref": "#/$defs/none"}}}),
        json!({"properties": {"a": {"pattern": "("}}}),
    ];
    for schema in schemas {
        let text = schema.to_string();
        let plugins = vec![Plugin::new("p", "", move || Some(schema))];
        let config = Config::load(
            &file("plugins.p.a = \"x\""),
            Arc::new(Catalog {
                plugins,
                services: vec![],
            }),
        );
        assert_eq!(config.check("p")[0].code, Code::BadSchema, "{text}");
        config.show(true);
        sample(&config.catalog, None);
        super::schema(&config.catalog);
    }
}

#[test]
fn a_schema_that_refers_to_itself_is_no_trap() {
    let schema = json!({
        "properties": {"tree": {"$ref": "#"}, "loop": {"$ref": "#/$defs/Loop"}, "size": {"type": "integer"}},
        "$defs": {"Loop": {"anyOf": [{"$ref": "#/$defs/Loop"}, {"type": "string"}]}},
    });
    let plugins = vec![Plugin::new("p", "", move || Some(schema))];
    let config = Config::load(
        &file("plugins.p.tree.tree.tree.size = \"x\""),
        Arc::new(Catalog {
            plugins,
            services: vec![],
        }),
    );
    assert_eq!(
        brief(&config.check("p")),
        [
            "config_wrong_type weldkit.toml:1:33 `tree.tree.tree.size` must be an integer, found the string `x`"
        ]
    );
    assert!(sample(&config.catalog, None).contains("#size"));
    assert!(config.show(false).contains("tree.tree.tree.size = \"x\""));
}

#[test]
fn others_may_report_problems_at_a_place() {
    let config = load(&file(
        "[plugins.records]\nbatch = 5\npassword = \"hunter2\"",
    ));
    let at = |pointer: &str| {
        config
            .problem_at(pointer, Code::InvalidValue, "m")
            .place
            .map(|place| place.to_string())
    };
    assert_eq!(
        at("/plugins/records/batch").as_deref(),
        Some("weldkit.toml:2:9")
    );
    assert_eq!(
        at("/plugins/records/none/below").as_deref(),
        Some("weldkit.toml:1:10")
    );
    assert_eq!(at("/plugins/records").as_deref(), Some("weldkit.toml:1:10"));
    assert_eq!(at("/host/state"), None);
    assert_eq!(at(""), None);
    let secret = config.problem_at("/plugins/records/password", Code::InvalidValue, "m");
    assert!(!render(&[secret], false).contains("hunter2"));
}
