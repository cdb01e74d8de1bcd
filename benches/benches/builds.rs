//! `cargo bench --bench builds`: every figure that takes Cargo, and so minutes.

use std::path::Path;
use std::process::ExitCode;

use weldkit_benches::{builds, options::Options, report};

fn main() -> ExitCode {
    let options = match Options::read(1) {
        Ok(options) => options,
        Err(fault) => {
            eprintln!("error: {fault}");
            return ExitCode::from(2);
        }
    };
    let outcomes = builds::outcomes(Path::new(env!("CARGO_TARGET_TMPDIR")), &options);
    // A missed target is a figure, not a failure of the run.
    match report::write(&outcomes, options.json, &mut std::io::stdout().lock()) {
        Ok(_) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("error: {fault}");
            ExitCode::FAILURE
        }
    }
}
