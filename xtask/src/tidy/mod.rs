//! `tidy`: the rules of the house that neither rustc nor clippy knows.
//!
//! Everything in here reads files and compiles nothing, but for the last step of the command,
//! which compares the plugins' metadata with what the linked application says.

mod floors;
mod manifests;
mod source;
mod text;

use std::path::Path;

use crate::app::App;
use crate::error::{Error, Problem, Result};
use crate::workspace::Workspace;
use crate::{file, plugins_rs, refresh, talk};

/// The command line of `tidy`.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub struct Arguments {
    /// Write what can be written: plugins.rs and the plugins' metadata
    #[arg(long)]
    pub fix: bool,
    /// Leave out the comparison of the metadata with the linked application
    #[arg(long)]
    pub quick: bool,
}

/// The command.
///
/// # Errors
/// Fails with every breach.
pub fn command(app: &App, arguments: Arguments) -> Result<()> {
    if arguments.fix && plugins_rs::write(app)? {
        talk::step("Wrote", file::relative(&plugins_rs::path(app), &app.root));
    }
    let workspace = Workspace::load(&app.root)?;
    let mut problems = Vec::new();
    if !arguments.quick {
        match refresh::command(
            app,
            refresh::Arguments {
                check: !arguments.fix,
            },
        ) {
            Err(Error::Failed(stale)) => problems.extend(stale),
            other => other?,
        }
    }
    let renewed = App::find(&app.folder, Some(&app.name))?;
    problems.extend(check(&workspace, &renewed));
    problems.sort();
    problems.dedup();
    if problems.is_empty() {
        talk::step(
            "Tidy",
            format_args!("{} packages", workspace.workspace_members.len()),
        );
        return Ok(());
    }
    Err(Error::Failed(problems))
}

/// Every breach that can be seen without compiling.
pub fn check(workspace: &Workspace, app: &App) -> Vec<Problem> {
    let root = &workspace.root;
    let mut problems = Vec::new();
    if !plugins_rs::is_true(app) {
        let path = file::relative(&plugins_rs::path(app), root);
        problems.push(
            Problem::new(format!("{path} is not what Cargo.toml says"))
                .help("write it anew: cargo xtask tidy --fix"),
        );
    }
    problems.extend(manifests::check(workspace, app));
    for package in workspace.members() {
        problems.extend(text::check(package.folder(), root));
    }
    problems.extend(architecture(root));
    let framework = root.join("framework/src");
    if framework.is_dir() {
        problems.extend(floors::check(&framework, root));
    }
    problems
}

/// The longest ARCHITECTURE.md.
const ARCHITECTURE_LINES_MAX: usize = 150;

fn architecture(root: &Path) -> Option<Problem> {
    let lines = file::read(&root.join("ARCHITECTURE.md"))
        .ok()?
        .lines()
        .count();
    (lines > ARCHITECTURE_LINES_MAX).then(|| {
        Problem::new(format!(
            "ARCHITECTURE.md has {lines} lines, more than {ARCHITECTURE_LINES_MAX}"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The house itself is tidy. Outside its repository there is nothing to look at.
    #[test]
    fn this_repository_is_tidy() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        if !root.join("app-template").is_dir() {
            return;
        }
        let workspace = Workspace::load(&root).unwrap();
        let app = App::find(&root, Some("app-template")).unwrap();
        let problems = check(&workspace, &app);
        let lines: Vec<&str> = problems
            .iter()
            .map(|problem| problem.message.as_str())
            .collect();
        assert!(lines.is_empty(), "\n{}", lines.join("\n"));
    }
}
