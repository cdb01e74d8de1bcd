//! The contract of {{name}}: what its consumers compile against.

use weldkit::{CallError, Ctx};

/// A greeting for one person.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The whole sentence.
    pub text: String,
}

/// What can go wrong.
#[derive(Debug, thiserror::Error, weldkit::ServiceError)]
pub enum {{Type}}Error {
    /// Nobody is called that.
    #[error("`{name}` is no name")]
    NotAName {
        /// What was given.
        name: String,
    },
    /// The host's own errors.
    #[error(transparent)]
    Call(#[from] CallError),
}

/// Greets people by name.
#[weldkit::service]
pub trait {{Type}} {
    /// Greet one person.
    #[method(read_only, idempotent)]
    async fn greet(
        &self,
        ctx: &Ctx,
        /// Who is greeted.
        #[garde(length(min = 1, max = 100))]
        name: String,
    ) -> Result<Reply, {{Type}}Error>;
}
