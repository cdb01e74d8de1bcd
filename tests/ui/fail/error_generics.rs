use weldkit::{CallError, ServiceError};


#[derive(Debug, thiserror::Error, ServiceError)]
pub enum Fault<T: std::fmt::Debug> {
    #[error("a")]
    A(T),
    #[error(transparent)]
    Call(#[from] CallError),
}

fn main() {}
