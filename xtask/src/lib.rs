//! Builds, audits and checks applications of weldkit: the library behind `cargo xtask`.
//!
//! An application outside this repository has an xtask crate of its own whose `main` is one call
//! of [`main`], and so gets the same commands. Nothing in here links the framework: everything is
//! known from manifests, from `plugin_metadata.json`, and from the bytes of the built file.
//!
//! ```text
//! select ── graph ── build (Cargo) ── audit
//!  ids     problems   the binary     the same ids?
//! ```
//!
//! | module | what it knows |
//! |---|---|
//! | [`workspace`], [`app`], [`metadata`], [`configuration`] | what is there: Cargo's packages, the application, its plugins, what a configuration names |
//! | [`select`], [`graph`] | which plugins, and whether they fit together |
//! | [`build`], [`record`], [`frame`], [`binary`], [`audit`], [`inspect`] | the binary, and what it says about itself |
//! | [`check`] | what a workflow document calls, before anything is built |
//! | [`refresh`], [`plugins_rs`], [`manifest`], [`add`], [`new`] | what is written for people: metadata, lists, manifests, skeletons |
//! | [`tidy`], [`gate`] | the rules of the house |
//! | [`mod@bench`] | what things cost: the page of figures, and instructions against a baseline |
//! | [`crash`], [`soak`] | what a killed process has lost, and the long runs |
//! | [`demo`], [`weight`] | the main job on real input, and the bytes of each plugin |
//! | [`postgres`], [`skips`] | a private server for tests, and tests that lack one |
//! | [`error`], [`talk`], [`mod@file`], [`cargo`], [`cli`] | how all of that talks to the world |

pub mod add;
pub mod app;
pub mod audit;
pub mod bench;
pub mod binary;
pub mod build;
pub mod cargo;
pub mod check;
pub mod cli;
pub mod configuration;
pub mod crash;
pub mod demo;
pub mod error;
pub mod file;
pub mod frame;
pub mod gate;
pub mod graph;
pub mod inspect;
pub mod manifest;
pub mod metadata;
pub mod new;
pub mod plugins_rs;
pub mod postgres;
pub mod record;
pub mod refresh;
pub mod select;
pub mod skips;
pub mod soak;
pub mod talk;
pub mod tidy;
pub mod weight;
pub mod workspace;

/// Runs the command line of the process; all that an application's own xtask calls.
pub fn main() -> std::process::ExitCode {
    cli::main()
}
