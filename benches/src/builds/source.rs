//! The sources that are compared: services in a row, once with the framework and once by hand.
//!
//! Each service has a contract crate and a provider crate; each provider hands what it is given on
//! to the one before. Both applications answer `app SERVICE.METHOD JSON` with decoded and checked
//! parameters, list every violation of the schema when that fails, and have the same profiles. What
//! is wired by hand has none of the rest: counts, permissions, deadlines, contained panics,
//! replacement, a graph that is checked.

use std::io;
use std::path::Path;

use super::scratch::{Scratch, framework};

/// How many services an application has.
pub const SERVICES: usize = 5;

/// What both sides depend on.
const DEPENDENCIES: &str = r#"
garde = { version = "0.23", default-features = false, features = ["pattern", "serde"] }
jsonschema = { version = "0.61", default-features = false }
schemars = "1.2"
serde = { version = "1", features = ["derive"] }
serde_json = { version = "1", features = ["raw_value", "preserve_order"] }
tokio = { version = "1.54", default-features = false, features = ["rt", "rt-multi-thread", "sync", "time", "macros"] }
"#;

const PROFILES: &str = r#"
[profile.dev]
debug = "line-tables-only"
[profile.dev.package."*"]
debug = false
[profile.small]
inherits = "release"
opt-level = "z"
lto = "fat"
codegen-units = 1
strip = true
"#;

/// Writes the workspace that uses the framework; `features` are those of the framework.
pub(super) fn welded(
    folder: &Path,
    name: &str,
    target: &str,
    features: &str,
) -> io::Result<Scratch> {
    let framework = framework();
    let weldkit = format!(
        "weldkit = {{ path = {:?}, features = [{features}] }}\n",
        framework.display().to_string()
    );
    let scratch = workspace(folder, name, target, &weldkit)?;
    for service in 0..SERVICES {
        let contract = format!("contract{service}");
        package(&scratch, &contract, "weldkit.workspace = true\n")?;
        let text = WELDED_CONTRACT.replace("@N", &service.to_string());
        scratch.write(&format!("{contract}/src/lib.rs"), &text)?;
        let (before, text) = match service.checked_sub(1) {
            Some(before) => (
                format!("contract{before} = {{ path = \"../contract{before}\" }}\n"),
                WELDED_PROVIDER
                    .replace("@FIELD", &format!("before: weldkit::Service<dyn contract{before}::Store>"))
                    .replace("@PUT", &format!("use contract{before}::Store as _;\nself.before.put(ctx, contract{before}::Document {{ key: document.key.clone(), body: document.body.clone(), size: document.size }}).await?;"))
                    .replace("@NEW", "before"),
            ),
            None => (
                String::new(),
                WELDED_PROVIDER
                    .replace("@FIELD", "")
                    .replace("@PUT", "let _ = ctx;")
                    .replace("@NEW", ""),
            ),
        };
        let provider = format!("provider{service}");
        let own = format!("{contract} = {{ path = \"../{contract}\" }}\n");
        package(
            &scratch,
            &provider,
            &format!("weldkit.workspace = true\n{own}{before}"),
        )?;
        scratch.write(
            &format!("{provider}/src/lib.rs"),
            &text.replace("@N", &service.to_string()),
        )?;
    }
    let uses: String = (0..SERVICES)
        .map(|service| format!("use provider{service} as _;\n"))
        .collect();
    package(
        &scratch,
        "app",
        &format!(
            "weldkit.workspace = true\ntokio.workspace = true\n{}",
            providers()
        ),
    )?;
    scratch.write("app/src/main.rs", &format!("{uses}{WELDED_MAIN}"))?;
    Ok(scratch)
}

/// Writes the workspace that is wired by hand.
pub(super) fn by_hand(folder: &Path, name: &str, target: &str) -> io::Result<Scratch> {
    const EDGE: &str = "garde.workspace = true\nschemars.workspace = true\nserde.workspace = true\nwire = { path = \"../wire\" }\n";
    let scratch = workspace(folder, name, target, "")?;
    package(
        &scratch,
        "wire",
        "garde.workspace = true\njsonschema.workspace = true\nschemars.workspace = true\nserde.workspace = true\nserde_json.workspace = true\n",
    )?;
    scratch.write("wire/src/lib.rs", HAND_WIRE)?;
    for service in 0..SERVICES {
        let contract = format!("contract{service}");
        package(&scratch, &contract, EDGE)?;
        scratch.write(&format!("{contract}/src/lib.rs"), HAND_CONTRACT)?;
        let (before, text) = match service.checked_sub(1) {
            Some(before) => (
                format!("contract{before} = {{ path = \"../contract{before}\" }}\n"),
                HAND_PROVIDER
                    .replace("@FIELD", &format!("before: std::sync::Arc<dyn contract{before}::Store>"))
                    .replace("@PUT", &format!("self.before.put(contract{before}::Document {{ key: document.key.clone(), body: document.body.clone(), size: document.size }}).await?;"))
                    .replace("@NEW", "before"),
            ),
            None => (
                String::new(),
                HAND_PROVIDER
                    .replace("@FIELD", "")
                    .replace("@PUT", "")
                    .replace("@NEW", ""),
            ),
        };
        let provider = format!("provider{service}");
        let own = format!(
            "{contract} = {{ path = \"../{contract}\" }}\nwire = {{ path = \"../wire\" }}\n"
        );
        package(&scratch, &provider, &format!("{own}{before}"))?;
        scratch.write(
            &format!("{provider}/src/lib.rs"),
            &text.replace("@N", &service.to_string()),
        )?;
    }
    let contracts: String = (0..SERVICES)
        .map(|service| format!("contract{service} = {{ path = \"../contract{service}\" }}\n"))
        .collect();
    package(
        &scratch,
        "app",
        &format!(
            "tokio.workspace = true\nwire = {{ path = \"../wire\" }}\n{}{contracts}",
            providers()
        ),
    )?;
    scratch.write("app/src/main.rs", &hand_main())?;
    Ok(scratch)
}

fn workspace(folder: &Path, name: &str, target: &str, more: &str) -> io::Result<Scratch> {
    let scratch = Scratch::new(folder, name, target)?;
    scratch.write(
        "Cargo.toml",
        &format!(
            "[workspace]\nresolver = \"3\"\nmembers = [\"*\"]\n[workspace.dependencies]\n{more}{DEPENDENCIES}{PROFILES}"
        ),
    )?;
    Ok(scratch)
}

fn package(scratch: &Scratch, name: &str, dependencies: &str) -> io::Result<()> {
    let text = format!(
        "[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2024\"\ndescription = \"scratch\"\nlicense = \"MIT\"\n[dependencies]\n{dependencies}"
    );
    scratch.write(&format!("{name}/Cargo.toml"), &text)
}

fn providers() -> String {
    (0..SERVICES)
        .map(|service| format!("provider{service} = {{ path = \"../provider{service}\" }}\n"))
        .collect()
}

/// The application by hand: starts in order, and knows every call by name.
fn hand_main() -> String {
    let (mut start, mut calls) = (String::new(), String::new());
    for service in 0..SERVICES {
        let before = match service.checked_sub(1) {
            Some(before) => format!("s{before}.clone()"),
            None => String::new(),
        };
        start += &format!(
            "    let s{service}: Arc<dyn contract{service}::Store> = Arc::new(provider{service}::Provider::start({before}));\n"
        );
        calls += &format!(
            "        \"store{service}\" => contract{service}::call_json(&*s{service}, method, input).await,\n"
        );
    }
    HAND_MAIN
        .replace("@START", &start)
        .replace("@CALLS", &calls)
}

const WELDED_CONTRACT: &str = r#"
//! Documents under string keys.
use weldkit::{CallError, Ctx};

/// One document.
#[weldkit::data]
#[derive(Debug, Clone)]
pub struct Document {
    /// Its key.
    #[garde(length(min = 1, max = 64))]
    pub key: String,
    /// What is in it.
    pub body: String,
    /// How large it is.
    #[garde(range(max = 1_000))]
    pub size: u32,
}

/// Documents under string keys.
#[weldkit::service(name = "store@N")]
pub trait Store {
    /// Writes one document.
    async fn put(&self, ctx: &Ctx, document: Document) -> Result<(), CallError>;
    /// Reads one document.
    #[method(read_only)]
    async fn get(&self, ctx: &Ctx, key: String) -> Result<Option<Document>, CallError>;
    /// Counts the documents under a prefix.
    #[method(read_only)]
    fn count(&self, ctx: &Ctx, prefix: String) -> Result<u64, CallError>;
}
"#;

const WELDED_PROVIDER: &str = r#"
//! Documents in memory.
use std::collections::BTreeMap;
use std::sync::Mutex;
use contract@N::{Document, Store};
use weldkit::{CallError, Ctx};

/// The provider.
pub struct Provider { documents: Mutex<BTreeMap<String, Document>>, @FIELD }

#[weldkit::plugin(id = "store@N", provides(Store))]
impl Provider {
    fn start(@FIELD) -> weldkit::Result<Self> { Ok(Self { documents: Mutex::default(), @NEW }) }
}

impl Store for Provider {
    async fn put(&self, ctx: &Ctx, document: Document) -> Result<(), CallError> {
        @PUT
        self.documents.lock().unwrap().insert(document.key.clone(), document);
        Ok(())
    }
    async fn get(&self, _: &Ctx, key: String) -> Result<Option<Document>, CallError> {
        Ok(self.documents.lock().unwrap().get(&key).cloned())
    }
    fn count(&self, _: &Ctx, prefix: String) -> Result<u64, CallError> {
        Ok(self.documents.lock().unwrap().keys().filter(|key| key.starts_with(&prefix)).count() as u64)
    }
}
"#;

const WELDED_MAIN: &str = r#"
fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap();
    let mut arguments = std::env::args().skip(1);
    let call = arguments.next().unwrap_or_default();
    let input = arguments.next().unwrap_or_default();
    let answer = runtime.block_on(async {
        let host = weldkit::Host::builder().linked().start().await?;
        let answer = host.call_json(&host.ctx(), &call, input.as_bytes()).await;
        host.stop().await?;
        weldkit::Result::Ok(answer)
    });
    match answer {
        Ok(Ok(answer)) => println!("{}", String::from_utf8_lossy(&answer)),
        Ok(Err(fault)) => { eprintln!("{fault}"); std::process::exit(1) }
        Err(fault) => { eprintln!("{fault}"); std::process::exit(3) }
    }
}
"#;

const HAND_WIRE: &str = r#"
//! JSON in and out.
use std::pin::Pin;
use garde::Validate;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

#[derive(Debug)]
pub struct Error { pub code: &'static str, pub message: String }

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { write!(f, "{} ({})", self.message, self.code) }
}
impl std::error::Error for Error {}

pub fn decode<P: DeserializeOwned + JsonSchema + Validate<Context = ()>>(input: &[u8]) -> Result<P, Error> {
    let input = if input.is_empty() { b"{}" } else { input };
    let fault = match serde_json::from_slice::<P>(input) {
        Ok(parameters) => match parameters.validate() {
            Ok(()) => return Ok(parameters),
            Err(report) => report.to_string(),
        },
        Err(fault) => match serde_json::from_slice::<serde_json::Value>(input) {
            Err(fault) => fault.to_string(),
            Ok(value) => {
                let schema = schemars::schema_for!(P).to_value();
                let violations: Vec<String> = jsonschema::draft202012::new(&schema)
                    .map(|validator| validator.iter_errors(&value).map(|fault| format!("{}: {fault}", fault.instance_path())).collect())
                    .unwrap_or_default();
                format!("{fault}\n{}", violations.join("\n"))
            }
        },
    };
    Err(Error { code: "invalid_parameter", message: fault })
}

pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|fault| Error { code: "internal", message: fault.to_string() })
}
"#;

const HAND_CONTRACT: &str = r#"
//! Documents under string keys.
use garde::{Path, Report, Validate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use wire::{BoxFuture, Error};

/// One document.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Document {
    /// Its key.
    #[schemars(length(min = 1, max = 64))]
    pub key: String,
    /// What is in it.
    pub body: String,
    /// How large it is.
    #[schemars(range(max = 1_000))]
    pub size: u32,
}

impl Validate for Document {
    type Context = ();
    fn validate_into(&self, (): &(), mut parent: &mut dyn FnMut() -> Path, report: &mut Report) {
        let path = &mut parent;
        if self.key.is_empty() || self.key.len() > 64 { report.append(path().join("key"), garde::Error::new("length is not within 1 to 64")); }
        if self.size > 1_000 { report.append(path().join("size"), garde::Error::new("greater than 1000")); }
    }
}

/// Documents under string keys.
pub trait Store: Send + Sync + 'static {
    /// Writes one document.
    fn put(&self, document: Document) -> BoxFuture<'_, Result<(), Error>>;
    /// Reads one document.
    fn get(&self, key: String) -> BoxFuture<'_, Result<Option<Document>, Error>>;
    /// Counts the documents under a prefix.
    fn count(&self, prefix: String) -> Result<u64, Error>;
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Put { document: Document }
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Get { key: String }
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Count { prefix: String }

impl Validate for Put {
    type Context = ();
    fn validate_into(&self, (): &(), parent: &mut dyn FnMut() -> Path, report: &mut Report) { self.document.validate_into(&(), parent, report); }
}
impl Validate for Get {
    type Context = ();
    fn validate_into(&self, (): &(), _: &mut dyn FnMut() -> Path, _: &mut Report) {}
}
impl Validate for Count {
    type Context = ();
    fn validate_into(&self, (): &(), _: &mut dyn FnMut() -> Path, _: &mut Report) {}
}

/// Calls a method by its name.
pub async fn call_json(store: &dyn Store, method: &str, input: &[u8]) -> Result<Vec<u8>, Error> {
    match method {
        "put" => { let Put { document } = wire::decode(input)?; wire::encode(&store.put(document).await?) }
        "get" => { let Get { key } = wire::decode(input)?; wire::encode(&store.get(key).await?) }
        "count" => { let Count { prefix } = wire::decode(input)?; wire::encode(&store.count(prefix)?) }
        other => Err(Error { code: "method_not_found", message: format!("no method `{other}`") }),
    }
}
"#;

const HAND_PROVIDER: &str = r#"
//! Documents in memory.
use std::collections::BTreeMap;
use std::sync::Mutex;
use contract@N::{Document, Store};
use wire::{BoxFuture, Error};

/// The provider.
pub struct Provider { documents: Mutex<BTreeMap<String, Document>>, @FIELD }

impl Provider {
    pub fn start(@FIELD) -> Self { Self { documents: Mutex::default(), @NEW } }
}

impl Store for Provider {
    fn put(&self, document: Document) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            @PUT
            self.documents.lock().unwrap().insert(document.key.clone(), document);
            Ok(())
        })
    }
    fn get(&self, key: String) -> BoxFuture<'_, Result<Option<Document>, Error>> {
        Box::pin(async move { Ok(self.documents.lock().unwrap().get(&key).cloned()) })
    }
    fn count(&self, prefix: String) -> Result<u64, Error> {
        Ok(self.documents.lock().unwrap().keys().filter(|key| key.starts_with(&prefix)).count() as u64)
    }
}
"#;

const HAND_MAIN: &str = r#"
use std::sync::Arc;
use wire::Error;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap();
    let mut arguments = std::env::args().skip(1);
    let call = arguments.next().unwrap_or_default();
    let input = arguments.next().unwrap_or_default();
    match runtime.block_on(run(&call, input.as_bytes())) {
        Ok(answer) => println!("{}", String::from_utf8_lossy(&answer)),
        Err(fault) => { eprintln!("{fault}"); std::process::exit(1) }
    }
}

async fn run(call: &str, input: &[u8]) -> Result<Vec<u8>, Error> {
@START
    let (service, method) = call.split_once('.').unwrap_or((call, ""));
    match service {
@CALLS
        other => Err(Error { code: "service_not_found", message: format!("no service `{other}`") }),
    }
}
"#;
