use weldkit::ServiceError;

#[derive(Debug, thiserror::Error, ServiceError)]
pub enum Fault {
    #[error(transparent)]
    #[service_error(host)]
    Call(#[from] std::io::Error),
}

fn main() {}
