//! The command line of every application.
