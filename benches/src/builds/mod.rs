//! Sizes and compile times, against the same crates wired by hand.
//!
//! Writes scratch workspaces under the target folder and lets Cargo build them. What is compared
//! has the same dependencies and does the same work; only the wiring differs (see [`source`]).

mod check;
mod compile;
mod registrations;
mod scratch;
mod size;
pub mod source;

use std::io;
use std::path::Path;

use crate::Outcome;
use crate::options::Options;

/// A part that takes minutes: its title, and how it is measured in a folder and so many rounds.
type Part = (&'static str, fn(&Path, usize) -> io::Result<Vec<Outcome>>);

const PARTS: [Part; 4] = [
    (registrations::TITLE, registrations::measure),
    (check::TITLE, check::measure),
    (compile::TITLE, compile::measure),
    (size::TITLE, size::measure),
];

/// Measures every part that is wanted in `folder`; a part that cannot be is named and left out.
pub fn outcomes(folder: &Path, options: &Options) -> Vec<Outcome> {
    let wanted = PARTS.iter().filter(|(title, _)| options.wants(title));
    let measured = wanted.map(|(title, measure)| {
        measure(folder, options.rounds).unwrap_or_else(|fault| {
            eprintln!("{title}: not measured: {fault}");
            Vec::new()
        })
    });
    measured.flatten().collect()
}
