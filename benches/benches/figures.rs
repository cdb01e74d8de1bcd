//! `cargo bench --bench figures`: every figure that takes seconds.

use std::path::Path;
use std::process::ExitCode;

use weldkit_benches::{
    Outcome, Subject, calls, composition, events, instructions, measure, metrics, options::Options,
    report, start, transactions, workflows,
};

/// What is measured in windows. Each group is made when its turn comes, so that whoever wants one case of the first waits
/// for no other; the one that takes longest to make is the last.
const GROUPS: [fn() -> Vec<Subject>; 6] = [
    calls::subjects,
    events::subjects,
    composition::subjects,
    transactions::subjects,
    workflows::subjects,
    metrics::subjects,
];

fn main() -> ExitCode {
    let options = match Options::read(301) {
        Ok(options) => options,
        Err(fault) => {
            eprintln!("error: {fault}");
            return ExitCode::from(2);
        }
    };
    if let Some(only) = instructions::Only::read() {
        return if GROUPS.iter().any(|group| only.run(&mut group())) {
            ExitCode::SUCCESS
        } else {
            eprintln!("error: no case is called `{}`", only.case);
            ExitCode::from(2)
        };
    }
    let outcomes = outcomes(&options);
    // A missed target is a figure, not a failure of the run.
    match report::write(&outcomes, options.json, &mut std::io::stdout().lock()) {
        Ok(_) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("error: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn outcomes(options: &Options) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for group in GROUPS {
        for mut subject in group() {
            if !options.wants(subject.title) {
                continue;
            }
            subject.cases.retain(|case| options.wants_case(case.name));
            if !subject.cases.is_empty() {
                outcomes.push(if options.instructions {
                    instructions::count(&mut subject)
                } else {
                    measure::measure(subject, options.rounds)
                });
            }
        }
    }
    if !options.instructions && !options.only_cases() {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let recover = env!("CARGO_BIN_EXE_recover");
        outcomes.extend(transactions::outcomes(folder, recover, options));
        let waiting = env!("CARGO_BIN_EXE_waiting");
        outcomes.extend(workflows::outcomes(folder, waiting, options));
        if options.wants(start::TITLE) {
            outcomes.extend(start::measure(env!("CARGO_BIN_EXE_twenty"), 20));
        }
    }
    outcomes
}
