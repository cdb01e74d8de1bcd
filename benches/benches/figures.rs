//! `cargo bench --bench figures`: every figure that takes seconds.

use std::path::Path;
use std::process::ExitCode;

use weldkit_benches::{
    calls, composition, events, instructions, measure, metrics, options::Options, report, start,
    transactions, workflows,
};

fn main() -> ExitCode {
    let options = match Options::read(301) {
        Ok(options) => options,
        Err(fault) => {
            eprintln!("error: {fault}");
            return ExitCode::from(2);
        }
    };
    let mut subjects = calls::subjects();
    subjects.extend(events::subjects());
    subjects.extend(metrics::subjects());
    subjects.extend(composition::subjects());
    subjects.extend(transactions::subjects());
    subjects.extend(workflows::subjects());
    if instructions::run_only(&mut subjects) {
        return ExitCode::SUCCESS;
    }
    subjects.retain(|subject| options.wants(subject.title));
    let mut outcomes = Vec::new();
    for mut subject in subjects {
        outcomes.push(if options.instructions {
            instructions::count(&mut subject)
        } else {
            measure::measure(subject, options.rounds)
        });
    }
    if options.wants(start::TITLE) && !options.instructions {
        outcomes.extend(start::measure(env!("CARGO_BIN_EXE_twenty"), 20));
    }
    if !options.instructions {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let recover = env!("CARGO_BIN_EXE_recover");
        outcomes.extend(transactions::outcomes(folder, recover, &options));
        outcomes.extend(workflows::outcomes(folder, &options));
    }
    // A missed target is a figure, not a failure of the run.
    match report::write(&outcomes, options.json, &mut std::io::stdout().lock()) {
        Ok(_) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("error: {fault}");
            ExitCode::FAILURE
        }
    }
}
