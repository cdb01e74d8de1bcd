//! The macros as their users see them: what wrong uses are told (`fail`), what must compile
//! (`pass`), and what a crate gets that knows the framework by another name.
//!
//! Messages are renewed with `TRYBUILD=overwrite`.

#[path = "../pass/crate_path.rs"]
mod crate_path;
#[path = "../pass/hygiene.rs"]
mod hygiene;
mod renamed;

#[test]
fn wrong_uses_are_explained() {
    trybuild::TestCases::new().compile_fail("fail/*.rs");
}
