use weldkit::{CallError, ServiceError};


#[derive(Debug, thiserror::Error, ServiceError)]
pub enum Fault {
    #[error(transparent)]
    Call(CallError),
}

fn main() {}
