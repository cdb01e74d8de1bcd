//! `test` and `ci`: what must hold before a change is welcome.

mod outside;

use std::time::Instant;

use crate::app::App;
use crate::build::{self, Profile};
use crate::error::{Error, Problem, Result};
use crate::skips::Gathered;
use crate::workspace::Workspace;
use crate::{cargo, crash, talk, tidy};

/// The command line of `test`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Test {
    /// Handed on to `cargo test`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<String>,
}

/// All tests of the workspace.
///
/// # Errors
/// Fails when a test does.
pub fn test(app: &App, arguments: &Test) -> Result<()> {
    let skipped = run_tests(app, arguments)?;
    if skipped > 0 {
        talk::warn(format_args!(
            "{skipped} tests skipped, for the reasons above"
        ));
    }
    Ok(())
}

/// Runs them, and gives the number of those that were skipped.
fn run_tests(app: &App, arguments: &Test) -> Result<usize> {
    let skips = Gathered::new(&app.root);
    let (key, file) = skips.environment();
    let mut command = cargo::command();
    command
        .current_dir(&app.root)
        .args(["test", "--workspace", "--no-fail-fast"])
        .args(&arguments.arguments)
        .env(key, file);
    let result = cargo::run_command(&mut command);
    let skipped = skips.tell();
    result.map(|()| skipped)
}

/// One step of the gate.
struct Step {
    name: String,
    /// Gives the number of tests that were skipped.
    run: Box<dyn FnOnce() -> Result<usize>>,
}

/// The whole gate. Every step runs, so that one push shows everything that is wrong.
///
/// # Errors
/// Fails with the steps that failed.
#[expect(
    clippy::disallowed_methods,
    reason = "the seconds of a step are told to people, and decide nothing"
)]
pub fn ci(app: &App) -> Result<()> {
    let mut rows = Vec::new();
    let mut problems = Vec::new();
    for step in steps(app)? {
        talk::headline(&step.name);
        let start = Instant::now();
        let result = (step.run)();
        let seconds = format!("{:.1}", start.elapsed().as_secs_f64());
        let verdict = match result {
            Ok(0) => "ok".to_owned(),
            Ok(skipped) => format!("ok, {skipped} skipped"),
            Err(_) => "failed".to_owned(),
        };
        rows.push(vec![step.name.clone(), seconds, verdict]);
        if let Err(error) = result {
            talk::error(&error);
            problems.push(Problem::new(format!("the step `{}` failed", step.name)));
        }
    }
    talk::headline("the gate");
    talk::table(&["step", ">seconds", "verdict"], &rows);
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Error::Failed(problems))
    }
}

fn steps(app: &App) -> Result<Vec<Step>> {
    let mut steps = vec![
        run_cargo(app, "format", &["fmt", "--all", "--check"], &[]),
        run_cargo(
            app,
            "clippy",
            &[
                "clippy",
                "--workspace",
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ],
            &[],
        ),
        tests(app),
        run_cargo(
            app,
            "doc",
            &["doc", "--workspace", "--no-deps"],
            &[("RUSTDOCFLAGS", "-D warnings")],
        ),
    ];
    let own = app.clone();
    steps.push(Step {
        name: "tidy".to_owned(),
        run: Box::new(move || tidy::command(&own, tidy::Arguments::default()).map(|()| 0)),
    });
    steps.extend(features(app)?);
    let own = app.clone();
    steps.push(Step {
        name: "static build".to_owned(),
        run: Box::new(move || {
            let arguments = build::Arguments {
                profile: Profile::Fast,
                out: Some(own.root.join("target/ci")),
                ..build::Arguments::default()
            };
            build::command(&own, &arguments).map(|()| 0)
        }),
    });
    if is_framework(&Workspace::load(&app.root)?) {
        steps.push(outside::step(app));
    }
    Ok(steps)
}

/// Whether the workspace is the framework's own: it has more to keep than an application.
fn is_framework(workspace: &Workspace) -> bool {
    workspace
        .members()
        .any(|package| package.name == "weldkit-tests")
}

/// All tests.
fn tests(app: &App) -> Step {
    let app = app.clone();
    Step {
        name: "test".to_owned(),
        run: Box::new(move || run_tests(&app, &Test::default())),
    }
}

/// Where the framework is a member: each of its features alone, the plugins registered the other way, some crashes.
fn features(app: &App) -> Result<Vec<Step>> {
    let workspace = Workspace::load(&app.root)?;
    let framework = workspace
        .members()
        .find(|package| package.name == "weldkit");
    let names = framework
        .into_iter()
        .flat_map(|package| package.features.keys());
    let alone = |name: &String| {
        let arguments = [
            "check",
            "--package",
            "weldkit",
            "--no-default-features",
            "--features",
            name,
        ];
        run_cargo(app, &format!("feature {name}"), &arguments, &[])
    };
    let mut steps: Vec<Step> = names.map(alone).collect();
    if is_framework(&workspace) {
        // `linked_…` finds the same plugins in the same order, whichever way they registered.
        let arguments = "test --package weldkit-tests --features inventory --test it linked_";
        let arguments: Vec<&str> = arguments.split(' ').collect();
        steps.push(run_cargo(
            app,
            "registered through inventory",
            &arguments,
            &[],
        ));
        let own = app.clone();
        steps.push(Step {
            name: "crash".to_owned(),
            run: Box::new(move || crash::command(&own, &crash::Arguments::short()).map(|()| 0)),
        });
    }
    Ok(steps)
}

fn run_cargo(app: &App, name: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Step {
    let mut command = cargo::command();
    command
        .current_dir(&app.root)
        .args(arguments)
        .envs(environment.iter().copied());
    Step {
        name: name.to_owned(),
        run: Box::new(move || cargo::run_command(&mut command).map(|()| 0)),
    }
}
