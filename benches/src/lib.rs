//! The figures of the framework: each case beside its floor and its peers, in the same run.
//!
//! ```text
//! calls, events, metrics, transactions, workflows, start ── Subject: cases ──┐
//!                                                                            ├─> Outcome: readings and claims ─> report
//! builds ── scratch workspaces, Cargo ───────────────────────────────────────┘
//! ```
//!
//! A shared machine drifts, so absolute times mean little. The cases of one subject take turns
//! round by round, the best round of each counts, and what is claimed is a ratio of two of them.

pub mod builds;
pub mod calls;
pub mod clock;
pub mod composition;
pub mod events;
pub mod instructions;
pub mod measure;
pub mod metrics;
pub mod options;
pub mod report;
pub mod resident;
pub mod start;
pub mod transactions;
pub mod workflows;

use std::fmt;
use std::hint::black_box;
use std::time::Duration;

/// One way of doing the thing that a subject is about.
pub struct Case {
    /// What the table calls it.
    pub name: &'static str,
    run: Box<dyn FnMut(u64) -> Option<Duration>>,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Case({})", self.name)
    }
}

impl Case {
    /// `once` is the thing itself.
    pub fn new<T>(name: &'static str, mut once: impl FnMut() -> T + 'static) -> Self {
        Self::timed(name, move |times| {
            clock::time(|| {
                for _ in 0..times {
                    black_box(once());
                }
            })
        })
    }

    /// `once` is awaited again and again inside of one `block_on`.
    pub fn awaited<T>(
        name: &'static str,
        runtime: &'static tokio::runtime::Runtime,
        mut once: impl AsyncFnMut() -> T + 'static,
    ) -> Self {
        Self::timed(name, move |times| {
            runtime.block_on(async {
                let began = clock::now();
                for _ in 0..times {
                    black_box(once().await);
                }
                began.elapsed()
            })
        })
    }

    /// `run` does the thing so many times and says how long that took.
    pub fn timed(name: &'static str, mut run: impl FnMut(u64) -> Duration + 'static) -> Self {
        Self::sometimes(name, move |times| Some(run(times)))
    }

    /// The same, where a run may turn out to say nothing.
    pub fn sometimes(
        name: &'static str,
        run: impl FnMut(u64) -> Option<Duration> + 'static,
    ) -> Self {
        Self {
            name,
            run: Box::new(run),
        }
    }

    /// Does the thing so many times; nothing where that says nothing about the thing.
    pub fn run(&mut self, times: u64) -> Option<Duration> {
        (self.run)(times)
    }
}

/// Cases that are measured side by side.
#[derive(Debug)]
pub struct Subject {
    /// What is compared.
    pub title: &'static str,
    /// The first is the base of the ratios.
    pub cases: Vec<Case>,
    /// What must hold.
    pub claims: Vec<Claim>,
}

/// One target of the design.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Claim {
    /// The case that it is about.
    pub case: String,
    /// The case that it is compared with; nothing where the bound is absolute.
    pub against: Option<String>,
    /// How the two must stand.
    pub bound: Bound,
}

/// How two readings must stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// The case takes at most so many times what the other takes.
    AtMostTimes(f64),
    /// The middle round of the case takes at most so many times the other's. For what waits for a disk: its best
    /// round is the disk's luck.
    MedianAtMostTimes(f64),
    /// The case takes at least so many times what the other takes.
    AtLeastTimes(f64),
    /// The case takes at most so much more than the other.
    AtMostMore(f64),
    /// The case takes at most so much.
    AtMost(f64),
}

impl Claim {
    /// `case` compared with `against`.
    pub fn new(case: impl Into<String>, bound: Bound, against: impl Into<String>) -> Self {
        Self {
            case: case.into(),
            against: Some(against.into()),
            bound,
        }
    }

    /// `case` by itself.
    pub fn alone(case: impl Into<String>, most: f64) -> Self {
        Self {
            case: case.into(),
            against: None,
            bound: Bound::AtMost(most),
        }
    }
}

/// What the measuring of a subject gave.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Outcome {
    /// What was compared.
    pub title: String,
    /// Of what the readings are: `ns`, `ms`, `KB`.
    pub unit: &'static str,
    /// The first is the base of the ratios.
    pub readings: Vec<Reading>,
    /// What must hold.
    pub claims: Vec<Claim>,
}

/// What was read of one case.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Reading {
    /// The case.
    pub name: String,
    /// The least disturbed round: what ratios are made of.
    pub best: f64,
    /// The round in the middle.
    pub median: f64,
    /// The rounds that counted.
    pub rounds: usize,
}

impl Reading {
    /// Of what was read in all rounds; nothing when none counted.
    pub fn of(name: impl Into<String>, mut rounds: Vec<f64>) -> Option<Self> {
        rounds.sort_by(f64::total_cmp);
        Some(Self {
            name: name.into(),
            best: *rounds.first()?,
            median: rounds[rounds.len() / 2],
            rounds: rounds.len(),
        })
    }

    /// Of what is the same in every round.
    pub fn exact(name: impl Into<String>, value: f64) -> Self {
        Self {
            name: name.into(),
            best: value,
            median: value,
            rounds: 1,
        }
    }
}
