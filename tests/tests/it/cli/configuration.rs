//! Where values come from, and what is said about wrong ones.

use super::{Place, parsed};

const GREET: &[&str] = &[
    "call",
    "echo.greet",
    "--input.format",
    "x",
    "--mood",
    "short",
];

#[test]
fn defaults_give_way_to_the_file_to_variables_and_to_flags() {
    let place = Place::new();
    assert_eq!(place.run(GREET).fine(), "\"welcome x\"\n");
    let place = place.file("[plugins.echo]\ngreeting = 'file'");
    assert_eq!(place.run(GREET).fine(), "\"file x\"\n");
    let place = place.variable("WELDKIT__PLUGINS__ECHO__GREETING", "variable");
    assert_eq!(place.run(GREET).fine(), "\"variable x\"\n");
    let flag = &["--set", "plugins.echo.greeting=flag"];
    assert_eq!(place.run(&[flag, GREET].concat()).fine(), "\"flag x\"\n");
    let later = &["--set", "plugins.echo.greeting=later"];
    assert_eq!(
        place.run(&[flag, GREET, later].concat()).fine(),
        "\"later x\"\n"
    );
    let shown = place.run(&["config", "show", "--origins"]);
    assert!(
        shown
            .fine()
            .contains("greeting = \"variable\" # environment WELDKIT__PLUGINS__ECHO__GREETING"),
        "{shown:?}"
    );
    let shown = place
        .run(&["config", "show", "--origins", "--format", "json"])
        .json();
    assert_eq!(
        shown["configuration"]["plugins"]["echo"]["greeting"],
        "variable"
    );
    assert_eq!(
        shown["origins"]["/plugins/echo/greeting"]["kind"],
        "environment"
    );
}

#[test]
fn a_named_file_must_exist_and_the_usual_one_need_not() {
    let place = Place::new();
    place.run(&["check", "--config", "other.toml"]).failed(
        3,
        &[
            "there is no configuration file `other.toml`",
            "config sample",
        ],
    );
    place.write("other.toml", "[plugins.echo]\ngreeting = 'other'");
    let ran = place.run(&[&["--config", "other.toml"], GREET].concat());
    assert_eq!(ran.fine(), "\"other x\"\n");
}

#[test]
fn configuration_and_graph_are_refused_together_each_with_its_place() {
    let text = "[plugins.echo]\ngreeting = 7\ngreetin = 'x'\n[services]\necho = 'relay'\n[limits]\n'echo.sya' = { timeout = '1s' }\n[instances.second]\nplugin = 'echo'\n";
    let place = Place::new()
        .file(text)
        .variable("WELDKIT__HOST__STOP_DEADLINE", "soon");
    let words = [
        "weldkit.toml:2:12",
        "weldkit.toml:3:1",
        "did you mean `greeting`?",
        "`relay` does not provide the service `echo`",
        "echo.sya",
        "WELDKIT__HOST__STOP_DEADLINE",
        "problems",
    ];
    for command in [&["check"][..], &["serve"], &["call", "echo.whoami"]] {
        place.run(command).failed(3, &words);
    }
    let report = place.run(&["check", "--format", "json"]);
    assert_eq!(report.code, Some(3));
    assert_eq!(
        parsed(&report.out)["problems"].as_array().unwrap().len(),
        5,
        "{report:?}"
    );
    for command in [
        &["list"][..],
        &["describe", "echo"],
        &["explain", "timeout"],
        &["build-info"],
        &["config", "sample"],
    ] {
        assert!(!place.run(command).fine().is_empty());
    }
    let doctor = place.run(&["doctor"]);
    doctor.failed(1, &[]);
    assert!(doctor.out.contains("weldkit.toml:3:1"), "{doctor:?}");
    assert_eq!(place.files(), ["weldkit.toml"]);
}

#[test]
fn ambiguous_and_cyclic_graphs_are_refused_with_configuration() {
    let place = Place::new().file("[instances.a]\nplugin = 'echo'\n[instances.b]\nplugin = 'echo'\n[host]\ndisable = ['echo', 'x']\n");
    place.run(&["check"]).failed(
        3,
        &[
            "there is no instance named `x`",
            "`echo` has several providers: `a`, `b`",
            "[services]",
            "2 problems",
        ],
    );
    let place = Place::new().file("[instances.a]\nplugin = 'echo'\n[host]\ndisable = ['echo']\n[services]\n'relay.echo' = 'a'");
    let checked = place.run(&["check", "--format", "json"]).json();
    let relay = checked["instances"]
        .as_array()
        .unwrap()
        .iter()
        .find(|instance| instance["instance"] == "relay")
        .unwrap();
    assert_eq!(relay["bindings"]["echo"], "a");
}

#[test]
fn a_file_with_a_syntax_error_is_refused_as_a_whole() {
    let place = Place::new().file("[plugins.echo\ngreeting = 'x'");
    place
        .run(GREET)
        .failed(3, &["config_syntax", "weldkit.toml:1"]);
    place.write("weldkit.toml", b"\xff\xfe");
    place.run(GREET).failed(3, &["not UTF-8"]);
    place.write("weldkit.toml", vec![b'#'; 2 << 20]);
    place.run(GREET).failed(3, &["larger than"]);
}

#[test]
fn what_the_broken_part_does_not_touch_still_works() {
    let place = Place::new().file("[plugins.trouble]\nstrat = 'x'");
    let ran = place.run(GREET);
    assert_eq!(ran.fine(), "\"welcome x\"\n");
    assert!(
        ran.err
            .contains("1 problem, none of them in the way of this call"),
        "{ran:?}"
    );
    place
        .run(&["call", "trouble.hang"])
        .failed(3, &["did you mean `start`?"]);
    place.run(&["check"]).failed(3, &["did you mean `start`?"]);
    let place = Place::new().file("[plugins.trouble]\nstart = 'fail'");
    assert_eq!(place.run(GREET).fine(), "\"welcome x\"\n");
}

#[test]
fn sample_and_schema_are_a_configuration_and_its_schema() {
    let place = Place::new();
    let sample = place.run(&["config", "sample"]);
    assert!(
        sample
            .fine()
            .starts_with("#:schema ./weldkit.schema.json\n"),
        "{sample:?}"
    );
    place.write("weldkit.toml", &sample.out);
    assert_eq!(place.run(&["check"]).code, Some(0));
    let schema = place.run(&["config", "schema"]).json();
    assert_eq!(
        schema["$schema"],
        "https://json-schema.org/draft/2020-12/schema"
    );
    let slot = "/properties/composites/additionalProperties/properties/slots/additionalProperties";
    let slot = schema.pointer(slot).unwrap();
    assert_eq!(slot["properties"]["role"]["enum"][1], "secondary");
    assert_eq!(slot["additionalProperties"], false);
}

#[test]
fn limits_bound_the_door_as_well() {
    let slow = ["call", "echo.slow", "--ms", "10000"];
    let place = Place::new().file("[limits]\n'echo.slow' = { timeout = '50ms' }");
    place
        .run(&slow)
        .failed(1, &["error[timeout]", "did not end before its timeout"]);
    let place = Place::new();
    place
        .run(&[&slow[..], &["--timeout", "50ms"]].concat())
        .failed(1, &["error[timeout]", "the caller's deadline"]);
}

/// A mistyped permission was granted without a word, and the call it was meant for refused later.
#[test]
fn a_permission_that_nothing_asks_for_is_warned_of_at_its_place() {
    let text = "[permissions]\nguest = [\"echo\", \"echo.secrte\", \"ehco.*\", \"kafka.write\", \"echo.*\", \"*\"]\n";
    let place = Place::new().file(text);
    let checked = place.run(&["check"]);
    checked.fine();
    let told = [
        "warning[config_unknown_name]: no method in this binary asks for the permission `echo.secrte`",
        "weldkit.toml:2:18",
        "did you mean `echo.secret`?",
        "weldkit.toml:2:33",
        "did you mean `echo.*`?",
        "the permission `kafka.write`",
        "`app describe SERVICE` shows",
    ];
    for text in told {
        assert!(checked.err.contains(text), "{text}: {}", checked.err);
    }
    let report = place.run(&["check", "--format", "json"]).json();
    assert_eq!(report["ok"], true);
    let warnings = report["warnings"].as_array().unwrap();
    let pointers: Vec<_> = warnings.iter().map(|warning| &warning["pointer"]).collect();
    assert_eq!(
        pointers,
        [
            "/permissions/guest/1",
            "/permissions/guest/2",
            "/permissions/guest/3"
        ]
    );
    // One file serves several editions, so it is no obstacle; and a flag is held to the same.
    place.run(GREET).fine();
    let flag = Place::new().run(&["check", "--set", "permissions.guest=[\"echo.sercet\"]"]);
    flag.fine();
    assert!(
        flag.err.contains("--set permissions.guest") || flag.err.contains("command line"),
        "{flag:?}"
    );
    let quiet = Place::new().run(&["check"]);
    assert_eq!(quiet.err, "");
}
