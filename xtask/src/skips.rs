//! Tests that need what a machine may not have: they say so, and are counted.
//!
//! A test that lacks something calls [`skip`] and returns. That is a failure where [`REQUIRE`] names what it lacks, so
//! that a gate which has installed a service notices when its tests do not find it.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::talk;

/// The environment variable with what must be there, words between commas: `postgres`.
pub const REQUIRE: &str = "WELDKIT_REQUIRE";

/// The environment variable with the file that skips are written to, one a line.
const FILE: &str = "WELDKIT_SKIPS";

/// Says that the running test is skipped for want of `need`, and why. The test returns after it.
///
/// # Panics
///
/// Where [`REQUIRE`] names the need.
pub fn skip(need: &str, why: &str) {
    if let Err(error) = lack(need, why) {
        panic!("{}", error.to_string().trim_end());
    }
}

/// The same for a command.
///
/// # Errors
///
/// Where [`REQUIRE`] names the need.
pub fn lack(need: &str, why: &str) -> Result<()> {
    let required = std::env::var(REQUIRE).unwrap_or_default();
    if is_required(&required, need) {
        let message = format!("{REQUIRE} names `{need}`, and it is not there: {why}");
        return Err(Error::failed(message).help(format!("or take `{need}` out of {REQUIRE}")));
    }
    let thread = std::thread::current();
    let line = format!("skipped: {}: {why}\n", thread.name().unwrap_or("a test"));
    // Past the capture of the test runner, which shows nothing of a test that passes.
    drop(std::io::stderr().write_all(line.as_bytes()));
    if let Some(path) = std::env::var_os(FILE) {
        let file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path);
        // The count is a service to the reader; the line above is the word that counts.
        drop(file.and_then(|mut file| file.write_all(line.as_bytes())));
    }
    Ok(())
}

fn is_required(required: &str, need: &str) -> bool {
    required.split(',').any(|word| word.trim() == need)
}

/// Where the skips of one run are gathered.
#[derive(Debug)]
pub struct Gathered(PathBuf);

impl Gathered {
    /// An empty list below the root of a working copy.
    pub fn new(root: &Path) -> Self {
        let path = root.join(format!("target/skips-{}", std::process::id()));
        drop(std::fs::remove_file(&path));
        Self(path)
    }

    /// What to put into the environment of the tests.
    pub fn environment(&self) -> (&'static str, &Path) {
        (FILE, &self.0)
    }

    /// Says which tests were skipped, and gives their number. Called once, after the tests.
    pub fn tell(self) -> usize {
        let text = std::fs::read_to_string(&self.0).unwrap_or_default();
        drop(std::fs::remove_file(&self.0));
        let mut lines: Vec<&str> = text.lines().collect();
        // One test may find out more than once.
        lines.sort_unstable();
        lines.dedup();
        for line in &lines {
            talk::warn(line);
        }
        lines.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_need_is_named_among_others() {
        for (required, expected) in [
            ("", false),
            ("postgres", true),
            ("a, postgres", true),
            ("postgresql", false),
        ] {
            assert_eq!(is_required(required, "postgres"), expected, "{required}");
        }
    }

    #[test]
    fn skips_are_counted_once() {
        let root = tempfile::tempdir().unwrap();
        let gathered = Gathered::new(root.path());
        crate::file::write(
            gathered.environment().1,
            "skipped: b: why\nskipped: a: why\n",
        )
        .unwrap();
        assert_eq!(gathered.tell(), 2);
        assert_eq!(Gathered::new(root.path()).tell(), 0);
    }
}
