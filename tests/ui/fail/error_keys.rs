use weldkit::{CallError, ServiceError};


#[derive(Debug, thiserror::Error, ServiceError)]
pub enum Fault {
    #[error("a")]
    #[service_error(retriable)]
    A,
    #[error("b")]
    #[service_error(effect = "maybe")]
    B,
    #[error("c")]
    #[service_error(message = "text")]
    C,
    #[error("d")]
    #[service_error(skip)]
    D,
    #[error("e")]
    E {
        #[service_error(skipped)]
        field: u32,
    },
    #[error(transparent)]
    Call(#[from] CallError),
}

fn main() {}
