//! The program of `docs/guide.md`, one module a crate, as `build.rs` has taken it out. Its tests run here.

#![allow(
    unreachable_pub,
    unused_imports,
    reason = "every module stands for a crate of its own, whose items others use, and sees the others by the glob"
)]

macro_rules! modules {
    ($($module:ident)*) => {
        $(pub(super) mod $module {
            use super::*;
            include!(concat!(env!("OUT_DIR"), "/", stringify!($module), ".rs"));
        })*

        /// What is compiled here; the blocks of the guide are compared with it.
        pub(crate) const MODULES: &[&str] = &[$(stringify!($module)),*];
    };
}

modules!(acme_processing acme_processor bank calls composing flows monitoring permissions tests);
