//! The attribute macros of weldkit
