//! The command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::app::App;
use crate::error::{Error, Result};
use crate::{
    add, bench, build, check, crash, demo, gate, inspect, new, postgres, refresh, soak, talk, tidy,
};

/// Builds, audits and checks applications of weldkit
///
/// Exit codes: 0 fine, 1 it failed, 2 usage, 3 configuration or graph.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Cli {
    /// The application, where the workspace has several
    #[arg(long, short, global = true, value_name = "NAME")]
    package: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Weld the chosen plugins into one static binary, and audit it
    Build(build::Arguments),
    /// Check a workflow document against what the plugins say about themselves
    Check(check::Arguments),
    /// Show what is inside a binary, without running it
    Inspect(inspect::Arguments),
    /// Write what every plugin says about itself into its plugin_metadata.json
    Metadata(refresh::Arguments),
    /// Make a plugin or an application
    #[command(subcommand)]
    New(new::What),
    /// Add a plugin to the application
    Add(add::Arguments),
    /// Check the rules of the house
    Tidy(tidy::Arguments),
    /// Run all tests
    Test(gate::Test),
    /// Run the whole gate: format, clippy, test, doc, tidy, features, static build
    Ci,
    /// Kill a process that moves money, over and over, and look for what it has lost
    Crash(crash::Arguments),
    /// The long runs: 100,000 transactions of every level, a million values against types, 10,000 kills
    Soak,
    /// Show it all on real input: choose, weld, work, find, break, next
    Demo(demo::Arguments),
    /// Run the benchmarks: print their ratios, write docs/performance.md, or check the instructions of the calls
    Bench(bench::Arguments),
    /// A private PostgreSQL for the tests that take one
    #[command(subcommand)]
    Postgres(postgres::What),
}

/// Runs the command line of the process.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            talk::error(&error);
            error.exit_code()
        }
    }
}

fn run(cli: Cli) -> Result<()> {
    let folder =
        std::env::current_dir().map_err(|e| Error::failed(format!("where are we: {e}")))?;
    let app = || App::find(&folder, cli.package.as_deref());
    match cli.command {
        Command::Build(arguments) => build::command(&app()?, &arguments),
        Command::Check(arguments) => check::command(&app()?, &arguments),
        Command::Inspect(arguments) => inspect::command(&arguments),
        Command::Metadata(arguments) => refresh::command(&app()?, arguments),
        Command::New(new::What::Plugin(arguments)) => new::plugin::command(&app()?, &arguments),
        Command::New(new::What::App(arguments)) => new::app::command(&arguments),
        Command::Add(arguments) => add::command(&app()?, &arguments),
        Command::Tidy(arguments) => tidy::command(&app()?, arguments),
        Command::Test(arguments) => gate::test(&app()?, &arguments),
        Command::Ci => gate::ci(&app()?),
        Command::Crash(arguments) => crash::command(&app()?, &arguments),
        Command::Soak => soak::command(&app()?),
        Command::Demo(arguments) => demo::command(&app()?, arguments),
        Command::Bench(arguments) => bench::command(&app()?, &arguments),
        Command::Postgres(what) => postgres::command(&folder, what),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn one_way_of_choosing_at_a_time() {
        let parse = |line: &str| Cli::try_parse_from(line.split(' '));
        assert!(parse("xtask build --plugins a,b --profile small --target musl").is_ok());
        assert!(parse("xtask build --for x.toml --out d").is_ok());
        for line in [
            "xtask build --all --edition full",
            "xtask build --for a --plugins b",
            "xtask add",
        ] {
            let error = parse(line).expect_err(line);
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }
}
