//! What documents mean, and what is wrong with them.

mod bad;
mod examples;
mod lowering;
mod mutations;
mod never_panics;

use std::path::PathBuf;

/// The folder of the official documents.
fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/open-workflow")
}

/// The official examples by name, in the order of their names.
fn examples() -> Vec<(String, String)> {
    let folder = std::fs::read_dir(fixtures().join("examples")).unwrap();
    let mut examples: Vec<_> = folder
        .map(|file| {
            let file = file.unwrap();
            let name = file.file_name().into_string().unwrap();
            (name, std::fs::read_to_string(file.path()).unwrap())
        })
        .collect();
    examples.sort();
    examples
}
