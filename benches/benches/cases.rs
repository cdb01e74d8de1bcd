//! `cargo bench --bench cases`: the same cases under criterion, each by itself, with its
//! distribution. Ratios come from `figures`, where the cases take turns.

use criterion::Criterion;
use weldkit_benches::{calls, events};

/// How often a run that says nothing is done again.
const AGAIN: usize = 100;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for subject in calls::subjects().into_iter().chain(events::subjects()) {
        let mut group = criterion.benchmark_group(subject.title);
        for mut case in subject.cases {
            group.bench_function(case.name, |bencher| {
                bencher.iter_custom(|times| {
                    let tries = (0..AGAIN).find_map(|_| case.run(times));
                    tries.expect("a machine with a core for each thread")
                });
            });
        }
        group.finish();
    }
    criterion.final_summary();
}
