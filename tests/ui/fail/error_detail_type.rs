use weldkit::{CallError, ServiceError};


#[derive(Debug)]
pub struct Plain;

#[derive(Debug, thiserror::Error, ServiceError)]
pub enum Fault {
    #[error("a")]
    A { plain: Plain },
    #[error(transparent)]
    Call(#[from] CallError),
}

fn main() {}
