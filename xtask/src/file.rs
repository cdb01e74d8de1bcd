//! Files whose errors name the path, and writes that are whole or not there.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Reads a text file.
///
/// # Errors
/// Fails with the path when it cannot be read or is not UTF-8.
pub fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|e| Error::failed(format!("read {}: {e}", path.display())))
}

/// Reads the bytes of a file.
///
/// # Errors
/// Fails with the path when it cannot be read.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|e| Error::failed(format!("read {}: {e}", path.display())))
}

/// Writes a text file through a neighbour that is renamed over it, and makes its folder; says
/// whether anything changed.
///
/// # Errors
/// Fails with the path when it cannot be written.
pub fn write(path: &Path, text: &str) -> Result<bool> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(false);
    }
    put(path, |new| fs::write(new, text))?;
    Ok(true)
}

/// Copies a file over another, even one that is being executed; says whether anything changed.
///
/// # Errors
/// Fails with the path when it cannot be read or written.
pub fn copy(from: &Path, to: &Path) -> Result<bool> {
    let is_same = fs::metadata(to).is_ok() && read_bytes(from)? == read_bytes(to)?;
    if !is_same {
        put(to, |new| fs::copy(from, new).map(drop))?;
    }
    Ok(!is_same)
}

/// Makes the neighbour, renames it, and leaves nothing behind on failure.
fn put(path: &Path, make: impl FnOnce(&Path) -> std::io::Result<()>) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let neighbour = neighbour(path);
    let done = fs::create_dir_all(folder)
        .and_then(|()| make(&neighbour))
        .and_then(|()| fs::rename(&neighbour, path));
    done.map_err(|e| {
        // The first error is the one to report; the neighbour may not exist at all.
        let _ = fs::remove_file(&neighbour);
        Error::failed(format!("write {}: {e}", path.display()))
    })
}

fn neighbour(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".new-{}", std::process::id()));
    path.with_file_name(name)
}

/// All files under a folder, sorted, without build output and version control.
pub fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.flatten() {
            let path = entry.path();
            let name = entry.file_name();
            let name = name.to_string_lossy();
            // A link could lead out of the folder or round in circles.
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if kind.is_dir() {
                if !name.starts_with('.') && name != "target" && name != "dist" {
                    waiting.push(path);
                }
            } else if kind.is_file() {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// A path as seen from a folder, for messages and manifests; `/` on every platform.
pub fn relative(path: &Path, from: &Path) -> String {
    let path: Vec<_> = path.components().collect();
    let from: Vec<_> = from.components().collect();
    let common = path.iter().zip(&from).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..".to_owned(), from.len() - common);
    let down = path[common..]
        .iter()
        .map(|part| part.as_os_str().to_string_lossy().into_owned());
    let joined: Vec<String> = up.chain(down).collect();
    if joined.is_empty() {
        ".".to_owned()
    } else {
        joined.join("/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_path_goes_up_and_down() {
        let check = |path: &str, from: &str, expected: &str| {
            assert_eq!(relative(Path::new(path), Path::new(from)), expected);
        };
        check("/a/b/c", "/a/b", "c");
        check("/a/b", "/a/x/y", "../../b");
        check("/a", "/a", ".");
    }

    #[test]
    fn a_write_says_whether_it_changed_anything_and_leaves_no_neighbour() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/file");
        assert!(write(&path, "one").unwrap());
        assert!(!write(&path, "one").unwrap());
        assert!(write(&path, "two").unwrap());
        assert_eq!(walk(folder.path()), [path]);
    }
}
