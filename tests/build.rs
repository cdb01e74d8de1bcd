//! Takes the Rust blocks out of `docs/guide.md`, so that the guide's program compiles and its tests run.
//!
//! A block that opens with ```` ```rust NAME ```` belongs to the module `NAME`. Each module becomes one file in which
//! every line keeps its number, so that a compile error points at the line of the guide.

use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs};

const GUIDE: &str = "../docs/guide.md";

fn main() {
    println!("cargo::rerun-if-changed={GUIDE}");
    let out = env::var("OUT_DIR").expect("Cargo sets OUT_DIR for a build script");
    let guide = fs::read_to_string(GUIDE).expect("the guide stands beside the tests");
    for (module, text) in modules(&guide) {
        let path = Path::new(&out).join(format!("{module}.rs"));
        fs::write(path, text).expect("OUT_DIR can be written");
    }
}

/// The text of each module, with an empty line for every line of the guide that is not its own.
fn modules(guide: &str) -> BTreeMap<&str, String> {
    let mut modules: BTreeMap<&str, String> = BTreeMap::new();
    let mut open = None;
    for (number, line) in guide.lines().enumerate() {
        if line.starts_with("```") {
            open = line.strip_prefix("```rust ");
        } else if let Some(module) = open {
            let text = modules.entry(module).or_default();
            let missing = number - text.lines().count();
            text.push_str(&"\n".repeat(missing));
            text.push_str(line);
            text.push('\n');
        }
    }
    modules
}
