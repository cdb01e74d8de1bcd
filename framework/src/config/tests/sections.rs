//! The framework's own sections: types and refusals.

use std::time::Duration;

use super::*;

const GOOD: &str = r#"
        [host]
        state = "/var/lib/app"
        disable = ["records", "archive"]
        start_deadline = "1m30s"
        stop_deadline = "250ms"
        log = "debug"
        monitor = "2s"
        [plugins.storage-redb]
        path = "a"
        [instances.archive]
        plugin = "storage-redb"
        settings = { path = "archive.redb" }
        [services]
        storage = "storage-redb"
        "records.storage" = "archive"
        archive.storage = "storage-memory"
        [permissions]
        "plugin:archive" = ["storage.*", "storage"]
        operator = ["*"]
        guest = []
        [limits]
        "storage.get" = { concurrency = 4, timeout = "10s" }
        storage.put.concurrency = 1
        [limits.data_processing.process_batch]
        timeout = "1h"
    "#;

#[test]
fn a_good_file_becomes_types() {
    let config = load(&file(GOOD));
    assert_eq!(brief(&config.check_all()), [""; 0]);
    assert_eq!(
        *config.host(),
        Host {
            state: "/var/lib/app".into(),
            disable: ["records".to_owned(), "archive".to_owned()].into(),
            start_deadline: Duration::from_secs(90),
            stop_deadline: Duration::from_millis(250),
            log: Level::Debug,
            log_format: LogFormat::Human,
            monitor: Some(Duration::from_secs(2)),
        }
    );
    assert_eq!(
        config.settings_value("archive"),
        json!({"path": "archive.redb"})
    );
    assert_eq!(
        config.settings_pointer("archive"),
        "/instances/archive/settings"
    );
    assert_eq!(config.settings_value("nobody"), json!({}));
    assert_eq!(config.instances()["archive"], "storage-redb");
    assert_eq!(config.provider("storage", None), Some("storage-redb"));
    assert_eq!(config.provider("storage", Some("records")), Some("archive"));
    assert_eq!(
        config.provider("storage", Some("archive")),
        Some("storage-memory")
    );
    assert_eq!(config.provider("records", Some("archive")), None);
    assert_eq!(config.services().len(), 3);
    assert_eq!(
        config.permissions()["plugin:archive"],
        ["storage.*", "storage"]
    );
    assert!(config.permissions()["guest"].is_empty());
    let limit = |concurrency, timeout: Option<u64>| Limit {
        concurrency,
        timeout: timeout.map(Duration::from_secs),
    };
    assert_eq!(config.limits()["storage.get"], limit(Some(4), Some(10)));
    assert_eq!(config.limits()["storage.put"], limit(Some(1), None));
    assert_eq!(
        config.limits()["data_processing.process_batch"],
        limit(None, Some(3600))
    );
    let enabled: Vec<String> = config.enabled().into_keys().collect();
    assert_eq!(
        enabled,
        ["data-processing", "storage-memory", "storage-redb"]
    );
}

#[test]
fn an_empty_configuration_is_fine() {
    let config = load(&Sources::default());
    assert_eq!(config.problems(), []);
    assert_eq!(*config.host(), Host::default());
    assert_eq!(config.enabled().len(), 4);
    assert!(config.origins().is_empty());
    for (field, default) in [
        ("start_deadline", Host::default().start_deadline),
        ("stop_deadline", Host::default().stop_deadline),
    ] {
        assert!(
            config
                .show(false)
                .contains(&format!("{field} = \"{}\"\n", format_duration(default))),
            "{field}"
        );
    }
}

/// Files, and what is wrong with them.
const REFUSED: &[(&str, &[&str])] = &[
    (
        "hots.log = 1",
        &["config_unknown_name weldkit.toml:1:1 there is no section named `hots` ~host"],
    ),
    (
        "x = 1",
        &["config_unknown_name weldkit.toml:1:1 there is no section named `x`"],
    ),
    (
        "host = 5",
        &["config_wrong_type weldkit.toml:1:1 `host` is a table, found a number"],
    ),
    (
        "host.state = 5",
        &["config_wrong_type weldkit.toml:1:14 `state` is a string, found the integer 5"],
    ),
    (
        "host.log = \"loud\"",
        &[
            "config_invalid_value weldkit.toml:1:12 `log` is one of off, error, warn, info, debug, found `loud`",
        ],
    ),
    (
        "host.log = \"wran\"",
        &[
            "config_invalid_value weldkit.toml:1:12 `log` is one of off, error, warn, info, debug, found `wran` ~warn",
        ],
    ),
    (
        "host.stop_deadline = 10",
        &[
            "config_wrong_type weldkit.toml:1:22 `stop_deadline` is a duration such as \"5s\", found the integer 10",
        ],
    ),
    (
        "host.stop_deadline = \"10\"",
        &[
            "config_invalid_value weldkit.toml:1:22 `10` is not a duration: write it like 250ms, 5s or 1m30s",
        ],
    ),
    (
        "host.stop_deadline = \"0s\"",
        &["config_invalid_value weldkit.toml:1:22 `stop_deadline` must be more than zero"],
    ),
    (
        "host.disable = \"records\"",
        &[
            "config_wrong_type weldkit.toml:1:16 `disable` is an array of strings, found the string `records`",
        ],
    ),
    (
        "host.disable = [1, \"recrods\", \"records\"]",
        &[
            "config_wrong_type weldkit.toml:1:17 `disable` is an array of strings, found the integer 1",
            "config_unknown_name weldkit.toml:1:20 there is no instance named `recrods` ~records",
        ],
    ),
    (
        "plugins.record.batch = 1",
        &[
            "config_unknown_name weldkit.toml:1:9 there is no plugin in this binary named `record` ~records",
        ],
    ),
    (
        "plugins.kafka.batch = 1",
        &["config_unknown_name weldkit.toml:1:9 there is no plugin in this binary named `kafka`"],
    ),
    (
        "plugins.records = 5",
        &["config_wrong_type weldkit.toml:1:9 `records` is a table, found a number"],
    ),
    (
        "plugins = []",
        &["config_wrong_type weldkit.toml:1:1 `plugins` is a table, found an array"],
    ),
    (
        "[instances.a]",
        &["config_missing weldkit.toml:1:12 the instance `a` does not say of which plugin it is"],
    ),
    (
        "instances.a.plugin = \"storage-rdb\"",
        &[
            "config_unknown_name weldkit.toml:1:22 there is no plugin in this binary named `storage-rdb` ~storage-redb",
        ],
    ),
    (
        "[instances.A]\nplugin = \"records\"",
        &[
            "config_invalid_value weldkit.toml:1:12 `A` starts with `A`; a name starts with a lower-case letter",
        ],
    ),
    (
        "instances.records.plugin = \"records\"",
        &[
            "config_invalid_value weldkit.toml:1:11 `records` is the default instance of the plugin of that name",
        ],
    ),
    (
        "[instances.a]\nplugin = \"records\"\nsettings = 1\nseting = 1",
        &[
            "config_wrong_type weldkit.toml:3:1 `settings` is a table, found a number",
            "config_unknown_name weldkit.toml:4:1 there is no setting of an instance named `seting` ~settings",
        ],
    ),
    (
        "[instances.a]\nplugin = \"records\"\n[plugins.a]",
        &["config_unknown_name weldkit.toml:3:10 there is no plugin in this binary named `a`"],
    ),
    (
        "services.storage = \"records\"",
        &[
            "config_invalid_value weldkit.toml:1:20 `records` does not provide the service `storage`",
        ],
    ),
    (
        "services.storage = \"storag-redb\"",
        &[
            "config_unknown_name weldkit.toml:1:20 there is no instance named `storag-redb` ~storage-redb",
        ],
    ),
    (
        "services.storage = [\"a\"]",
        &["config_wrong_type weldkit.toml:1:20 `storage` is a string, found an array"],
    ),
    (
        "services.recods.storag = \"storage-redb\"",
        &[
            "config_unknown_name weldkit.toml:1:17 there is no instance named `recods` ~records",
            "config_unknown_name weldkit.toml:1:17 there is no service named `storag` ~storage",
        ],
    ),
    (
        "permissions.operator = \"*\"",
        &[
            "config_wrong_type weldkit.toml:1:24 `permissions` is an array of strings, found the string `*`",
        ],
    ),
    (
        "permissions.\"plugin:recods\" = []",
        &["config_unknown_name weldkit.toml:1:13 there is no instance named `recods` ~records"],
    ),
    (
        "limits.storage = 5",
        &["config_unknown_name weldkit.toml:1:8 `storage` is not a method"],
    ),
    (
        "limits.storage.concurrency = 5",
        &[
            "config_unknown_name weldkit.toml:1:16 there is no method of `storage` named `concurrency`",
        ],
    ),
    (
        "limits.\"storage.gett\" = {}",
        &["config_unknown_name weldkit.toml:1:8 there is no method of `storage` named `gett` ~get"],
    ),
    (
        "limits.\"storag.get\" = {}",
        &["config_unknown_name weldkit.toml:1:8 there is no service named `storag` ~storage"],
    ),
    (
        "limits.\"storage.get\" = 5",
        &["config_wrong_type weldkit.toml:1:8 `storage.get` is a table, found a number"],
    ),
    (
        "limits.\"storage.get\" = { concurency = 1, concurrency = 0, timeout = \"x\" }",
        &[
            "config_unknown_name weldkit.toml:1:26 there is no setting of a limit named `concurency` ~concurrency",
            "config_wrong_type weldkit.toml:1:56 `concurrency` is a whole number of 1 or more, found the integer 0",
            "config_invalid_value weldkit.toml:1:69 `x` is not a duration: write it like 250ms, 5s or 1m30s",
        ],
    ),
    (
        "limits.storage.get.concurrency = 4294967296",
        &[
            "config_wrong_type weldkit.toml:1:34 `concurrency` is a whole number of 1 or more, found the integer 4294967296",
        ],
    ),
    (
        "limits.storage.get.concurrency = 1.0",
        &[
            "config_wrong_type weldkit.toml:1:34 `concurrency` is a whole number of 1 or more, found the number 1.0",
        ],
    ),
];

#[test]
fn what_does_not_fit_is_refused_with_its_place() {
    for (text, expected) in REFUSED {
        assert_eq!(&brief(load(&file(text)).problems()), expected, "{text}");
    }
}

#[test]
fn a_bad_permission_is_refused() {
    let found = brief(
        load(&file(
            "permissions.guest = [\"storage.*\", \"Storage\", \"a..b\"]",
        ))
        .problems(),
    );
    assert_eq!(found.len(), 2);
    assert!(
        found[0]
            .starts_with("config_invalid_value weldkit.toml:1:35 `Storage` is not a permission"),
        "{}",
        found[0]
    );
}

#[test]
fn problems_say_what_to_do() {
    let cases = [
        (
            "plugins.kafka.x = 1",
            "if there is such a plugin, weld it in: `cargo xtask build --plugins records,storage-memory,storage-redb,data-processing,kafka`",
        ),
        (
            "[instances.a]\nplugin = \"records\"\n[plugins.a]",
            "settings of that instance stand in `[instances.a.settings]`",
        ),
        ("[instances.a]", "add `plugin = \"…\"`"),
        (
            "services.storage = \"records\"",
            "choose one of: storage-memory, storage-redb",
        ),
        (
            "limits.storage = 5",
            "a limit is for one method: write \"service.method\"",
        ),
        (
            "services.zzz = \"records\"",
            "there are: records, storage, data_processing",
        ),
        (
            "limits.zzz.y = {}",
            "there are: records, storage, data_processing",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(
            load(&file(text)).problems()[0].fix.as_deref(),
            Some(expected),
            "{text}"
        );
    }
}

#[test]
fn alerts_become_types_and_what_they_lack_is_told() {
    let config = load(&file(
        r#"
        [alerts.many]
        metric = "weldkit_calls_failed_total"
        of = "weldkit_calls_finished"
        labels = { instance = "records" }
        above = 0.05
        [alerts.slow]
        metric = "weldkit_call_duration_seconds"
        percentile = 0.9
        below = 1
        window = "5m"
    "#,
    ));
    assert_eq!(brief(config.problems()), [""; 0]);
    let many = Alert {
        metric: "weldkit_calls_failed".to_owned(),
        of: Some("weldkit_calls_finished".to_owned()),
        labels: [("instance".to_owned(), "records".to_owned())].into(),
        above: Some(0.05),
        ..Alert::default()
    };
    assert_eq!(config.alerts()["many"], many);
    let slow = &config.alerts()["slow"];
    assert_eq!((slow.percentile, slow.below), (Some(0.9), Some(1.0)));
    assert_eq!(slow.window, Duration::from_secs(300));
    assert!(config.show(false).contains("[alerts.many]\nmetric = "));

    let wrong = load(&file(
        "[alerts]\na = {}\nb = { metric = 'records_x', above = 1, below = 2 }\nc = { metric = 'records_x', above = 'much', percentile = 2, wndow = '1s' }\nd = 5",
    ));
    let told: Vec<String> = wrong
        .problems()
        .iter()
        .map(|problem| problem.message.clone())
        .collect();
    for words in [
        "`a` does not say what it watches",
        "`a` has no bound",
        "`b` has two bounds",
        "`above` is a number",
        "between 0 and 1",
        "wndow",
        "`d` is a table",
    ] {
        assert!(
            told.iter().any(|message| message.contains(words)),
            "{words}: {told:#?}"
        );
    }
    assert_eq!((told.len(), wrong.alerts().len()), (7, 0));
}

#[cfg(feature = "monitoring")]
#[test]
fn a_metric_that_nobody_can_tell_is_refused_with_the_nearest() {
    let config = load(&file(
        "[alerts]\na = { metric = 'weldkit_calls_faild_total', of = 'calls', above = 1 }\nb = { metric = 'storage_redb_pages', above = 1 }",
    ));
    let [metric, of] = config.problems() else {
        panic!("{:?}", config.problems());
    };
    assert_eq!(
        metric.message,
        "there is no metric named `weldkit_calls_faild`"
    );
    assert_eq!(metric.nearest.as_deref(), Some("weldkit_calls_failed"));
    assert_eq!(of.message, "there is no metric named `calls`");
    assert!(
        of.fix
            .as_ref()
            .is_some_and(|fix| fix.contains("app metrics"))
    );
    assert_eq!(config.alerts()["b"].metric, "storage_redb_pages");
}

#[cfg(not(feature = "monitoring"))]
#[test]
fn what_a_binary_without_monitoring_never_looks_at_is_refused() {
    let config = load(&file(
        "[host]\nmonitor = '5s'\n[alerts.a]\nmetric = 'weldkit_calls_failed'\nabove = 1",
    ));
    let told: Vec<&str> = config
        .problems()
        .iter()
        .map(|problem| &*problem.message)
        .collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told.iter()
            .all(|message| message.contains("this binary watches no metrics"))
    );
    assert!(config.alerts().is_empty() && config.host().monitor.is_none());
}

#[test]
fn durations_are_whole_numbers_with_units() {
    let good = [
        ("5s", 5_000),
        ("250ms", 250),
        ("1m30s", 90_000),
        ("2h", 7_200_000),
        ("1h1m1s1ms", 3_661_001),
        ("0s", 0),
        ("007s", 7_000),
        ("90s", 90_000),
    ];
    for (text, millis) in good {
        assert_eq!(
            parse_duration(text),
            Ok(Duration::from_millis(millis)),
            "{text}"
        );
    }
    let bad = [
        "",
        "5",
        "s",
        "1.5s",
        "-1s",
        "+1s",
        "1s1m",
        "1s1s",
        "5 s",
        " 5s",
        "5S",
        "1d",
        "1m30",
        "99999999999999999999s",
        "9999999999999999h",
        "١s",
    ];
    for text in bad {
        assert!(parse_duration(text).is_err(), "{text}");
    }
    for millis in [0, 1, 999, 1_000, 90_000, 3_661_001, u64::from(u32::MAX)] {
        let duration = Duration::from_millis(millis);
        assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
    }
}

#[test]
fn codes_are_explained_and_distinct() {
    let words: std::collections::BTreeSet<&str> =
        Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(words.len(), Code::ALL.len());
    assert!(
        Code::ALL
            .iter()
            .all(|code| code.explanation().len() > 40 && code.as_str().starts_with("config_"))
    );
}
