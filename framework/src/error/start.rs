use std::fmt;

use serde::Serialize;

use super::CallError;

/// The result of what a host or a plugin does outside of calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a host cannot be built, started, reloaded or stopped.
///
/// Any `std::error::Error` becomes one by `?`, with its chain of sources in the message.
/// Everything that is wrong is reported at once, one [`Problem`] each.
pub struct Error {
    kind: ErrorKind,
    message: String,
    problems: Vec<Problem>,
}

/// Which part failed. Scripts see it as the exit code of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The configuration is wrong: exit code 3.
    Configuration,
    /// The plugins do not fit together: exit code 3.
    Graph,
    /// A plugin did not start.
    Start,
    /// A plugin did not stop.
    Stop,
    /// The state folder cannot be used, or another process uses it.
    State,
    /// Anything else.
    Internal,
}

/// One thing that is wrong, where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Stable word for machines, for example `missing_service`.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// Where: `file:line:column`, a variable, a flag or a plugin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// What to do: the nearest valid choice, or the command that fixes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl Problem {
    /// A problem without a place.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            place: None,
            help: None,
        }
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds where it is.
    #[must_use]
    pub fn place(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error[{}]: {}", self.code, self.message)?;
        if let Some(place) = &self.place {
            write!(f, "\n  --> {place}")?;
        }
        if let Some(help) = &self.help {
            write!(f, "\n  help: {}", help.replace('\n', "\n        "))?;
        }
        Ok(())
    }
}

impl Error {
    /// An error of one sentence.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            problems: Vec::new(),
        }
    }

    /// An error that lists everything that is wrong.
    pub fn problems(kind: ErrorKind, message: impl Into<String>, problems: Vec<Problem>) -> Self {
        Self {
            kind,
            message: message.into(),
            problems,
        }
    }

    /// A fault without a better kind.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }

    /// Which part failed.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The sentence that sums it up.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Everything that is wrong, when it is a list.
    pub fn list(&self) -> &[Problem] {
        &self.problems
    }

    /// Puts words in front of the message: what was being done when it failed.
    #[must_use]
    pub fn context(mut self, doing: impl fmt::Display) -> Self {
        self.message = format!("{doing}: {}", self.message);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for problem in &self.problems {
            write!(f, "\n{problem}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.kind)
    }
}

impl<E: std::error::Error> From<E> for Error {
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            if !message.contains(&text) {
                message = format!("{message}: {text}");
            }
            source = cause.source();
        }
        Self::internal(message)
    }
}

/// `Error` converts from every `std::error::Error` and so cannot be one; this is the way into a box.
#[derive(Debug)]
struct Boxed(Error);

impl fmt::Display for Boxed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Boxed {}

impl From<Error> for Box<dyn std::error::Error + Send + Sync> {
    fn from(error: Error) -> Self {
        Box::new(Boxed(error))
    }
}

impl From<Error> for Box<dyn std::error::Error> {
    fn from(error: Error) -> Self {
        Box::new(Boxed(error))
    }
}

impl From<Error> for CallError {
    fn from(error: Error) -> Self {
        CallError::internal(error.to_string())
    }
}
