//! What can go wrong, and the exit code that says so.
//!
//! A check never stops at its first finding: it collects [`Problem`]s, and every one of them says
//! what to do about it.

use std::fmt;
use std::process::ExitCode;

/// The result of a command.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a command ended early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// What was tried did not work: exit code 1.
    Failed(Vec<Problem>),
    /// The command line makes no sense: exit code 2.
    Usage(Problem),
    /// The configuration, the manifest or the graph of plugins is wrong: exit code 3.
    Refused(Vec<Problem>),
}

/// One thing that is wrong, with its fixes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// What is wrong with what; lower case, no final stop.
    pub message: String,
    /// What to do about it, one line each.
    pub help: Vec<String>,
}

impl Problem {
    /// A problem that says what is wrong.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            help: Vec::new(),
        }
    }

    /// The same problem with one more way out of it.
    #[must_use]
    pub fn help(mut self, line: impl Into<String>) -> Self {
        self.help.push(line.into());
        self
    }

    /// The same problem with the nearest of the valid names, where one is near.
    #[must_use]
    pub fn near(self, wrong: &str, valid: &[&str]) -> Self {
        match nearest(wrong, valid) {
            Some(near) => self.help(format!("did you mean `{near}`?")),
            None => self,
        }
    }

    /// The same problem with the nearest of the valid names and the list of them all.
    #[must_use]
    pub fn names<'a>(self, wrong: &str, valid: impl IntoIterator<Item = &'a str>) -> Self {
        let valid: Vec<&str> = valid.into_iter().collect();
        let problem = self.near(wrong, &valid);
        if valid.is_empty() {
            problem.help("there are none")
        } else {
            problem.help(format!("known: {}", valid.join(", ")))
        }
    }
}

impl Error {
    /// One thing that did not work.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Failed(vec![Problem::new(message)])
    }

    /// One thing that is wrong in the graph or the configuration.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::Refused(vec![Problem::new(message)])
    }

    /// The same error, whose last problem has one more way out of it.
    #[must_use]
    pub fn help(mut self, line: impl Into<String>) -> Self {
        let last = match &mut self {
            Self::Failed(problems) | Self::Refused(problems) => problems.last_mut(),
            Self::Usage(problem) => Some(problem),
        };
        if let Some(problem) = last {
            problem.help.push(line.into());
        }
        self
    }

    /// Everything that is wrong.
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::Failed(problems) | Self::Refused(problems) => problems,
            Self::Usage(problem) => std::slice::from_ref(problem),
        }
    }

    /// What the process tells its caller.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Failed(_) => 1,
            Self::Usage(_) => 2,
            Self::Refused(_) => 3,
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in self.problems() {
            writeln!(f, "{}", problem.message)?;
            for line in &problem.help {
                writeln!(f, "  help: {line}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// The valid name that a wrong one probably meant.
pub fn nearest<'a>(wrong: &str, valid: &[&'a str]) -> Option<&'a str> {
    let alike = |name: &str| strsim::jaro_winkler(wrong, name);
    valid
        .iter()
        .copied()
        .filter(|name| alike(name) > 0.75)
        .max_by(|a, b| alike(a).total_cmp(&alike(b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_suggested_and_a_far_one_is_not() {
        let valid = ["records", "report", "storage-redb"];
        assert_eq!(nearest("storage-rdb", &valid), Some("storage-redb"));
        assert_eq!(nearest("reprot", &valid), Some("report"));
        assert_eq!(nearest("zzz", &valid), None);
    }

    #[test]
    fn an_error_shows_every_problem_with_its_help() {
        let error = Error::Refused(vec![
            Problem::new("first").help("do this"),
            Problem::new("second").names("b", []),
        ]);
        assert_eq!(
            error.to_string(),
            "first\n  help: do this\nsecond\n  help: there are none\n"
        );
    }
}
