//! Where values come from: files, variables, flags, and which of them wins.

use std::ffi::OsString;

use super::*;

fn origin(config: &Config, pointer: &str) -> String {
    config
        .origin(pointer)
        .map_or_else(|| "-".to_owned(), |origin| origin.to_string())
}

#[test]
fn the_highest_layer_wins_and_says_so() {
    let sources =
        Sources::new("[plugins.records]\nbatch = 1\nport = 1\nratio = 0.1\nmode = \"fast\"")
            .set("plugins.records.mode=accurate")
            .environment([
                ("WELDKIT__PLUGINS__RECORDS__RATIO", "0.3"),
                ("WELDKIT__PLUGINS__RECORDS__MODE", "x"),
            ])
            .file_content("a/b.toml", "\n[plugins.records]\nport = 2\nratio = 0.2");
    let config = load(&sources);
    assert_eq!(config.problems(), []);
    assert_eq!(
        config.settings_value("records"),
        json!({"batch": 1, "port": 2, "ratio": 0.3, "mode": "accurate"})
    );
    let cases = [
        ("/plugins/records/batch", "built-in defaults:2:9"),
        ("/plugins/records/port", "a/b.toml:3:8"),
        (
            "/plugins/records/ratio",
            "environment WELDKIT__PLUGINS__RECORDS__RATIO",
        ),
        ("/plugins/records/mode", "flag --set plugins.records.mode"),
        ("/plugins/records", "a/b.toml:2:1"),
        ("/plugins/nobody", "-"),
        ("", "-"),
    ];
    for (pointer, expected) in cases {
        assert_eq!(origin(&config, pointer), expected, "{pointer}");
    }
    assert_eq!(config.origins().len(), 4);
}

#[test]
fn tables_are_joined_and_arrays_are_replaced() {
    let sources = Sources::new("[plugins.records]\ncsv = { delimiter = \",\", quote = true }\ncolumns = [{ name = \"a\" }]")
        .file_content("f", "plugins.records.csv.quote = false\nplugins.records.columns = []");
    let config = load(&sources);
    assert_eq!(
        config.settings_value("records"),
        json!({"csv": {"delimiter": ",", "quote": false}, "columns": []})
    );
}

#[test]
fn variables_find_the_names_they_mean() {
    let cases = [
        ("WELDKIT__HOST__STATE", "/host/state"),
        ("weldkit__host__stop_deadline", "/host/stop_deadline"),
        (
            "Weldkit__Plugins__Data_Processing__X",
            "/plugins/data-processing/x",
        ),
        (
            "WELDKIT__PLUGINS__RECORDS__PATTERN_NAME",
            "/plugins/records/pattern-name",
        ),
        (
            "WELDKIT__PLUGINS__RECORDS__CSV__DELIMITER",
            "/plugins/records/csv/delimiter",
        ),
        (
            "WELDKIT__PLUGINS__RECORDS__PASSWORD__ENV",
            "/plugins/records/password/env",
        ),
        (
            "WELDKIT__INSTANCES__MY_ARCHIVE__SETTINGS__CACHE_MB",
            "/instances/my-archive/settings/cache_mb",
        ),
        (
            "WELDKIT__SERVICES__DATA_PROCESSING",
            "/services/data_processing",
        ),
        (
            "WELDKIT__SERVICES__DATA_PROCESSING__STORAGE",
            "/services/data-processing.storage",
        ),
        (
            "WELDKIT__LIMITS__DATA_PROCESSING__PROCESS_BATCH__TIMEOUT",
            "/limits/data_processing.process_batch/timeout",
        ),
        (
            "WELDKIT__PERMISSIONS__PLUGIN_DATA_PROCESSING",
            "/permissions/plugin:data-processing",
        ),
        (
            "WELDKIT__PLUGINS__RECORDS__NO_SUCH",
            "/plugins/records/no_such",
        ),
    ];
    for (variable, pointer) in cases {
        let defaults = "[instances.my-archive]\nplugin = \"storage-redb\"";
        let config = load(&Sources::new(defaults).environment([
            (variable, "1"),
            ("PATH", "x"),
            ("WELDKIT_BUILD", "x"),
        ]));
        assert_eq!(origin(&config, pointer), format!("environment {variable}"));
    }
}

#[test]
fn bare_text_is_toml_if_it_can_be() {
    let cases = [
        ("5", json!(5)),
        ("-0x10", json!("-0x10")),
        ("0x10", json!(16)),
        ("1.5", json!(1.5)),
        ("true", json!(true)),
        ("\"5\"", json!("5")),
        ("[1, \"a\"]", json!([1, "a"])),
        ("{ a = 1 }", json!({"a": 1})),
        ("2024-02-30", json!("2024-02-30")),
        ("2024-02-28", json!("2024-02-28")),
        ("18446744073709551615", json!(u64::MAX)),
        ("18446744073709551616", json!("18446744073709551616")),
        ("nan", json!("nan")),
        ("1e999", json!("1e999")),
        ("a=b", json!("a=b")),
        ("[1", json!("[1")),
        ("", json!("")),
        ("two\nlines", json!("two\nlines")),
        ("Grüße", json!("Grüße")),
    ];
    for (text, expected) in cases {
        let by_flag = load(&Sources::new("").set(format!("plugins.nobody.x={text}")));
        let by_variable =
            load(&Sources::new("").environment([("WELDKIT__PLUGINS__NOBODY__X", text)]));
        for config in [by_flag, by_variable] {
            assert_eq!(config.settings_value("nobody")["x"], expected, "{text}");
        }
    }
}

#[test]
fn settings_mean_what_their_schema_says() {
    let cases = [
        ("pattern-name=123", "pattern-name", json!("123")),
        ("batch=623.0", "batch", json!(623)),
        ("ratio=2", "ratio", json!(2)),
        ("ratio=2.0", "ratio", json!(2.0)),
        ("password=0042", "password", json!("0042")),
        ("password=42", "password", json!("42")),
        ("columns=[{name=5}]", "columns", json!([{"name": "5"}])),
        ("batch=1e300", "batch", json!(1e300)),
        ("csv.quote=1", "csv", json!({"quote": 1})),
    ];
    for (assignment, name, expected) in cases {
        let config = load(&Sources::new("").set(format!("plugins.records.{assignment}")));
        assert_eq!(
            config.settings_value("records")[name],
            expected,
            "{assignment}"
        );
    }
    // In a file text is quoted, so a number there is a number; 623.0 is an integer all the same.
    let config = load(&file("[plugins.records]\npattern-name = 5\nbatch = 623.0"));
    assert_eq!(
        config.settings_value("records"),
        json!({"pattern-name": 5, "batch": 623})
    );
}

#[test]
fn the_higher_reference_to_a_secret_holds() {
    let password = |sources: &Sources| load(sources).settings_value("records")["password"].clone();
    let lower = Sources::new("plugins.records.password = { env = \"A\" }");
    let by_file = "plugins.records.password = { file = \"b\" }";
    assert_eq!(
        password(&lower.clone().file_content("f", by_file)),
        json!({"file": "b"})
    );
    assert_eq!(
        password(&lower.clone().set("plugins.records.password=text")),
        json!("text")
    );
    let upper = Sources::new("")
        .file_content("f", by_file)
        .set("plugins.records.password={env='C'}");
    assert_eq!(password(&upper), json!({"env": "C"}));
    let both = load(&file(
        "plugins.records.password = { env = \"A\", file = \"b\" }",
    ));
    assert_eq!(
        both.check("records").len(),
        1,
        "two references in one layer are a mistake"
    );
}

#[test]
fn flags_take_toml_keys() {
    let cases = [
        ("plugins.records.batch=5", "/plugins/records/batch"),
        (" plugins . records . batch = 5", "/plugins/records/batch"),
        (
            "permissions.\"plugin:records\"=[\"*\"]",
            "/permissions/plugin:records",
        ),
        (
            "services.\"records.storage\"=a=b",
            "/services/records.storage",
        ),
        ("services.records.storage=x", "/services/records.storage"),
        (
            "limits.'storage.get'.concurrency=1",
            "/limits/storage.get/concurrency",
        ),
        ("\"a=b\".c=1", "/a=b/c"),
    ];
    for (assignment, pointer) in cases {
        let config = load(&Sources::new("").set(assignment));
        assert!(
            matches!(config.origin(pointer), Some(Origin::Flag { .. })),
            "{assignment}"
        );
    }
    let config = load(
        &Sources::new("")
            .set("host.state=a")
            .set("host.state=b")
            .flag("--state", &["host", "state"], "7"),
    );
    assert_eq!(config.host().state.to_str(), Some("7"));
    assert_eq!(origin(&config, "/host/state"), "flag --state");
}

#[test]
fn what_names_nothing_is_refused() {
    let flag = |text: &str| load(&Sources::new("").set(text));
    let variables = |pairs: &[(&str, &str)]| {
        let defaults = "[instances.my-archive]\nplugin = \"storage-redb\"\n[instances.my_archive]\nplugin = \"storage-redb\"";
        load(&Sources::new(defaults).environment(pairs.iter().copied()))
    };
    let cases = [
        (
            flag("plugins.records.batch"),
            "config_syntax flag --set `plugins.records.batch` has no `=`",
        ),
        (
            flag("password hunter2"),
            "config_syntax flag --set `password` has no `=`",
        ),
        (flag(""), "config_syntax flag --set `` has no `=`"),
        (
            flag("=5"),
            "config_syntax flag --set `` is not a name: write it like a TOML key, `plugins.records.batch`",
        ),
        (
            flag("a..b=5"),
            "config_syntax flag --set `a..b` is not a name: write it like a TOML key, `plugins.records.batch`",
        ),
        (
            flag("a\nb=5"),
            "config_syntax flag --set `a\nb` is not a name: write it like a TOML key, `plugins.records.batch`",
        ),
        (
            variables(&[("WELDKIT__", "1")]),
            "config_syntax environment WELDKIT__ `WELDKIT__` does not name a setting",
        ),
        (
            variables(&[("WELDKIT__HOST____LOG", "1")]),
            "config_syntax environment WELDKIT__HOST____LOG `WELDKIT__HOST____LOG` does not name a setting",
        ),
        (
            variables(&[("WELDKIT__INSTANCES__MY_ARCHIVE__PLUGIN", "records")]),
            "config_ambiguous environment WELDKIT__INSTANCES__MY_ARCHIVE__PLUGIN `WELDKIT__INSTANCES__MY_ARCHIVE__PLUGIN` fits `my-archive` and `my_archive`",
        ),
        (
            variables(&[
                ("WELDKIT__HOST__LOG", "info"),
                ("weldkit__host__log", "warn"),
            ]),
            "config_ambiguous environment weldkit__host__log the variables `WELDKIT__HOST__LOG` and `weldkit__host__log` set the same value",
        ),
        (
            variables(&[("WELDKIT__HOST__LOG", "info"), ("WELDKIT__HOST", "{}")]),
            "config_ambiguous environment WELDKIT__HOST__LOG the variables `WELDKIT__HOST` and `WELDKIT__HOST__LOG` set the same value",
        ),
        (
            variables(&[("WELDKIT__HOTS", "1")]),
            "config_unknown_name environment WELDKIT__HOTS there is no section named `hots` ~host",
        ),
    ];
    for (config, expected) in cases {
        assert_eq!(brief(config.problems()), [expected]);
    }
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_utf8_is_refused_and_others_are_left_alone() {
    use std::os::unix::ffi::OsStringExt;
    let bad = || OsString::from_vec(vec![b'a', 0xFF]);
    let sources = Sources::new("").environment([
        (OsString::from("WELDKIT__HOST__STATE"), bad()),
        (OsString::from("OTHER"), bad()),
        (bad(), OsString::from("x")),
    ]);
    let expected = "config_unreadable environment WELDKIT__HOST__STATE the value of `WELDKIT__HOST__STATE` is not UTF-8";
    assert_eq!(brief(load(&sources).problems()), [expected]);
}

#[test]
fn files_that_cannot_be_read_say_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("latin"), b"[host]\nstate = \"K\xF6ln\"").unwrap();
    std::fs::write(path("utf16"), b"\xFF\xFE[\0h\0").unwrap();
    std::fs::write(path("large"), vec![b'#'; 2 << 20]).unwrap();
    std::fs::write(path("good"), "host.state = \"good\"").unwrap();
    std::fs::create_dir(path("folder")).unwrap();
    let cases = [
        ("missing", "there is no configuration file", None),
        ("folder", "cannot read the configuration file", None),
        ("large", "is larger than 1048576 bytes", None),
        ("latin", "is not UTF-8", Some((2, 11))),
        ("utf16", "is not UTF-8", Some((1, 1))),
    ];
    for (name, words, place) in cases {
        let config = load(&Sources::new("host.state = \"default\"").file(path(name)));
        let [problem] = config.problems() else {
            panic!("{name}: {:?}", config.problems())
        };
        assert_eq!(problem.code, Code::Unreadable);
        assert!(
            problem.message.contains(words) && problem.message.contains(name),
            "{}",
            problem.message
        );
        let found = problem.place.as_ref().map(|place| match place {
            Origin::File { line, column, .. } => (*line, *column),
            other => panic!("{other}"),
        });
        assert_eq!(found, place, "{name}");
        assert_eq!(
            config.host().state.to_str(),
            Some("default"),
            "the other layers still hold"
        );
        assert_eq!(
            config.check("storage-redb"),
            [],
            "what is missing may be in the file that could not be read"
        );
    }
    assert_eq!(
        load(&Sources::new("").file_if_present(path("missing"))).problems(),
        []
    );
    assert_eq!(
        load(&Sources::new("").file_if_present(path("good")))
            .host()
            .state
            .to_str(),
        Some("good")
    );
    assert_eq!(
        load(&Sources::new("").file_if_present(path("folder")))
            .problems()
            .len(),
        1
    );
}

#[test]
fn byte_order_marks_and_line_ends_do_not_move_places() {
    for (text, expected) in [
        (
            "\u{feff}host.stat = 1",
            "config_unknown_name weldkit.toml:1:6 there is no setting of `host` named `stat` ~state",
        ),
        (
            "[host]\r\n\r\nstat = 1\r\n",
            "config_unknown_name weldkit.toml:3:1 there is no setting of `host` named `stat` ~state",
        ),
        (
            "[host]\n# Grüße\nlog = 'ö'\n\tstat = 1",
            "config_unknown_name weldkit.toml:4:2 there is no setting of `host` named `stat` ~state",
        ),
    ] {
        assert!(
            problems_of(text).contains(&expected.to_owned()),
            "{:?}",
            problems_of(text)
        );
    }
    let config = load(&file("[host]\r\nlog = \"inf\"\r\n"));
    assert!(render(config.problems(), false).contains("2 | log = \"inf\"\n"));
}

#[test]
fn every_syntax_error_is_reported_once_and_the_file_is_left_out() {
    let cases: &[(&str, &[&str])] = &[
        (
            "a = ",
            &[
                "config_syntax weldkit.toml:1:5 string values must be quoted, expected literal string",
            ],
        ),
        (
            "[host]\nlog = \"info",
            &["config_syntax weldkit.toml:2:12 invalid basic string, expected `\"`"],
        ),
        (
            "[host]\nlog = \"info\"\nlog = \"warn\"",
            &["config_syntax weldkit.toml:3:1 `log` is given twice"],
        ),
        (
            "[host]\n[plugins]\n[host]",
            &["config_syntax weldkit.toml:3:2 `host` is given twice"],
        ),
        (
            "host = 1\n[host]",
            &["config_syntax weldkit.toml:2:2 `host` is given twice"],
        ),
        (
            "[host]\nlog = info\nstate = ./x\n[plugns]\n",
            &[
                "config_syntax weldkit.toml:2:7 invalid float, expected `inf`",
                "config_syntax weldkit.toml:3:9 invalid mantissa, expected digits",
            ],
        ),
        (
            "[services]\n\"a.b\" = \"x\"\na.b = \"y\"",
            &[
                "config_syntax weldkit.toml:2:1 `a.b` is given twice",
                "config_unknown_name weldkit.toml:2:1 there is no instance named `a`",
                "config_unknown_name weldkit.toml:2:1 there is no service named `b`",
            ],
        ),
    ];
    for (text, expected) in cases {
        let config = load(&file(text));
        assert_eq!(&brief(config.problems()), expected, "{text}");
    }
    let config =
        load(&Sources::new("host.log = \"debug\"").file_content("f", "host.log = \"warn\"\nx = "));
    assert_eq!(config.host().log, Level::Debug);
}

#[test]
fn numbers_that_json_cannot_hold_are_refused() {
    let cases = [
        (
            "99999999999999999999",
            "the integer 99999999999999999999 is out of range",
        ),
        (
            "-9223372036854775809",
            "the integer -9223372036854775809 is out of range",
        ),
        ("1e999", "the number 1e999 is not finite"),
        ("nan", "the number nan is not finite"),
        ("-inf", "the number -inf is not finite"),
    ];
    for (number, expected) in cases {
        let found = problems_of(&format!("plugins.records.batch = {number}"));
        assert_eq!(
            found,
            [format!("config_invalid_value weldkit.toml:1:25 {expected}")]
        );
    }
    let long = problems_of(&format!("plugins.records.batch = {}", "9".repeat(5_000)));
    assert!(long[0].len() < 200, "{}", long[0]);
}

#[test]
fn depth_is_bounded() {
    let dotted = |n: usize| vec!["a"; n].join(".");
    let texts = [
        format!(
            "plugins.records.columns = {}{}",
            "[".repeat(10_000),
            "]".repeat(10_000)
        ),
        format!(
            "plugins.records.columns = {}{}",
            "[".repeat(70),
            "]".repeat(70)
        ),
        format!(
            "plugins.records.csv = {}1{}",
            "{a=".repeat(70),
            "}".repeat(70)
        ),
        format!("{} = 1", dotted(20_000)),
        format!("[{}]\n{} = 1", dotted(70), dotted(70)),
        format!("[{}]", dotted(20_000)),
        format!(
            "[{0}]\n{1}1{2}",
            dotted(79),
            format!("{} = {{", dotted(79)).repeat(79),
            "}".repeat(79)
        ),
    ];
    for text in texts {
        let config = load(&file(&text));
        assert!(
            !config.problems().is_empty(),
            "{}",
            super::brief(config.problems()).join("\n")
        );
        let _ = render(config.problems(), false);
    }
    for text in [
        "[".repeat(10_000) + &"]".repeat(10_000),
        "{a=".repeat(5_000) + "1" + &"}".repeat(5_000),
    ] {
        let config = load(&Sources::new("").set(format!("plugins.records.csv={text}")));
        assert_eq!(
            config.settings_value("records")["csv"],
            json!(text),
            "too deep to be anything but text"
        );
    }
    assert_eq!(
        load(&Sources::new("").set(format!("{}=1", dotted(20_000))))
            .problems()
            .len(),
        1
    );
    let deep_variable = format!("WELDKIT__{}", vec!["A"; 20_000].join("__"));
    assert_eq!(
        load(&Sources::new("").environment([(deep_variable, "1")]))
            .problems()
            .len(),
        1
    );
}
