//! What people read: problems, sample, schema, the effective configuration; and what must never be in it.

use std::collections::BTreeSet;

use super::*;

const SECRET: &str = "hunter2-canary";

#[test]
fn problems_look_like_those_of_rustc() {
    let text = "[plugins.records]\nbatc = 500\nbatch = 0 # low\n";
    let config = load(
        &file(text)
            .environment([("WELDKIT__PLUGINS__RECORDS__RATIO", "abc")])
            .set("host={state=[]}"),
    );
    let expected = "\
error[config_unknown_name]: there is no setting of `records` named `batc`
 --> weldkit.toml:2:1
  |
2 | batc = ***
  | ^^^^ did you mean `batch`?
  |
  = note: Rows read at a time.

error[config_invalid_value]: `batch` must be at least 1, found the integer 0
 --> weldkit.toml:3:9
  |
3 | batch = 0 # low
  |         ^
  |
  = note: Rows read at a time.

error[config_wrong_type]: `ratio` must be a number, found the string `abc`
 --> environment:1:34
  |
1 | WELDKIT__PLUGINS__RECORDS__RATIO=abc
  |                                  ^^^

error[config_missing]: `path` is required by `storage-redb`
 |
 = note: The file.
 = help: add `path = …` under `[plugins.storage-redb]`, or set `WELDKIT__PLUGINS__STORAGE_REDB__PATH`
";
    let mut problems = config.check_all();
    let flag = problems.remove(3);
    assert_eq!(render(&problems, false), expected);
    let expected = "\
error[config_wrong_type]: `state` is a string, found an array
 --> command line:1:19
  |
1 | --set host={state=[]}
  |                   ^^
";
    assert_eq!(render(std::slice::from_ref(&flag), false), expected);
    assert!(render(&[flag], true).contains("\u{1b}["));
    assert_eq!(render(&[], true), "");
    let many = vec![Problem::new(Code::Missing, "", "x"); 103];
    assert!(render(&many, false).ends_with("\nand 3 more\n"));
}

#[test]
fn nothing_in_a_configuration_reaches_the_terminal_as_an_escape_code() {
    let evil = "\u{1b}[31m";
    let escaped = "\\u001b[31m";
    let variables = || [(format!("WELDKIT__PLUGINS__RECORDS__{evil}"), evil)];
    let cases = [
        file(&format!(
            "[plugins.records]\n\"{escaped}\" = 1\nmode = \"{escaped}\"\n[\"{escaped}\"]"
        )),
        file(&format!("# {evil}\n\"{evil}\" = 1")),
        Sources::new("").environment(variables()),
        Sources::new("").set(format!("plugins.records.batch={evil}")),
        Sources::new("").set(format!("'{evil}'=1")),
        Sources::new("").set(evil),
        Sources::new("").file_content(evil, "x = 1"),
    ];
    for sources in cases {
        let config = load(&sources);
        let problems = config.check_all();
        assert!(!problems.is_empty());
        assert!(!render(&problems, false).contains('\u{1b}'));
        assert!(!config.show(true).contains('\u{1b}'));
    }
}

/// Every way to write a secret, right and wrong.
fn with_secrets() -> Vec<Sources> {
    let texts = [
        format!("[plugins.records]\npassword = \"{SECRET}\"\nbatch = 0"),
        format!("[plugins.records]\nbatch = 0\npasswrod = \"{SECRET}\""),
        format!("plugins.records = {{ password = \"{SECRET}\", batch = 0, batc = 1 }}"),
        format!("plugins.records = {{ batch = 0, batc = 1, password = \"{SECRET}\" }}"),
        format!("plugins.records = {{ pasword = \"{SECRET}\", batch = 0, batc = 1 }}"),
        format!("plugins.record = {{ password = \"{SECRET}\" }}"),
        format!("plugns.records.password = \"{SECRET}\""),
        format!("plugins.records.password = [\"{SECRET}\"]"),
        format!("plugins.records.password = {{ env = \"X\", value = \"{SECRET}\" }}"),
        format!("plugins.records.password = {{ vlaue = \"{SECRET}\" }}"),
        format!(
            "plugins.records.columns = [{{ name = 1, key = \"{SECRET}\" }}, {{ name = 1, kye = \"{SECRET}\" }}]"
        ),
        format!("plugins.records.columns = [{{ key = \"{SECRET}\" }}]"),
        format!("plugins.records = \"{SECRET}\""),
        format!("plugins.storage-memory.password = \"{SECRET}\""),
        format!(
            "[instances.two]\nplugin = \"records\"\nsettings = {{ password = \"{SECRET}\", batch = 0 }}"
        ),
        format!(
            "[instances.two]\nplugin = \"recods\"\nsettings = {{ password = \"{SECRET}\" }}\nsettigns = {{ password = \"{SECRET}\" }}"
        ),
        format!("plugins.records.password = \"\"\"\n{SECRET}\n\"\"\"\nplugins.records.batch = 0"),
    ];
    let by_file = texts.iter().map(|text| file(text));
    let assignments = [
        format!("plugins.records.password={SECRET}"),
        format!("plugins.records={{ password = '{SECRET}', batch = 0 }}"),
        format!("plugins.records.pasword={SECRET}"),
        format!("plugins.record.password={SECRET}"),
        format!("plugins.records.password=['{SECRET}']"),
        format!("plugins..password={SECRET}"),
        format!("password {SECRET}"),
    ];
    let by_flag = assignments.iter().map(|text| Sources::new("").set(text));
    let variables = [
        ("WELDKIT__PLUGINS__RECORDS__PASSWORD", SECRET.to_owned()),
        ("WELDKIT__PLUGINS__RECORDS__PASWORD", SECRET.to_owned()),
        (
            "WELDKIT__PLUGINS__RECORDS",
            format!("{{ password = '{SECRET}', batch = 0 }}"),
        ),
        ("WELDKIT____PASSWORD", SECRET.to_owned()),
        (
            "WELDKIT__PLUGINS__RECORDS__COLUMNS",
            format!("[{{ name = 'x', key = '{SECRET}', port = 1 }}]"),
        ),
    ];
    let by_variable = variables
        .iter()
        .map(|(name, value)| Sources::new("").environment([(name, value)]));
    by_file.chain(by_flag).chain(by_variable).collect()
}

#[test]
fn secrets_are_never_shown() {
    let mut shown = 0;
    for sources in with_secrets() {
        let config = load(&sources);
        let mut problems = config.check_all();
        let pointers: Vec<String> = config.origins().into_keys().collect();
        problems.extend(
            pointers
                .iter()
                .map(|pointer| config.problem_at(pointer, Code::InvalidValue, "no")),
        );
        let pages = [
            render(&problems, false),
            serde_json::to_string(&problems).unwrap(),
            format!("{problems:?} {config:?} {sources:?}"),
            config.show(true),
            format!("{:?}", config.origins()),
        ];
        for page in pages {
            assert!(!page.contains("canary"), "{page}");
        }
        shown += usize::from(config.show(false).contains("***"));
    }
    assert!(shown > 12, "{shown}");
}

#[test]
fn the_effective_configuration_is_shown_with_origins() {
    let text = "[host]\nlog = \"warn\"\n[plugins.records]\npassword = \"secret\"\ncsv.quote = false\n\"odd name\" = 1\n\
        [instances.archive]\nplugin = \"storage-redb\"\nsettings.path = \"a\\n\\\"b\\u007f\"\n[services]\n\"records.storage\" = \"archive\"\n\
        [permissions]\n\"plugin:records\" = [\"*\"]\n[limits]\nstorage.get.timeout = \"5s\"";
    let config = load(
        &file(text)
            .environment([("WELDKIT__PLUGINS__STORAGE_REDB__PATH", "5")])
            .set("host.state=7"),
    );
    let expected = r#"[host]
state = "7" # flag --set host.state
disable = [] # default
start_deadline = "1m" # default
stop_deadline = "10s" # default
log = "warn" # weldkit.toml:2:7
log_format = "human" # default

[plugins.records]
batch = 1000 # default
columns = [] # default
csv.quote = false # weldkit.toml:5:13
mode = "fast" # default
"odd name" = "***" # weldkit.toml:6:14
password = "***" # weldkit.toml:4:12
port = 80 # default
ratio = 0.5 # default

[plugins.storage-redb]
cache_mb = 16 # default
path = "5" # environment WELDKIT__PLUGINS__STORAGE_REDB__PATH

[instances.archive]
plugin = "storage-redb" # weldkit.toml:8:10

[instances.archive.settings]
cache_mb = 16 # default
path = "a\n\"b\u007F" # weldkit.toml:9:17

[services]
"records.storage" = "archive" # weldkit.toml:11:21

[permissions]
"plugin:records" = ["*"] # weldkit.toml:13:20

[limits."storage.get"]
timeout = "5s" # weldkit.toml:15:23
"#;
    assert_eq!(config.show(true), expected);
    let without: String = expected
        .lines()
        .map(|line| line.split(" # ").next().unwrap().to_owned() + "\n")
        .collect();
    assert_eq!(config.show(false), without);
}

#[test]
fn what_is_shown_loads_again() {
    let sources = file("plugins.records.batch = 5\nplugins.records.password = { env = \"X\" }\ninstances.two.plugin = \"records\"\nlimits.storage.get.concurrency = 2")
        .set("plugins.storage-redb.path='a'");
    let config = load(&sources);
    assert_eq!(config.check_all(), []);
    let again = load(&file(&config.show(true)));
    assert_eq!(again.check_all(), []);
    assert_eq!(again.show(false), config.show(false));
    assert_eq!(
        again.settings_value("records")["password"],
        json!({"env": "X"})
    );
    assert_eq!(
        (again.host(), again.limits(), again.instances()),
        (config.host(), config.limits(), config.instances())
    );
}

#[test]
fn the_sample_loads_as_it_is_and_with_every_line_in_force() {
    let text = sample(&catalog(), Some("./weldkit.schema.json"));
    assert!(text.starts_with("#:schema ./weldkit.schema.json\n"));
    let config = load(&file(&text));
    assert_eq!(brief(&config.check_all()), [""; 0]);
    assert_eq!(*config.host(), Host::default());
    assert_eq!(
        config.origins().len(),
        1,
        "only what is required is set: {:?}",
        config.origins()
    );

    let setting =
        |line: &&str| line.starts_with('#') && !line.starts_with("# ") && !line.starts_with("#:");
    let count = text.lines().filter(setting).count();
    let line = |line: &str| {
        if setting(&line) {
            line[1..].to_owned()
        } else {
            line.to_owned()
        }
    };
    // A made-up value cannot follow a pattern.
    let all: Vec<String> = text
        .lines()
        .map(line)
        .filter(|line| !line.starts_with("pattern-name"))
        .collect();
    let config = load(&file(&all.join("\n")));
    assert_eq!(brief(&config.check_all()), [""; 0], "{}", all.join("\n"));
    let example = Host {
        monitor: Some(std::time::Duration::from_secs(5)),
        ..Host::default()
    };
    assert_eq!(
        *config.host(),
        example,
        "the sample shows the defaults, and an example of what has none"
    );
    assert!(count > 20, "{count}");
    for (name, schema) in walk::properties(&records_schema(), &records_schema()) {
        assert!(text.contains(&format!("\n#{name}")), "{name}");
        let description = walk::description(&records_schema(), schema)
            .map(|text| text.lines().next().unwrap().to_owned());
        assert!(
            description.is_none_or(|description| text.contains(&description)),
            "{name}"
        );
    }
    assert!(
        text.contains("# The file.\n# At least 1 character. Required.\npath = \"change-me\"\n")
    );
    assert!(text.contains("# From 1 to 10000.\n#batch = 1000\n"));
    assert_eq!(
        load(&file(&sample(&Catalog::default(), None))).problems(),
        []
    );
}

#[test]
fn text_from_a_plugin_cannot_leave_its_comment() {
    let evil = "one\nhost.state = \"x\"\r\n\n\n[host]\u{2028}\u{1b}\u{0}\u{85}";
    let settings = json!({"properties": {"a": {"description": evil, "pattern": evil, "default": evil, "examples": [evil]}}});
    let plugins = vec![Plugin::new("p", evil, move || Some(settings))];
    let catalog = Arc::new(Catalog {
        plugins,
        services: vec![],
    });
    let config = Config::load(&file(&sample(&catalog, Some(evil))), Arc::clone(&catalog));
    assert_eq!(config.problems(), []);
    assert!(config.origins().is_empty());
}

#[test]
fn the_schema_accepts_what_is_good_and_refuses_what_is_not() {
    let schema = super::schema(&catalog());
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let value = |text: &str| serde_json::to_value(text.parse::<toml::Table>().unwrap()).unwrap();
    let good = [
        "",
        &sample(&catalog(), None),
        "[plugins.records]\nbatch = 5\nmode = \"accurate\"\ncolumns = [{ name = \"a\" }]",
        "[plugins.storage-redb]\ncache_mb = 1",
        "[instances.two]\nplugin = \"records\"\nsettings = { batch = 5 }",
        "[services]\nstorage = \"archive\"\n\"records.storage\" = \"x\"\ndata-processing.storage = \"x\"",
        "[permissions]\nguest = [\"*\"]",
        "[limits]\n\"storage.get\" = { timeout = \"1m30s\" }\nstorage.put.concurrency = 1",
    ];
    for text in good {
        let errors: Vec<String> = validator
            .iter_errors(&value(text))
            .map(|error| error.to_string())
            .collect();
        assert_eq!(errors, [""; 0], "{text}");
    }
    let bad = [
        "x = 1",
        "host.stat = 1",
        "host.log = \"loud\"",
        "host.stop_deadline = \"soon\"",
        "plugins.record = {}",
        "plugins.records.batch = 0",
        "plugins.records.batc = 1",
        "plugins.records.mode = \"fst\"",
        "plugins.records.columns = [{}]",
        "plugins.storage-memory.x = 1",
        "plugins.storage-redb.x = 1",
        "instances.two = {}",
        "instances.two.plugin = \"x\"",
        "[instances.two]\nplugin = \"records\"\nsettings = { batch = 0 }",
        "services.storage = 1",
        "permissions.guest = \"*\"",
        "limits.\"storage.gett\" = {}",
        "limits.storage.get.concurrency = 0",
    ];
    for text in bad {
        assert!(!validator.is_valid(&value(text)), "{text}");
        assert!(!load(&file(text)).check_all().is_empty(), "{text}");
    }
}

#[test]
fn definitions_of_plugins_stay_apart_and_every_reference_has_a_target() {
    let with = |name: &'static str, definition: Value| {
        Plugin::new(name, "", move || {
            Some(json!({
                "properties": {
                    "a": {"$ref": "#/$defs/A"}, "self": {"$ref": "#"}, "old": {"$ref": "#/properties/a"},
                    "$ref": {"type": "string"}, "data": {"default": {"$ref": "#/$defs/A"}, "const": {"$ref": "#"}},
                    "odd": {"$ref": "#/$defs/odd~1name"},
                },
                "$defs": {"A": definition, "odd/name": {"items": {"$ref": "#/$defs/A"}}},
            }))
        })
    };
    let plugins = vec![
        with("one", json!({"type": "string"})),
        with("two", json!({"type": "integer"})),
    ];
    let catalog = Catalog {
        plugins,
        services: vec![],
    };
    let schema = super::schema(&catalog);
    let mut references = BTreeSet::new();
    let mut open = vec![&schema];
    while let Some(value) = open.pop() {
        if let Some(object) = value.as_object() {
            references.extend(object.get("$ref").and_then(Value::as_str));
            open.extend(
                object
                    .iter()
                    .filter(|(name, _)| !matches!(name.as_str(), "default" | "const"))
                    .map(|(_, value)| value),
            );
        }
        open.extend(value.as_array().into_iter().flatten());
    }
    assert!(references.len() >= 8, "{references:?}");
    for reference in references {
        assert!(walk::lookup(&schema, reference).is_some(), "{reference}");
    }
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    assert!(validator.is_valid(
        &json!({"plugins": {"one": {"a": "x", "$ref": "x"}, "two": {"a": 1, "odd": [1]}}})
    ));
    assert!(!validator.is_valid(&json!({"plugins": {"one": {"a": 1}}})));
    assert!(!validator.is_valid(&json!({"plugins": {"two": {"self": {"a": "x"}}}})));
    assert_eq!(
        schema.pointer("/$defs/plugin.one/properties/data/default/$ref"),
        Some(&json!("#/$defs/A")),
        "data is left alone"
    );
}

/// Edits of the file, and what a reload has to do: `+` starts, `-` stops, `~` replaces an instance.
const RELOADS: &[(&str, &str, &str)] = &[
    ("", "", ""),
    ("batch = 5", "batch = 5.0 # moved", ""),
    ("batch = 5", "batch = 6", "~records"),
    ("# end", "instances.two.settings = {}", ""),
    ("# end", "instances.two.settings.batch = 1", "~two"),
    (
        "plugin = \"records\"",
        "plugin = \"storage-memory\"",
        "~two",
    ),
    ("two", "three", "+three -two"),
    (
        "[\"storage-redb\"]",
        "[\"records\"]",
        "+storage-redb -records",
    ),
    ("# end", "host.log = \"info\"", ""),
    ("# end", "host.log = \"warn\"", "host"),
    ("# end", "services.storage = \"storage-memory\"", "services"),
    ("# end", "permissions.guest = []", "permissions"),
    ("# end", "limits.storage.get.concurrency = 1", "limits"),
    (
        "# end",
        "limits.storage.get = {}\nhost.log = \"off\"\nplugins.records.port = 1",
        "~records host limits",
    ),
];

#[test]
fn a_reload_learns_what_changed() {
    let running = "plugins.records.batch = 5\ninstances.two.plugin = \"records\"\nhost.disable = [\"storage-redb\"]\n# end";
    let old = load(&file(running));
    assert_eq!(old.problems(), []);
    for (part, edit, expected) in RELOADS {
        let new = load(&file(&running.replace(part, edit)));
        assert_eq!(new.problems(), [], "{edit}");
        let changes = changes(&old, &new);
        let instances = |mark, names: &BTreeSet<String>| {
            names
                .iter()
                .map(|name| format!("{mark}{name}"))
                .collect::<Vec<_>>()
        };
        let mut words = instances('+', &changes.added);
        words.extend(instances('-', &changes.removed));
        words.extend(instances('~', &changes.changed));
        let sections = [
            ("host", changes.host),
            ("services", changes.services),
            ("permissions", changes.permissions),
            ("limits", changes.limits),
        ];
        words.extend(
            sections
                .iter()
                .filter(|(_, differs)| *differs)
                .map(|(name, _)| (*name).to_owned()),
        );
        assert_eq!(words.join(" "), *expected, "{edit}");
        assert_eq!(changes.is_empty(), expected.is_empty());
    }
}
