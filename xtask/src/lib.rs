//! Builds, audits and checks applications of weldkit
