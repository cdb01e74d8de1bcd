//! The integration tests of weldkit
