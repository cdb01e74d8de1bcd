//! The build record: what this tool says about a build, embedded in the binary through the
//! environment variable `WELDKIT_BUILD`.
//!
//! It holds no time and no path, so that the same build gives the same bytes.

use serde::{Deserialize, Serialize};

use crate::metadata::PluginMetadata;

/// The environment variable that the application's crate reads while it compiles.
pub const VARIABLE: &str = "WELDKIT_BUILD";

/// One build.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BuildRecord {
    /// The version of this format: 1.
    pub format: u32,
    /// The application's package.
    pub app: String,
    /// Its version.
    pub version: semver::Version,
    /// The edition that was asked for, where one was.
    pub edition: Option<String>,
    /// The ids of the plugins that were asked for.
    pub plugins: Vec<String>,
    /// The Cargo features of the application.
    pub features: Vec<String>,
    /// The target triple.
    pub target: String,
    /// The C library: `glibc`, `musl`, …
    pub libc: String,
    /// The Cargo profile.
    pub profile: String,
    /// Whether it needs nothing but the kernel.
    #[serde(rename = "static")]
    pub is_static: bool,
    /// The version of the framework.
    pub framework: String,
    /// The compiler's first line about itself.
    pub rustc: String,
    /// What the plugins say about themselves, without the schemas of their settings.
    pub metadata: Vec<PluginMetadata>,
}

/// The C library that a target triple stands for.
pub fn libc(target: &str) -> &'static str {
    let has = |part: &str| target.split('-').any(|word| word.starts_with(part));
    if has("musl") {
        "musl"
    } else if has("gnu") && target.contains("windows") {
        "mingw"
    } else if has("gnu") {
        "glibc"
    } else if has("msvc") {
        "msvc"
    } else if has("apple") {
        "libSystem"
    } else {
        "unknown"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_triple_names_its_c_library() {
        let check = |target, expected| assert_eq!(libc(target), expected);
        check("x86_64-unknown-linux-gnu", "glibc");
        check("aarch64-unknown-linux-musl", "musl");
        check("arm-unknown-linux-musleabihf", "musl");
        check("x86_64-pc-windows-gnu", "mingw");
        check("x86_64-pc-windows-msvc", "msvc");
        check("aarch64-apple-darwin", "libSystem");
        check("wasm32-wasip1", "unknown");
    }
}
