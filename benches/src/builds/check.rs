use std::fmt::Write;
use std::io;
use std::path::Path;

use super::scratch::{Scratch, framework};
use crate::{Bound, Claim, Outcome, Reading};

pub(super) const TITLE: &str = "attribute macros in an incremental check";

const DERIVES: &str = "the derives that they imply";
const MACROS: &str = "attribute macros";

/// Contracts in the crate that is checked, of three methods each, and as many data types.
const CONTRACTS: usize = 20;

/// Checks of each crate in a round.
const CHECKS: usize = 6;

pub(super) fn measure(folder: &Path, rounds: usize) -> io::Result<Vec<Outcome>> {
    let scratch = Scratch::new(folder, "check", "target-check")?;
    let weldkit = format!(
        "weldkit = {{ path = {:?} }}\n",
        framework().display().to_string()
    );
    scratch.write(
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"*\"]\n",
    )?;
    for (name, text) in [("macros", macros()), ("derives", derives())] {
        // The same crates in sight of both, so that what is read of them is the same.
        scratch.write(
            &format!("{name}/Cargo.toml"),
            &format!(
                "[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2024\"\n[dependencies]\n{weldkit}garde = {{ version = \"0.23\", default-features = false, features = [\"derive\"] }}\nschemars = \"1.2\"\nserde = {{ version = \"1\", features = [\"derive\"] }}\n"
            ),
        )?;
        scratch.write(&format!("{name}/src/lib.rs"), &text)?;
    }
    scratch.cargo(&["check", "--workspace"])?;
    let (mut derives, mut macros) = (Vec::new(), Vec::new());
    for check in 0..rounds * CHECKS {
        for (name, read) in [("derives", &mut derives), ("macros", &mut macros)] {
            scratch.append(
                &format!("{name}/src/lib.rs"),
                &format!("pub fn edit{check}() -> usize {{ {check} }}"),
            )?;
            read.push(scratch.cargo(&["check", "-p", name])?.processor);
        }
    }
    Ok(vec![Outcome {
        title: format!("{TITLE}: processor time, {CONTRACTS} contracts"),
        unit: "s",
        readings: [Reading::of(DERIVES, derives), Reading::of(MACROS, macros)]
            .into_iter()
            .flatten()
            .collect(),
        claims: vec![Claim::new(MACROS, Bound::AtMostTimes(1.1), DERIVES)],
    }])
}

fn macros() -> String {
    let mut text = "//! Contracts by attribute.\nuse weldkit::{CallError, Ctx};\n".to_owned();
    for contract in 0..CONTRACTS {
        write!(
            text,
            "
#[weldkit::data]
#[derive(Debug, Clone)]
pub struct Document{contract} {{
    #[garde(length(min = 1, max = 64))]
    pub key: String,
    pub body: String,
    pub tags: Vec<String>,
    pub note: Option<String>,
    #[garde(range(max = 1_000))]
    pub size: u32,
}}
#[weldkit::service]
pub trait Store{contract} {{
    async fn put(&self, ctx: &Ctx, document: Document{contract}) -> Result<(), CallError>;
    async fn get(&self, ctx: &Ctx, #[garde(length(min = 1, max = 64))] key: String) -> Result<Option<Document{contract}>, CallError>;
    fn count(&self, ctx: &Ctx, #[serde(default)] prefix: String) -> Result<u64, CallError>;
}}
"
        )
        .expect("a string takes what is written");
    }
    text
}

/// The same types and parameter objects with the derives that the attributes stand for, and the
/// trait as it would be without them.
fn derives() -> String {
    const PARAMETERS: &str = "#[derive(serde::Deserialize, schemars::JsonSchema)]\n#[serde(deny_unknown_fields)]\npub struct";
    const RULED: &str = "#[derive(serde::Deserialize, schemars::JsonSchema, garde::Validate)]\n#[serde(deny_unknown_fields)]\npub struct";
    let mut text = "//! Contracts by derive.\nuse weldkit::{CallError, Ctx};\n".to_owned();
    for contract in 0..CONTRACTS {
        write!(
            text,
            "
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, schemars::JsonSchema, garde::Validate)]
#[garde(allow_unvalidated)]
pub struct Document{contract} {{
    #[garde(length(min = 1, max = 64))]
    pub key: String,
    pub body: String,
    pub tags: Vec<String>,
    pub note: Option<String>,
    #[garde(range(max = 1_000))]
    pub size: u32,
}}
{PARAMETERS} Put{contract} {{ pub document: Document{contract} }}
{RULED} Get{contract} {{ #[garde(length(min = 1, max = 64))] pub key: String }}
{PARAMETERS} Count{contract} {{ #[serde(default)] pub prefix: String }}
pub trait Store{contract} {{
    fn put(&self, ctx: &Ctx, document: Document{contract}) -> impl Future<Output = Result<(), CallError>> + Send;
    fn get(&self, ctx: &Ctx, key: String) -> impl Future<Output = Result<Option<Document{contract}>, CallError>> + Send;
    fn count(&self, ctx: &Ctx, prefix: String) -> Result<u64, CallError>;
}}
"
        )
        .expect("a string takes what is written");
    }
    text
}
