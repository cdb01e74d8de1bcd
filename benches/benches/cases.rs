//! `cargo bench --bench cases`: the same cases under criterion, each by itself, with its
//! distribution. Ratios come from `figures`, where the cases take turns.

use criterion::Criterion;
use weldkit_benches::calls;

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    for subject in calls::subjects() {
        let mut group = criterion.benchmark_group(subject.title);
        for mut case in subject.cases {
            group.bench_function(case.name, |bencher| {
                bencher.iter_custom(|times| case.run(times));
            });
        }
        group.finish();
    }
    criterion.final_summary();
}
