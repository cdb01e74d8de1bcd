//! `build`: from a choice of plugins to one audited binary.
//!
//! ```text
//! select + check   nothing compiled yet, every problem at once
//! cargo build      explicit target, C library linked in
//! audit            the file's own bytes against the request
//! copy             only a binary that passed reaches dist/
//! ```

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::app::App;
use crate::cargo::{self, Compiler};
use crate::error::{Error, Problem, Result};
use crate::record::{self, BuildRecord};
use crate::select::{self, Choice, Selection};
use crate::{audit, binary, file, frame, plugins_rs, talk};

/// The kernel takes no longer environment string.
const RECORD_LEN_MAX: usize = 120 * 1024;

/// The command line of `build`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Arguments {
    /// The plugins.
    #[command(flatten)]
    pub choice: Choice,
    /// Target triple, or `musl`; the machine's own unless given
    #[arg(long, value_name = "T")]
    pub target: Option<String>,
    /// Folder of the binary; `dist` beside the workspace's Cargo.toml unless given
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Cargo profile
    #[arg(long, value_enum, default_value_t = Profile::Release)]
    pub profile: Profile,
    /// Refuse to change Cargo.lock
    #[arg(long)]
    pub locked: bool,
    /// Check the choice and stop before compiling
    #[arg(long)]
    pub dry_run: bool,
}

/// The profiles that an application has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Profile {
    /// For production
    #[default]
    Release,
    /// The fewest bytes
    Small,
    /// The fastest to compile, with checks
    Dev,
    /// Optimised, compiled in minutes
    Fast,
}

impl Profile {
    /// The name that Cargo knows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Small => "small",
            Self::Dev => "dev",
            Self::Fast => "fast",
        }
    }
}

/// A finished build.
#[derive(Debug, Clone)]
pub struct Built {
    /// Where the binary is.
    pub path: PathBuf,
    /// Its bytes.
    pub len: u64,
    /// Whether another file, or none, was there before.
    pub is_new: bool,
    /// What was asked for, as it stands in the binary.
    pub record: BuildRecord,
}

/// The command: builds, and prints the path of the binary.
///
/// # Errors
/// Fails with every problem of the choice before compiling, with Cargo, or with the audit.
pub fn command(app: &App, arguments: &Arguments) -> Result<()> {
    if let Some(built) = build(app, arguments)? {
        let shown = std::env::current_dir().map_or_else(
            |_| built.path.display().to_string(),
            |folder| file::relative(&built.path, &folder),
        );
        talk::step(
            "Welded",
            format_args!("{shown} ({})", talk::bytes(built.len)),
        );
        talk::data(shown);
    }
    Ok(())
}

/// Builds; nothing comes of a dry run.
///
/// # Errors
/// As [`command`].
pub fn build(app: &App, arguments: &Arguments) -> Result<Option<Built>> {
    let selection = select::select(app, &arguments.choice)?;
    say_selection(app, &selection);
    let compiler = cargo::compiler()?;
    let target = target(arguments.target.as_deref(), &compiler)?;
    if arguments.dry_run {
        return Ok(None);
    }
    if plugins_rs::write(app)? {
        talk::step("Wrote", file::relative(&plugins_rs::path(app), &app.root));
    }
    let record = record(app, &selection, &target, arguments.profile, &compiler);
    let linked = compile(app, &record, arguments.locked)?;
    check(&linked, &record)?;
    let name = linked.file_name().unwrap_or_default();
    let out = arguments
        .out
        .clone()
        .unwrap_or_else(|| app.root.join("dist"));
    let path = std::path::absolute(out.join(name))
        .map_err(|e| Error::failed(format!("{}: {e}", out.display())))?;
    let is_new = file::copy(&linked, &path)?;
    let len = std::fs::metadata(&path).map_or(0, |data| data.len());
    Ok(Some(Built {
        path,
        len,
        is_new,
        record,
    }))
}

fn say_selection(app: &App, selection: &Selection) {
    let of = match &selection.edition {
        Some(edition) => format!("edition `{edition}` of {}", app.name),
        None => app.name.clone(),
    };
    let ids: Vec<&str> = selection.ids.iter().map(String::as_str).collect();
    talk::step(
        "Checked",
        format_args!("{of}, {} plugins: {}", ids.len(), ids.join(", ")),
    );
    if !selection.unused.is_empty() {
        talk::more(format_args!(
            "left out, the configuration has no use for: {}",
            selection.unused.join(", ")
        ));
    }
}

/// The triple that is meant, if its standard library is there.
fn target(asked: Option<&str>, compiler: &Compiler) -> Result<String> {
    let target = match asked {
        None => return Ok(compiler.host.clone()),
        Some("musl") => {
            format!("{}-unknown-linux-musl", machine(&compiler.host))
        }
        Some(target) => target.to_owned(),
    };
    if cargo::target_is_installed(&target) {
        return Ok(target);
    }
    let known = cargo::targets()?;
    if !known.contains(&target) {
        let problem = Problem::new(format!("rustc knows no target `{target}`"));
        let names: Vec<&str> = known.iter().map(String::as_str).collect();
        return Err(Error::Usage(
            problem
                .near(&target, &names)
                .help("all of them: rustc --print target-list"),
        ));
    }
    let mut error = Error::failed(format!("the target {target} is not installed"))
        .help(format!("install it: rustup target add {target}"));
    if machine(&target) != machine(&compiler.host) {
        error = error.help(format!(
            "it needs a linker for {} as well, named by CARGO_TARGET_{}_LINKER",
            machine(&target),
            target.to_uppercase().replace(['-', '.'], "_")
        ));
    }
    Err(error.help(format!(
        "or build for this machine, {}: leave --target away",
        compiler.host
    )))
}

/// The processor of a triple.
fn machine(target: &str) -> &str {
    target.split('-').next().unwrap_or_default()
}

fn record(
    app: &App,
    selection: &Selection,
    target: &str,
    profile: Profile,
    compiler: &Compiler,
) -> BuildRecord {
    let framework = app.framework.as_ref().map(ToString::to_string);
    BuildRecord {
        format: 1,
        app: app.name.clone(),
        version: app.version.clone(),
        edition: selection.edition.clone(),
        plugins: selection.ids.iter().cloned().collect(),
        features: app.features(&selection.ids),
        target: target.to_owned(),
        libc: record::libc(target).to_owned(),
        profile: profile.name().to_owned(),
        is_static: can_be_static(target),
        framework: framework.unwrap_or_default(),
        rustc: compiler.version.clone(),
        metadata: selection
            .metadata
            .iter()
            .map(|plugin| plugin.without_schema())
            .collect(),
    }
}

/// Whether a binary for this target can hold its C library.
fn can_be_static(target: &str) -> bool {
    target.contains("-linux-gnu") || target.contains("-linux-musl") || target.ends_with("-msvc")
}

/// Runs Cargo and gives the path of the linked file.
fn compile(app: &App, record: &BuildRecord, locked: bool) -> Result<PathBuf> {
    let linkage = if record.is_static {
        "static"
    } else {
        "dynamic"
    };
    talk::step(
        "Building",
        format_args!(
            "for {}, profile {}, {linkage} {}",
            record.target, record.profile, record.libc
        ),
    );
    let text = serde_json::to_string(record).expect("plain data always serialises");
    if text.len() > RECORD_LEN_MAX {
        return Err(Error::failed(format!(
            "the build record has {} bytes, more than {RECORD_LEN_MAX}",
            text.len()
        ))
        .help("choose fewer plugins"));
    }
    let mut command = cargo::command();
    command
        .current_dir(&app.root)
        .args(["build", "--package", &app.name, "--no-default-features"])
        .args(["--features", &record.features.join(",")])
        .args(["--target", &record.target, "--profile", &record.profile])
        .env(record::VARIABLE, text);
    if locked {
        command.arg("--locked");
    }
    if record.is_static {
        link_libc_in(&mut command, &record.target);
    }
    run_cargo(&mut command, &app.name)
}

/// Runs a `cargo build` whose progress is seen, and gives the path of the executable it made.
///
/// # Errors
/// Fails when Cargo does, or when nothing was linked.
pub fn run_cargo(command: &mut Command, app: &str) -> Result<PathBuf> {
    let output = command
        .args(["--message-format", "json-render-diagnostics"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .and_then(std::process::Child::wait_with_output)
        .map_err(|e| Error::failed(format!("run cargo: {e}")))?;
    if !output.status.success() {
        return Err(Error::failed("cargo build failed; what it says is above"));
    }
    executable(&String::from_utf8_lossy(&output.stdout)).ok_or_else(|| {
        Error::failed(format!("{app} has no binary target"))
            .help("an application has a src/main.rs")
    })
}

/// Turns on `crt-static`. RUSTFLAGS of the caller would hide any other way, so it is added there.
fn link_libc_in(command: &mut Command, target: &str) {
    const FLAG: &str = "-Ctarget-feature=+crt-static";
    if let Ok(flags) = std::env::var("CARGO_ENCODED_RUSTFLAGS") {
        command.env("CARGO_ENCODED_RUSTFLAGS", format!("{flags}\u{1f}{FLAG}"));
    } else if let Ok(flags) = std::env::var("RUSTFLAGS") {
        command.env("RUSTFLAGS", format!("{flags} {FLAG}"));
    } else {
        command.args([
            "--config",
            &format!("target.{target}.rustflags=[\"{FLAG}\"]"),
        ]);
    }
}

/// The last executable that Cargo's messages name; the application's own, since nothing else is
/// built.
fn executable(messages: &str) -> Option<PathBuf> {
    let message = |line| serde_json::from_str::<Value>(line).ok();
    let mut made = messages.lines().filter_map(message).filter_map(|message| {
        let path = message["executable"].as_str()?;
        let is_binary = message["target"]["kind"]
            .as_array()?
            .iter()
            .any(|kind| kind == "bin");
        is_binary.then(|| PathBuf::from(path))
    });
    made.next_back()
}

/// The audit of the linked file.
fn check(linked: &Path, record: &BuildRecord) -> Result<()> {
    let bytes = file::read_bytes(linked)?;
    let contents = frame::scan(&bytes);
    let mut problems = audit::compare(&contents, record);
    let headers = binary::read(&bytes);
    if record.is_static && headers.is_static == Some(false) {
        let needs = headers
            .interpreter
            .unwrap_or_else(|| "shared libraries".to_owned());
        problems.push(crate::error::Problem::new(format!(
            "the binary is not static: it needs {needs}"
        )));
    }
    if problems.is_empty() {
        let outside = match &record.edition {
            Some(edition) => format!(", nothing outside the edition `{edition}`"),
            None => String::new(),
        };
        let count = record.plugins.len();
        talk::step(
            "Audited",
            format_args!("{count} plugins asked for, the same {count} found{outside}"),
        );
        return Ok(());
    }
    Err(Error::Failed(problems).help(format!("the refused binary: {}", linked.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_executable_is_read_from_cargos_messages() {
        let messages = r#"
            {"reason":"compiler-artifact","target":{"kind":["custom-build"]},"executable":"/t/build-script"}
            {"reason":"compiler-artifact","target":{"kind":["bin"]},"executable":"/t/app"}
            {"reason":"compiler-artifact","target":{"kind":["lib"]},"executable":null}
            {"reason":"build-finished","success":true}"#;
        assert_eq!(executable(messages), Some(PathBuf::from("/t/app")));
        assert_eq!(executable(""), None);
    }

    #[test]
    fn musl_means_this_machine_and_a_missing_target_says_how_to_get_it() {
        let compiler = Compiler {
            host: "s390x-unknown-linux-gnu".to_owned(),
            version: String::new(),
        };
        assert_eq!(target(None, &compiler).unwrap(), "s390x-unknown-linux-gnu");
        let error = target(Some("musl"), &compiler).unwrap_err();
        assert_eq!(
            error.problems()[0].help[0],
            "install it: rustup target add s390x-unknown-linux-musl"
        );
        let error = target(Some("powerpc64-unknown-linux-gnu"), &compiler).unwrap_err();
        assert_eq!(
            error.problems()[0].help[1],
            "it needs a linker for powerpc64 as well, named by CARGO_TARGET_POWERPC64_UNKNOWN_LINUX_GNU_LINKER"
        );
    }

    #[test]
    fn a_target_that_rustc_does_not_know_is_a_typing_error() {
        let compiler = cargo::compiler().unwrap();
        let error = target(Some("x86_64-unknown-linux-mulsl"), &compiler).unwrap_err();
        assert!(matches!(error, Error::Usage(_)), "{error}");
        assert_eq!(
            error.problems()[0].help[0],
            "did you mean `x86_64-unknown-linux-musl`?"
        );
    }
}
