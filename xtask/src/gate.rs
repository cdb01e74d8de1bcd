//! `test`, `ci` and `bench`: what must hold before a change is welcome.

use std::path::Path;
use std::time::Instant;

use crate::app::App;
use crate::build::{self, Profile};
use crate::error::{Error, Problem, Result};
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
    let fixed = ["test", "--workspace"].map(str::to_owned);
    cargo::run(&app.root, fixed.iter().chain(&arguments.arguments))
}

/// One step of the gate.
struct Step {
    name: String,
    run: Box<dyn FnOnce() -> Result<()>>,
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
        let verdict = if result.is_ok() { "ok" } else { "failed" };
        rows.push(vec![step.name.clone(), seconds, verdict.to_owned()]);
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
        run_cargo(app, "test", &["test", "--workspace"], &[]),
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
        run: Box::new(move || tidy::command(&own, tidy::Arguments::default())),
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
            build::command(&own, &arguments)
        }),
    });
    Ok(steps)
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
    if workspace
        .members()
        .any(|package| package.name == "weldkit-tests")
    {
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
            run: Box::new(move || crash::command(&own, &crash::Arguments::short())),
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
        run: Box::new(move || cargo::run_command(&mut command)),
    }
}

/// The command line of `bench`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Bench {
    /// Measure sizes and compile times too: 15 to 30 minutes on 2 cores
    #[arg(long)]
    pub builds: bool,
    /// Handed on to the benchmark: a part of a title, `--rounds N`, `--json`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<String>,
}

/// Runs `benches/`, a workspace of its own, which prints its figures as ratios.
///
/// # Errors
/// Fails where there is no such workspace, or a benchmark fails.
pub fn bench(app: &App, arguments: &Bench) -> Result<()> {
    let folder = app.root.join("benches");
    if !folder.join("Cargo.toml").is_file() {
        return Err(Error::failed(format!(
            "there is no {}",
            folder.join("Cargo.toml").display()
        ))
        .help(
            "benchmarks live in a workspace of their own, so that peers cost nobody compile time",
        ));
    }
    // Its tables are the data of this command, so they go to stdout as they come.
    let figures = ["--features", "peers", "--bench", "figures"];
    run_to_stdout(&folder, &figures, &arguments.arguments)?;
    if arguments.builds {
        run_to_stdout(&folder, &["--bench", "builds"], &arguments.arguments)?;
    }
    Ok(())
}

fn run_to_stdout(folder: &Path, which: &[&str], arguments: &[String]) -> Result<()> {
    let status = cargo::command()
        .current_dir(folder)
        .arg("bench")
        .args(which)
        .arg("--")
        .args(arguments)
        .status()
        .map_err(|e| Error::failed(format!("run cargo bench in {}: {e}", folder.display())))?;
    if status.success() {
        Ok(())
    } else {
        Err(Error::failed(format!("cargo bench failed ({status})")))
    }
}
