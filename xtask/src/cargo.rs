//! Cargo and rustc as programs: how they are run, and their messages in our words.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::error::{Error, Problem, Result};

/// The Cargo that runs us, else the one on the path.
pub fn command() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs Cargo where the user sees its progress.
///
/// # Errors
/// Fails when Cargo does.
pub fn run<S: AsRef<OsStr>>(folder: &Path, arguments: impl IntoIterator<Item = S>) -> Result<()> {
    run_command(command().current_dir(folder).args(arguments))
}

/// Runs any command where the user sees its progress; its own data goes to stderr, because our
/// stdout is ours.
///
/// # Errors
/// Fails when the command does, and names it.
pub fn run_command(command: &mut Command) -> Result<()> {
    let shown = show(command);
    let status = command
        .stdin(Stdio::null())
        .stdout(std::io::stderr())
        .status()
        .map_err(|e| Error::failed(format!("run `{shown}`: {e}")))?;
    if status.success() {
        Ok(())
    } else {
        Err(Error::failed(format!("`{shown}` failed ({status})")))
    }
}

/// What a quiet command prints on stdout.
///
/// # Errors
/// Fails with what it said on stderr; two framework copies are explained.
pub fn output(command: &mut Command) -> Result<String> {
    let shown = show(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|e| Error::failed(format!("run `{shown}`: {e}")))?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(match explain_two_frameworks(&stderr) {
            Some(problem) => Error::Refused(vec![problem]),
            None => Error::failed(format!("`{shown}` failed:\n{}", stderr.trim_end())),
        });
    }
    String::from_utf8(output.stdout)
        .map_err(|_| Error::failed(format!("`{shown}` printed something that is not UTF-8")))
}

/// A command as one would type it.
fn show(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    command.get_args().fold(program, |line, argument| {
        format!("{line} {}", argument.to_string_lossy())
    })
}

/// What rustc says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiler {
    /// The triple it runs on.
    pub host: String,
    /// Its first line, such as `rustc 1.95.0 (59807616e 2026-04-14)`.
    pub version: String,
}

/// Asks rustc for its version and host.
///
/// # Errors
/// Fails when there is no rustc.
pub fn compiler() -> Result<Compiler> {
    let text = output(rustc().arg("-vV"))?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(Compiler {
        host: host
            .ok_or_else(|| Error::failed("`rustc -vV` names no host"))?
            .to_owned(),
        version: text.lines().next().unwrap_or_default().to_owned(),
    })
}

/// Whether the standard library of a target is installed.
pub fn target_is_installed(target: &str) -> bool {
    output(rustc().args(["--print", "target-libdir", "--target", target]))
        .is_ok_and(|folder| Path::new(folder.trim()).is_dir())
}

/// Every target that rustc knows, installed or not.
///
/// # Errors
/// Fails when there is no rustc.
pub fn targets() -> Result<Vec<String>> {
    let text = output(rustc().args(["--print", "target-list"]))?;
    Ok(text.lines().map(str::to_owned).collect())
}

fn rustc() -> Command {
    Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
}

/// Cargo refuses two packages with `links = "weldkit"`; says which two, who wants them, and what
/// to do, instead of a lesson on native libraries.
pub fn explain_two_frameworks(stderr: &str) -> Option<Problem> {
    let (newcomer, holder) = stderr.split_once("links to the native library `weldkit`")?;
    let quoted = |line: &str, before: &str| {
        let (_, rest) = line.rsplit_once(before)?;
        Some(rest.split_once('`')?.0.to_owned())
    };
    let wanted_by = |text: &str| {
        text.lines()
            .filter(|line| line.trim_start().starts_with("... "))
            .find_map(|line| quoted(line, "package `"))
    };
    let version = newcomer
        .lines()
        .find_map(|line| line.split_once(" are: "))
        .map_or("another version", |(_, version)| version.trim());
    let held = holder
        .lines()
        .filter(|line| line.starts_with("package `"))
        .find_map(|line| quoted(line, "package `weldkit v"))
        .unwrap_or_else(|| "?".to_owned());
    let first = wanted_by(newcomer).unwrap_or_else(|| "?".to_owned());
    let second = wanted_by(holder).unwrap_or_else(|| "?".to_owned());
    Some(
        Problem::new(format!(
            "two copies of the framework in one graph: weldkit {held}, wanted by {second}, and \
             weldkit {version}, wanted by {first}"
        ))
        .help(
            "one binary holds one framework: a plugin registered with the other copy would be lost",
        )
        .help(format!(
            "take a release of `{}` made for weldkit {}, or the reverse",
            name(&first),
            name(&held)
        )),
    )
}

/// The first word: a package's name or a version without its path.
fn name(shown: &str) -> &str {
    shown.split(' ').next().unwrap_or(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Cargo 1.95 says.
    const CONFLICT: &str = "error: failed to select a version for `weldkit`.
    ... required by package `plug v0.2.0 (/p)`
    ... which satisfies path dependency `plug` of package `shop v1.2.3 (/a)`
versions that meet the requirements `*` are: 0.2.0

package `weldkit` links to the native library `weldkit`, but it conflicts with a previous package which links to `weldkit` as well:
package `weldkit v0.1.0 (/w1)`
    ... which satisfies path dependency `weldkit` (locked to 0.1.0) of package `shop v1.2.3 (/a)`
Only one package in the dependency graph may specify the same links value.
";

    #[test]
    fn two_frameworks_are_named_with_those_who_want_them() {
        let problem = explain_two_frameworks(CONFLICT).unwrap();
        assert_eq!(
            problem.message,
            "two copies of the framework in one graph: weldkit 0.1.0 (/w1), wanted by shop v1.2.3 (/a), \
             and weldkit 0.2.0, wanted by plug v0.2.0 (/p)"
        );
        assert_eq!(
            problem.help[1],
            "take a release of `plug` made for weldkit 0.1.0, or the reverse"
        );
    }

    #[test]
    fn another_error_is_left_alone() {
        assert_eq!(explain_two_frameworks("error: no such package"), None);
        let other = CONFLICT.replace("native library `weldkit`", "native library `z`");
        assert_eq!(explain_two_frameworks(&other), None);
    }

    #[test]
    fn the_compiler_names_its_host_and_has_a_library_for_it() {
        let compiler = compiler().unwrap();
        assert!(compiler.version.starts_with("rustc "));
        assert!(target_is_installed(&compiler.host));
        assert!(!target_is_installed("pdp11-unknown-unix"));
    }
}
