//! Where tests find a server.

use std::path::{Path, PathBuf};

use super::FOLDER;
use super::programs::Programs;
use crate::error::Result;
use crate::skips;

/// The environment variable with the URL of a server to use instead of the private one.
pub const URL: &str = "WELDKIT_POSTGRES_URL";

/// The word for it in [`skips::REQUIRE`].
pub const NEED: &str = "postgres";

/// The URL of the server for a test: what [`URL`] says, else the private one of this working copy. Without one the
/// test is skipped: it returns.
///
/// # Panics
///
/// Without one, where `WELDKIT_REQUIRE` names `postgres`.
pub fn server() -> Option<String> {
    let found = running();
    if found.is_none() {
        skips::skip(NEED, &missing());
    }
    found
}

/// The same for a command, which does without.
///
/// # Errors
///
/// Without one, where `WELDKIT_REQUIRE` names `postgres`.
pub fn wanted() -> Result<Option<String>> {
    let found = running();
    if found.is_none() {
        skips::lack(NEED, &missing())?;
    }
    Ok(found)
}

fn running() -> Option<String> {
    let given = std::env::var(URL).ok().filter(|url| !url.is_empty());
    given.or_else(|| private(Path::new(env!("CARGO_MANIFEST_DIR"))))
}

/// What is missing, and how to get it.
fn missing() -> String {
    let install = match Programs::find() {
        Some(_) => "",
        None => "`cargo xtask postgres install`, then ",
    };
    format!("no PostgreSQL runs: {install}`cargo xtask postgres start`, or set {URL}")
}

/// A folder for a cluster of the test's own, which goes with it; skips as [`server`] does where the programs are missing.
///
/// # Panics
///
/// Where `WELDKIT_REQUIRE` names `postgres`, and there are none.
pub fn own(folder: PathBuf) -> Option<super::Cluster> {
    match super::Cluster::at(&folder) {
        Ok(cluster) => Some(cluster),
        Err(error) => {
            skips::skip(NEED, error.to_string().trim_end());
            None
        }
    }
}

/// What `cargo xtask postgres start` has written, in this folder or one above. A file of a server that has gone, as after a
/// restart of the machine, counts for nothing.
fn private(start: &Path) -> Option<String> {
    let files = start
        .ancestors()
        .map(|folder| folder.join(FOLDER).join("url"));
    let text = files
        .filter_map(|file| std::fs::read_to_string(file).ok())
        .next()?;
    let url = text.trim().to_owned();
    let address = url.rsplit('@').next()?.split('/').next()?;
    std::net::TcpStream::connect(address).is_ok().then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_private_server_is_found_from_below() {
        let root = tempfile::tempdir().unwrap();
        let below = root.path().join("plugins/a");
        std::fs::create_dir_all(&below).unwrap();
        assert_eq!(private(&below), None);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("postgres://x@{}/y", listener.local_addr().unwrap());
        let file = root.path().join("target/postgres/url");
        crate::file::write(&file, &format!("{url}\n")).unwrap();
        assert_eq!(private(&below), Some(url));
        drop(listener);
        assert_eq!(private(&below), None, "nobody answers there any more");
    }
}
