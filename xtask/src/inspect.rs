//! `inspect`: what is inside a binary, read from its bytes; it is never run.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

use crate::binary::Binary;
use crate::error::{Error, Problem, Result};
use crate::frame::{Contents, Descriptor};
use crate::metadata::Requirement;
use crate::record::BuildRecord;
use crate::{audit, binary, file, frame, talk};

/// The command line of `inspect`.
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// The binary; stripped, or of another platform, all the same
    pub file: PathBuf,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// How data is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Table,
    /// For programs, in a versioned envelope
    Json,
}

/// Everything that a binary says about itself.
#[derive(Debug, Clone, Serialize)]
struct Report {
    format: u32,
    file: String,
    bytes: usize,
    binary: Binary,
    app: Option<String>,
    version: Option<semver::Version>,
    edition: Option<String>,
    target: Option<String>,
    libc: Option<String>,
    profile: Option<String>,
    framework: Option<String>,
    rustc: Option<String>,
    features: Vec<String>,
    plugins: Vec<Plugin>,
    problems: Vec<String>,
}

/// One plugin, from its descriptor; the hashes come from the build record.
#[derive(Debug, Clone, Serialize)]
struct Plugin {
    id: String,
    version: semver::Version,
    package: String,
    description: String,
    license: String,
    source: String,
    stability: String,
    framework: String,
    contracts: Vec<Contract>,
    requires: Vec<Requirement>,
    permissions: Vec<String>,
    access: Vec<String>,
    categories: Vec<String>,
    exclusive: bool,
}

#[derive(Debug, Clone, Serialize)]
struct Contract {
    name: String,
    version: semver::Version,
    hash: Option<String>,
}

/// The command.
///
/// # Errors
/// Fails when the file cannot be read, holds no plugin and no build record, or contradicts
/// itself.
pub fn command(arguments: &Arguments) -> Result<()> {
    let bytes = file::read_bytes(&arguments.file)?;
    let contents = frame::scan(&bytes);
    if contents == Contents::default() {
        return Err(Error::failed(format!(
            "{} holds no weldkit plugin and no build record",
            arguments.file.display()
        ))
        .help("it is no application of weldkit, or it is compressed"));
    }
    let (report, problems) = report(&arguments.file, &bytes, &contents);
    match arguments.format {
        Format::Json => {
            let text = serde_json::to_string_pretty(&report);
            talk::data(text.expect("plain data always serialises"));
        }
        Format::Table => print(&report),
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Error::Failed(problems))
    }
}

fn report(file: &Path, bytes: &[u8], contents: &Contents) -> (Report, Vec<Problem>) {
    let read = |value: &Value| serde_json::from_value::<BuildRecord>(value.clone());
    let record = contents.builds.first().map(read);
    let mut problems = match &record {
        Some(Ok(record)) => audit::compare(contents, record),
        Some(Err(e)) => vec![Problem::new(format!(
            "the build record cannot be read: {e}"
        ))],
        // Built by plain Cargo: nothing to compare with.
        None => contents.damaged.iter().map(Problem::new).collect(),
    };
    problems.sort();
    let record = record.and_then(std::result::Result::ok);
    let all = contents.plugins.values().flatten();
    let report = Report {
        format: 1,
        file: file.display().to_string(),
        bytes: bytes.len(),
        binary: binary::read(bytes),
        plugins: all
            .map(|descriptor| plugin(descriptor, record.as_ref()))
            .collect(),
        problems: problems
            .iter()
            .map(|problem| problem.message.clone())
            .collect(),
        features: record
            .as_ref()
            .map(|r| r.features.clone())
            .unwrap_or_default(),
        edition: record.as_ref().and_then(|r| r.edition.clone()),
        app: record.as_ref().map(|r| r.app.clone()),
        version: record.as_ref().map(|r| r.version.clone()),
        target: record.as_ref().map(|r| r.target.clone()),
        libc: record.as_ref().map(|r| r.libc.clone()),
        profile: record.as_ref().map(|r| r.profile.clone()),
        framework: record.as_ref().map(|r| r.framework.clone()),
        rustc: record.map(|r| r.rustc),
    };
    (report, problems)
}

fn plugin(found: &Descriptor, record: Option<&BuildRecord>) -> Plugin {
    let metadata = record.and_then(|r| r.metadata.iter().find(|plugin| plugin.id == found.id));
    let hash = |name: &str| {
        let contract = metadata?
            .service_contracts
            .iter()
            .find(|c| c.name == name)?;
        Some(contract.hash.clone())
    };
    let contracts = found.provides.iter().map(|provided| Contract {
        name: provided.name.clone(),
        version: provided.version.clone(),
        hash: hash(&provided.name),
    });
    Plugin {
        id: found.id.clone(),
        version: found.version.clone(),
        package: found.package.clone(),
        description: found.description.clone(),
        license: found.license.clone(),
        source: found.source.clone(),
        stability: found.stability.clone(),
        framework: found.framework.clone(),
        contracts: contracts.collect(),
        requires: found.requires.clone(),
        permissions: found.permissions.clone(),
        access: found.access.clone(),
        categories: found.categories.clone(),
        exclusive: found.exclusive,
    }
}

/// For people: the facts, then two tables.
fn print(report: &Report) {
    for (name, fact) in facts(report) {
        talk::data(format_args!("{name:<10} {fact}"));
    }
    talk::data("");
    let rows = report.plugins.iter().map(|plugin| {
        vec![
            plugin.id.clone(),
            plugin.version.to_string(),
            plugin.license.clone(),
            plugin.stability.clone(),
            list(&plugin.access),
            plugin.package.clone(),
            plugin.source.clone(),
        ]
    });
    let headings = [
        "plugin",
        "version",
        "licence",
        "stability",
        "access",
        "package",
        "source",
    ];
    talk::table(&headings, &rows.collect::<Vec<_>>());
    talk::data("");
    let rows = report.plugins.iter().flat_map(|plugin| {
        plugin.contracts.iter().map(|contract| {
            let hash = contract.hash.clone().unwrap_or_else(|| "-".to_owned());
            vec![
                contract.name.clone(),
                contract.version.to_string(),
                hash,
                plugin.id.clone(),
            ]
        })
    });
    talk::table(
        &["contract", "version", "hash", "plugin"],
        &rows.collect::<Vec<_>>(),
    );
}

/// The binary as a whole, a line per fact.
fn facts(report: &Report) -> Vec<(&'static str, String)> {
    let binary = &report.binary;
    let linkage = match (binary.is_static, &binary.interpreter) {
        (Some(true), _) => "static".to_owned(),
        (Some(false), Some(interpreter)) => format!("dynamic, loaded by {interpreter}"),
        (Some(false), None) => "dynamic".to_owned(),
        (None, _) => "not known for this format".to_owned(),
    };
    let recorded = |fact: &Option<String>| {
        let unknown = || "unknown (not built by cargo xtask build)".to_owned();
        fact.clone().unwrap_or_else(unknown)
    };
    let app = report.app.as_ref().zip(report.version.as_ref());
    let app = app.map(|(name, version)| format!("{name} {version}"));
    let machine = binary.machine.unwrap_or("unknown machine");
    let headers = format!("{} {machine}", binary.format);
    let size = talk::bytes(report.bytes as u64);
    vec![
        ("file", format!("{} ({size})", report.file)),
        ("app", recorded(&app)),
        (
            "edition",
            report.edition.clone().unwrap_or_else(|| "-".to_owned()),
        ),
        ("target", report.target.clone().unwrap_or(headers)),
        ("linkage", linkage),
        ("libc", recorded(&report.libc)),
        ("profile", recorded(&report.profile)),
        ("framework", recorded(&report.framework)),
        ("rustc", recorded(&report.rustc)),
        ("features", list(&report.features)),
    ]
}

fn list(items: &[String]) -> String {
    if items.is_empty() {
        "-".to_owned()
    } else {
        items.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::tests::{descriptor, frame};

    #[test]
    fn a_binary_that_plain_cargo_built_shows_its_plugins() {
        let mut one = descriptor("one");
        one["provides"] = serde_json::json!([{"name": "ones", "version": "1.0.0"}]);
        let bytes = frame("plugin", &one.to_string());
        let (report, problems) = report(Path::new("app"), &bytes, &frame::scan(&bytes));
        assert!(problems.is_empty());
        assert_eq!(report.plugins[0].contracts[0].name, "ones");
        assert_eq!(report.plugins[0].contracts[0].hash, None);
        assert_eq!(report.target, None);
    }

    #[test]
    fn a_binary_that_contradicts_its_own_record_is_told() {
        let record = r#"{"format":1,"app":"a","version":"1.0.0","edition":null,"plugins":[],"features":[],
            "target":"t","libc":"glibc","profile":"release","static":true,"framework":"0.1.0","rustc":"r","metadata":[]}"#;
        let bytes = [
            frame("plugin", &descriptor("one").to_string()),
            frame("build", record),
        ]
        .concat();
        let (report, _) = report(Path::new("app"), &bytes, &frame::scan(&bytes));
        assert_eq!(
            report.problems,
            ["`one` was not asked for and is in the binary"]
        );
        assert_eq!(report.target.as_deref(), Some("t"));
    }

    #[test]
    fn a_file_without_anything_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x");
        std::fs::write(&file, b"nothing").unwrap();
        let error = command(&Arguments {
            file,
            format: Format::Table,
        })
        .unwrap_err();
        assert!(error.to_string().contains("holds no weldkit plugin"));
    }
}
