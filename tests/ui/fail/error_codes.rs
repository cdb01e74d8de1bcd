use weldkit::{CallError, ServiceError};


#[derive(Debug, thiserror::Error, ServiceError)]
pub enum StorageError {
    #[error("a")]
    Timeout,
    #[error("b")]
    #[service_error(code = "internal")]
    Broken,
    #[error("c")]
    #[service_error(code = "full")]
    NoRoom,
    #[error("d")]
    #[service_error(code = "full")]
    NoSpace,
    #[error("e")]
    #[service_error(code = "No Space")]
    Other,
    #[error("f")]
    NotFound,
    #[error(transparent)]
    Call(#[from] CallError),
}

fn main() {}
