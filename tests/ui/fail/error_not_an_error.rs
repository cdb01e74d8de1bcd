use weldkit::{CallError, ServiceError};


#[derive(Debug, ServiceError)]
pub enum Fault {
    A,
    Call(CallError),
}

fn main() {}
