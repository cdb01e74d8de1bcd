//! `plugin_metadata.json`: what a plugin says about itself before anything is compiled.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::file;

/// The name of the file, in every provider crate beside its `Cargo.toml`.
pub const FILE: &str = "plugin_metadata.json";

/// The file itself; keys are written in this order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PluginMetadata {
    /// The version of this format: 1.
    pub format: u32,
    /// The plugin's id.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// The version of its crate.
    pub version: semver::Version,
    /// One sentence.
    pub description: String,
    /// Who wrote it.
    pub author: String,
    /// Its licence expression.
    pub license: String,
    /// Its crate.
    pub package: String,
    /// Where it lives.
    pub source: String,
    /// What it is about.
    pub categories: Vec<String>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// `stable`, `beta`, `experimental` or `deprecated`.
    pub stability: String,
    /// The framework it was made for, and the names of the services it asks for.
    pub requirements: Requirements,
    /// What it can do beyond its services.
    pub capabilities: Vec<Value>,
    /// The services it asks for.
    pub requires: Vec<Requirement>,
    /// The services it provides.
    pub service_contracts: Vec<ServiceContract>,
    /// The permissions of its own calls.
    pub permissions: Vec<String>,
    /// What it touches outside the process: `net`, `fs`, `env`, `exec`.
    pub access: Vec<String>,
    /// Whether an old instance stops before a new one starts.
    pub exclusive: bool,
    /// The JSON Schema of its settings; left out in the record inside a binary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration_schema: Option<Value>,
}

/// What a plugin needs to run at all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirements {
    /// The range of framework versions.
    pub weldkit_version: semver::VersionReq,
    /// The names of the services it asks for.
    pub dependencies: Vec<String>,
}

/// One service that a plugin asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirement {
    /// Its name.
    pub service: String,
    /// The versions that will do.
    pub version: semver::VersionReq,
    /// Whether the plugin works without it.
    pub optional: bool,
}

/// One service that a plugin provides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceContract {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: semver::Version,
    /// The hash of its shape.
    pub hash: String,
    /// Its methods.
    pub methods: Vec<String>,
}

impl PluginMetadata {
    /// Reads the file in a crate's folder.
    ///
    /// # Errors
    /// Fails when it is missing, malformed or of a newer format.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(FILE);
        let shown = path.display();
        let wrong = |what: String| {
            Error::refused(format!("{shown}: {what}")).help("write it anew: cargo xtask metadata")
        };
        let text = std::fs::read_to_string(&path).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => wrong("there is none".to_owned()),
            _ => wrong(e.to_string()),
        })?;
        let value: Value = serde_json::from_str(&text).map_err(|e| wrong(e.to_string()))?;
        if value["format"] != 1 {
            return Err(wrong(format!(
                "format {} is not known here",
                value["format"]
            )));
        }
        serde_json::from_value(value).map_err(|e| wrong(e.to_string()))
    }

    /// The text of the file.
    pub fn to_text(&self) -> String {
        let sorted = Self {
            configuration_schema: self.configuration_schema.as_ref().map(sorted),
            ..self.clone()
        };
        let pretty = serde_json::to_string_pretty(&sorted);
        format!("{}\n", pretty.expect("plain data always serialises"))
    }

    /// Writes the file into a crate's folder; says whether it changed.
    ///
    /// # Errors
    /// Fails when it cannot be written.
    pub fn write(&self, folder: &Path) -> Result<bool> {
        file::write(&folder.join(FILE), &self.to_text())
    }

    /// The same without the schema of its settings, as it stands in a binary.
    #[must_use]
    pub fn without_schema(&self) -> Self {
        Self {
            configuration_schema: None,
            ..self.clone()
        }
    }
}

/// The same value with the keys of every object in order: whether serde_json keeps the order of
/// insertion depends on who else is in the build, and the file must not.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut entries: Vec<_> = object.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            let entries = entries.into_iter();
            Value::Object(entries.map(|(k, v)| (k.clone(), sorted(v))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// The compatibility line of a version: the major, or `0.minor`.
pub fn line(version: &semver::Version) -> String {
    match version.major {
        0 => format!("0.{}", version.minor),
        major => major.to_string(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A plugin for tests: `provides` as `name@version`, `requires` as `name@range`, with a `?`
    /// behind an optional one.
    pub(crate) fn plugin(id: &str, provides: &[&str], requires: &[&str]) -> PluginMetadata {
        let requires: Vec<Requirement> = requires
            .iter()
            .map(|text| {
                let (service, version) = text.trim_end_matches('?').split_once('@').unwrap();
                Requirement {
                    service: service.to_owned(),
                    version: version.parse().unwrap(),
                    optional: text.ends_with('?'),
                }
            })
            .collect();
        PluginMetadata {
            format: 1,
            id: id.to_owned(),
            name: id.to_owned(),
            version: semver::Version::new(0, 1, 0),
            description: format!("About {id}"),
            author: "Someone".to_owned(),
            license: "MIT".to_owned(),
            package: format!("weldkit-{id}"),
            source: "https://example.invalid".to_owned(),
            categories: vec!["Test".to_owned()],
            tags: Vec::new(),
            stability: "stable".to_owned(),
            requirements: Requirements {
                weldkit_version: "^0.1.0".parse().unwrap(),
                dependencies: requires.iter().map(|need| need.service.clone()).collect(),
            },
            capabilities: Vec::new(),
            requires,
            service_contracts: provides
                .iter()
                .map(|text| {
                    let (name, version) = text.split_once('@').unwrap();
                    ServiceContract {
                        name: name.to_owned(),
                        version: version.parse().unwrap(),
                        hash: "0123456789abcdef".to_owned(),
                        methods: vec!["get".to_owned()],
                    }
                })
                .collect(),
            permissions: Vec::new(),
            access: Vec::new(),
            exclusive: false,
            configuration_schema: Some(serde_json::json!({"type": "object"})),
        }
    }

    #[test]
    fn a_file_survives_the_round_trip_with_its_keys_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let written = plugin("report", &["report@1.0.0"], &["storage@^1.0.0"]);
        assert!(written.write(folder.path()).unwrap());
        assert!(!written.write(folder.path()).unwrap());
        assert_eq!(PluginMetadata::read(folder.path()).unwrap(), written);
        let text = file::read(&folder.path().join(FILE)).unwrap();
        assert!(text.starts_with("{\n  \"format\": 1,\n  \"id\": \"report\",\n  \"name\""));
        assert!(text.ends_with("}\n"));
    }

    #[test]
    fn a_missing_broken_or_newer_file_says_how_to_renew_it() {
        let folder = tempfile::tempdir().unwrap();
        let check = |text: Option<&str>, expected: &str| {
            if let Some(text) = text {
                std::fs::write(folder.path().join(FILE), text).unwrap();
            }
            let error = PluginMetadata::read(folder.path()).unwrap_err();
            let Error::Refused(problems) = error else {
                panic!("a metadata problem is a refusal");
            };
            assert!(problems[0].message.contains(expected), "{problems:?}");
            assert_eq!(problems[0].help, ["write it anew: cargo xtask metadata"]);
        };
        check(None, "there is none");
        check(Some("{"), "EOF");
        check(Some("{\"format\":2}"), "format 2 is not known");
        check(Some("{\"format\":1}"), "missing field `id`");
    }

    #[test]
    fn the_line_of_a_version_is_what_stays_compatible() {
        assert_eq!(line(&semver::Version::new(2, 3, 1)), "2");
        assert_eq!(line(&semver::Version::new(0, 3, 1)), "0.3");
    }
}
