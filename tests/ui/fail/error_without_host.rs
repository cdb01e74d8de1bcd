use weldkit::{CallError, Ctx, ServiceError};

#[derive(Debug, thiserror::Error, ServiceError)]
pub enum Fault {
    #[error("nothing there")]
    NotFound,
    #[error("broken")]
    Io(#[from] std::io::Error),
}

// The contract that uses it is not reported again.
#[weldkit::service]
pub trait Storage {
    fn count(&self, ctx: &Ctx) -> Result<u64, Fault>;
}

pub type Used = CallError;

fn main() {}
