use weldkit::{CallError, ServiceError};


#[derive(Debug, thiserror::Error, ServiceError)]
pub enum Fault {
    #[error(transparent)]
    #[service_error(code = "call", retryable)]
    Call(#[from] CallError),
}

fn main() {}
