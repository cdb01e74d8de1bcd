//! Present because the `links` key of this crate asks for a build script: `links` is what makes
//! Cargo refuse two copies of the framework in one graph.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
}
