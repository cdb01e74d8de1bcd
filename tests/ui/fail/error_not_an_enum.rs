use weldkit::{CallError, ServiceError};


#[derive(Debug, thiserror::Error, ServiceError)]
#[error("fault")]
pub struct Fault;

#[derive(ServiceError)]
pub union Either {
    a: u32,
}

pub type Used = CallError;

fn main() {}
