//! What the server, or the way to it, made of a statement.

use tokio_postgres::error::{DbError, Error};
use weldkit::{CallError, Code};
use weldkit_storage::StorageError;

/// Why a statement did not do its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    /// The SQLSTATE; empty when it does not come from the server.
    pub(crate) state: String,
    /// What happened, for people.
    pub(crate) reason: String,
}

/// What a fault means to whoever sent the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The connection has gone, or never came.
    Lost,
    /// The transaction met another one: the same again may succeed.
    Conflict,
    /// A bound of ours or of the server was reached for the moment.
    Busy,
    /// The server has no room.
    Full,
    /// What was named is not there.
    Missing,
    /// The server or its schema is not as it must be; repeating does not help.
    Refused,
}

impl Fault {
    pub(crate) fn new(kind: Kind, reason: impl Into<String>) -> Self {
        Self {
            kind,
            state: String::new(),
            reason: reason.into(),
        }
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.kind == Kind::Lost
    }

    /// What a call outside of transactions is told. `is_write`: the statement would have changed something.
    pub(crate) fn alone(self, is_write: bool) -> StorageError {
        match self.kind {
            // It may have been carried out before the connection went.
            Kind::Lost if is_write => StorageError::Failed {
                reason: self.reason,
            },
            Kind::Full => StorageError::Full {
                reason: self.reason,
            },
            Kind::Lost => StorageError::Unavailable {
                reason: self.reason,
            },
            Kind::Conflict | Kind::Busy | Kind::Missing | Kind::Refused => {
                StorageError::Call(self.call())
            }
        }
    }

    /// What a call inside of a transaction is told: whatever it did is undone with the transaction.
    pub(crate) fn inside(self) -> StorageError {
        match self.kind {
            Kind::Full => StorageError::Full {
                reason: self.reason,
            },
            Kind::Lost | Kind::Conflict | Kind::Busy | Kind::Missing | Kind::Refused => {
                StorageError::Call(self.call())
            }
        }
    }

    /// The same for the coordinator.
    pub(crate) fn call(self) -> CallError {
        match self.kind {
            Kind::Lost => CallError::unavailable(self.reason),
            Kind::Conflict => CallError::conflict(self.reason),
            Kind::Busy => CallError::limit(self.reason).retryable(true),
            Kind::Full => CallError::limit(self.reason),
            Kind::Missing => CallError::not_found(self.reason),
            // Not `internal`, which leaves open what was done: a statement that is refused has done nothing.
            Kind::Refused => CallError::new(Code::InvalidState, self.reason),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error.as_db_error() {
            Some(refused) => {
                let state = refused.code().code();
                Self {
                    kind: kind(state),
                    state: state.to_owned(),
                    reason: told(refused),
                }
            }
            // The rest of the client's errors are of the connection or of the protocol on it.
            None => Self::new(
                Kind::Lost,
                format!("the connection is lost: {}", chain(&error)),
            ),
        }
    }
}

impl From<weldkit_storage::Invalid> for Fault {
    fn from(invalid: weldkit_storage::Invalid) -> Self {
        Self::new(
            Kind::Refused,
            format!("the table holds what is none of ours: {invalid}"),
        )
    }
}

/// By SQLSTATE: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn kind(state: &str) -> Kind {
    match state {
        // Serialization failure, deadlock, `lock_timeout`; a key that somebody else has inserted meanwhile.
        "40001" | "40P01" | "55P03" | "23505" => Kind::Conflict,
        "53100" => Kind::Full,
        "42704" => Kind::Missing,
        // Cancelled by `statement_timeout` or by an operator: the session goes on.
        "57014" => Kind::Busy,
        // `idle_in_transaction_session_timeout`, which ends the session.
        "25P03" => Kind::Lost,
        _ => match state.get(..2) {
            // Connection exceptions, and the operator's intervention.
            Some("08" | "57") => Kind::Lost,
            // Insufficient resources.
            Some("53") => Kind::Busy,
            _ => Kind::Refused,
        },
    }
}

/// The server's own words, its advice included.
fn told(error: &DbError) -> String {
    let hint = error
        .hint()
        .map_or_else(String::new, |hint| format!("; {hint}"));
    format!("{} ({}){hint}", error.message(), error.code().code())
}

/// The client's words and what caused them.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_says_whether_to_try_again() {
        for (code, expected) in [
            ("40001", Kind::Conflict),
            ("40P01", Kind::Conflict),
            ("55P03", Kind::Conflict),
            ("23505", Kind::Conflict),
            ("53100", Kind::Full),
            ("53300", Kind::Busy),
            ("57014", Kind::Busy),
            ("57P01", Kind::Lost),
            ("57P05", Kind::Lost),
            ("25P03", Kind::Lost),
            ("08006", Kind::Lost),
            ("42704", Kind::Missing),
            ("42P01", Kind::Refused),
            ("0A000", Kind::Refused),
        ] {
            assert_eq!(kind(code), expected, "{code}");
        }
    }
}
