//! The macros as their users see them: what wrong uses are told (`ui/fail`), what must compile
//! (`ui/pass`), and what a crate gets that knows the framework by another name.
//!
//! Messages are renewed with `TRYBUILD=overwrite`.

#[path = "../../ui/pass/crate_path.rs"]
mod crate_path;
#[path = "../../ui/pass/hygiene.rs"]
mod hygiene;
mod renamed;

#[test]
fn wrong_uses_are_explained() {
    trybuild::TestCases::new().compile_fail("ui/fail/*.rs");
}
