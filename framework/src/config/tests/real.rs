//! Schemas as plugins really have them: derived, with rules, enums and secrets.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::*;
use crate::contract::{Secret, input_schema};

/// How to send.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Mode {
    /// At once.
    Eager,
    /// In batches of a size.
    Batched(u16),
    /// To a peer.
    Peer {
        /// Where it is.
        host: String,
    },
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Retry {
    /// Tries in all.
    times: u8,
    wait: f32,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            times: 3,
            wait: 0.5,
        }
    }
}

/// Settings of a sender.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Sender {
    /// Items at a time.
    #[schemars(range(min = 1, max = 10_000))]
    #[serde(default = "batch")]
    batch: u32,
    /// The token.
    token: Option<Secret<String>>,
    #[serde(default)]
    pins: Vec<Secret<u32>>,
    #[serde(default = "mode")]
    mode: Mode,
    #[serde(default)]
    retry: Retry,
    fallback: Option<Retry>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    extra: Value,
}

fn batch() -> u32 {
    1_000
}

fn mode() -> Mode {
    Mode::Eager
}

fn sender(text: &str) -> Config {
    let plugins = vec![Plugin::new("sender", "Sends.", || {
        Some(input_schema::<Sender>().to_value())
    })];
    Config::load(
        &file(&format!("[plugins.sender]\n{text}")),
        Arc::new(Catalog {
            plugins,
            services: vec![],
        }),
    )
}

#[test]
fn what_the_check_accepts_can_be_decoded() {
    let texts = [
        "",
        "batch = 5.0",
        "token = \"x\"\npins = [1, { env = \"PATH\" }]",
        "mode = \"eager\"",
        "mode = { batched = 5 }",
        "mode = { peer = { host = \"h\" } }",
        "retry.times = 4\nfallback = { wait = 1 }",
        "labels = { a = \"b\" }\nextra = { x = [1, { y = 2 }] }",
    ];
    for text in texts {
        let config = sender(text);
        assert_eq!(brief(&config.check_all()), [""; 0], "{text}");
        if !text.contains("env") {
            Sender::deserialize(config.settings_value("sender")).unwrap();
        }
        let shown = config.show(false);
        assert!(
            shown.contains("retry.times = ") && shown.contains("batch = "),
            "{shown}"
        );
    }
    assert!(
        sender("extra = { x = [1, { y = 2 }] }")
            .show(false)
            .contains("extra.x = [1, { y = 2 }]")
    );
}

/// Settings, and what is wrong with them.
const REFUSED: &[(&str, &str)] = &[
    (
        "batch = 0",
        "config_invalid_value 2:9 `batch` must be at least 1, found the integer 0",
    ),
    (
        "batch = 10001",
        "config_invalid_value 2:9 `batch` must be at most 10000, found the integer 10001",
    ),
    (
        "btach = 1",
        "config_unknown_name 2:1 there is no setting of `sender` named `btach` ~batch",
    ),
    (
        "token = 5",
        "config_wrong_type 2:9 `token` must be a string or a table, found a number",
    ),
    (
        "token = { evn = \"X\" }",
        "config_invalid_value 2:9 `token` must fit one of its 3 forms, found a table",
    ),
    (
        "pins = [\"x\"]",
        "config_wrong_type 2:9 `pins.0` must be a table or an integer, found a string",
    ),
    (
        "mode = \"eagr\"",
        "config_invalid_value 2:8 `mode` must be one of eager, found the string `eagr` ~eager",
    ),
    (
        "mode = { batched = 70000 }",
        "config_invalid_value 2:20 `mode.batched` must be at most 65535, found the integer 70000",
    ),
    (
        "mode = { peer = {} }",
        "config_missing 2:10 `host` is required by `sender`",
    ),
    (
        "retry.tmes = 4",
        "config_unknown_name 2:7 there is no setting of `sender` named `tmes` ~times",
    ),
    (
        "retry.times = 256",
        "config_invalid_value 2:15 `retry.times` must be at most 255, found the integer 256",
    ),
    (
        "fallback.times = -1",
        "config_invalid_value 2:18 `fallback.times` must be at least 0, found the integer -1",
    ),
    (
        "labels.a = 1",
        "config_wrong_type 2:12 `labels.a` must be a string, found the integer 1",
    ),
];

#[test]
fn what_it_refuses_is_named() {
    for (text, expected) in REFUSED {
        let found: Vec<String> = brief(&sender(text).check_all())
            .iter()
            .map(|line| line.replace("weldkit.toml:", ""))
            .collect();
        assert_eq!(found, [*expected], "{text}");
    }
}

#[test]
fn derived_secrets_are_withheld() {
    let config = sender("token = \"canary\"\npins = [1234567]\nbatch = 0");
    let shown = config.show(true) + &render(&config.check_all(), false);
    assert!(
        !shown.contains("canary") && !shown.contains("1234567"),
        "{shown}"
    );
    assert!(
        shown.contains("token = \"***\"") && shown.contains("pins = [\"***\"]"),
        "{shown}"
    );
    let reference = sender("token = { env = \"TOKEN\" }").show(false);
    assert!(
        reference.contains("token = { env = \"TOKEN\" }"),
        "{reference}"
    );
}

#[test]
fn the_sample_of_a_derived_schema_loads_with_every_line_in_force() {
    let catalog = Arc::clone(&sender("").catalog);
    let text = sample(&catalog, None);
    let uncommented: Vec<&str> = text
        .lines()
        .map(|line| {
            if line.starts_with("# ") {
                line
            } else {
                line.trim_start_matches('#')
            }
        })
        .collect();
    let config = Config::load(&file(&uncommented.join("\n")), Arc::clone(&catalog));
    assert_eq!(brief(&config.check_all()), [""; 0], "{text}");
    for line in [
        "# Items at a time.",
        "# From 1 to 10000.",
        "#batch = 1000",
        "#token = { env = \"NAME\" }",
        "#mode = \"eager\"",
        "# Tries in all.",
        "#retry.times = 3",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    jsonschema::draft202012::new(&super::schema(&catalog)).unwrap();
}
