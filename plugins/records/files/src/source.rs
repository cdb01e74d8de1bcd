//! From a source to bytes: which files may be read, and which bytes are rows of text at all.

use std::fs::{self, File};
use std::io::{Cursor, ErrorKind};
use std::path::{Component, Path, PathBuf};

use weldkit::CallError;
use weldkit_records::{Format, RecordsError, Source};

use crate::line::Input;

/// The folder that may be read, without symbolic links in its own path.
///
/// It keeps callers from naming what lies outside. Against somebody who can change what is inside it is no protection.
#[derive(Debug, Clone)]
pub(crate) struct Root(PathBuf);

/// A source that has been opened.
pub(crate) struct Opened {
    pub(crate) input: Box<dyn Input>,
    pub(crate) byte_count: u64,
}

impl Root {
    /// # Errors
    /// When there is no such folder.
    pub(crate) fn new(folder: &Path) -> std::io::Result<Self> {
        let folder = fs::canonicalize(folder)?;
        if folder.is_dir() {
            Ok(Self(folder))
        } else {
            Err(ErrorKind::NotADirectory.into())
        }
    }

    /// Opens a source.
    pub(crate) fn open(&self, source: Source) -> Result<Opened, RecordsError> {
        match source {
            Source::Text(text) => {
                let byte_count = text.len() as u64;
                Ok(Opened {
                    input: Box::new(Cursor::new(text.into_bytes())),
                    byte_count,
                })
            }
            Source::Path(path) => self.open_file(&path),
        }
    }

    fn open_file(&self, path: &str) -> Result<Opened, RecordsError> {
        let outside = || {
            let message = format!(
                "`{path}` leaves the folder that may be read; the operator can set another `root`"
            );
            RecordsError::Call(CallError::security_violation(message))
        };
        // First by the words alone, so that nobody can ask what exists outside.
        if !self.stays_inside(Path::new(path)) {
            return Err(outside());
        }
        let resolved =
            fs::canonicalize(self.0.join(path)).map_err(|error| explain(path, &error))?;
        if !resolved.starts_with(&self.0) {
            return Err(outside());
        }
        let status = fs::metadata(&resolved).map_err(|error| explain(path, &error))?;
        if !status.is_file() {
            return Err(unreadable(path, "it is not a file"));
        }
        let file = File::open(&resolved).map_err(|error| explain(path, &error))?;
        Ok(Opened {
            input: Box::new(file),
            byte_count: status.len(),
        })
    }

    fn stays_inside(&self, path: &Path) -> bool {
        let Ok(below) = (if path.is_absolute() {
            path.strip_prefix(&self.0)
        } else {
            Ok(path)
        }) else {
            return false;
        };
        let mut depth = 0_usize;
        for component in below.components() {
            depth = match component {
                Component::Normal(_) => depth + 1,
                Component::CurDir => depth,
                Component::ParentDir => match depth.checked_sub(1) {
                    Some(depth) => depth,
                    None => return false,
                },
                Component::RootDir | Component::Prefix(_) => return false,
            };
        }
        true
    }
}

pub(crate) fn unreadable(path: &str, reason: impl Into<String>) -> RecordsError {
    RecordsError::Unreadable {
        path: path.into(),
        reason: reason.into(),
    }
}

fn explain(path: &str, error: &std::io::Error) -> RecordsError {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            RecordsError::NotFound { path: path.into() }
        }
        _ => unreadable(path, error.to_string()),
    }
}

/// What a source is called in messages.
pub(crate) fn label(source: &Source) -> String {
    match source {
        Source::Path(path) => path.clone(),
        Source::Text(_) => "text".into(),
    }
}

/// Refuses by name what is not text, judging by the first bytes.
pub(crate) fn check_is_text(label: &str, first: &[u8]) -> Result<(), RecordsError> {
    const KNOWN: [(&[u8], &str); 6] = [
        (b"\xFF\xFE", "it is UTF-16; convert it to UTF-8"),
        (b"\xFE\xFF", "it is UTF-16; convert it to UTF-8"),
        (b"\x1F\x8B", "it is packed with gzip; unpack it first"),
        (
            b"\x28\xB5\x2F\xFD",
            "it is packed with zstd; unpack it first",
        ),
        (
            b"PK\x03\x04",
            "it is a zip archive or a spreadsheet; save it as CSV",
        ),
        (b"%PDF", "it is a PDF; save its table as CSV"),
    ];
    match KNOWN.iter().find(|(mark, _)| first.starts_with(mark)) {
        Some((_, reason)) => Err(unreadable(label, *reason)),
        None => Ok(()),
    }
}

/// How the rows are written: as it was asked for, else by the name, else by the first character.
pub(crate) fn format(asked: Format, source: &Source, first: &[u8]) -> Result<Format, RecordsError> {
    if asked != Format::Auto {
        return Ok(asked);
    }
    let ending = match source {
        Source::Path(path) => Path::new(path)
            .extension()
            .and_then(|ending| ending.to_str())
            .map(str::to_lowercase),
        Source::Text(_) => None,
    };
    if matches!(ending.as_deref(), Some("csv" | "tsv" | "tab")) {
        return Ok(Format::Csv);
    }
    let text = first
        .strip_prefix(b"\xEF\xBB\xBF")
        .unwrap_or(first)
        .trim_ascii_start();
    match (ending.as_deref(), text.first()) {
        (Some("jsonl" | "ndjson" | "jsonlines"), _) | (_, Some(b'{')) => Ok(Format::Jsonl),
        (Some("json"), Some(b'[')) => {
            let reason = "it is one JSON array, not an object a line; write one object a line (`jq -c '.[]'`)";
            Err(unreadable(&label(source), reason))
        }
        _ => Ok(Format::Csv),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use tempfile::TempDir;
    use weldkit::ServiceError as _;

    use super::*;

    fn root() -> (TempDir, Root) {
        let folder = TempDir::new().unwrap();
        fs::create_dir_all(folder.path().join("root/sub")).unwrap();
        fs::write(folder.path().join("root/a.csv"), "a\n1\n").unwrap();
        fs::write(folder.path().join("secret.csv"), "s\n1\n").unwrap();
        let root = Root::new(&folder.path().join("root")).unwrap();
        (folder, root)
    }

    #[test]
    fn a_path_stays_under_the_root() {
        let (_folder, root) = root();
        let absolute = root.0.join("a.csv");
        for path in [
            "a.csv",
            "./a.csv",
            "sub/../a.csv",
            absolute.to_str().unwrap(),
        ] {
            let mut text = String::new();
            root.open(Source::path(path))
                .unwrap()
                .input
                .read_to_string(&mut text)
                .unwrap();
            assert_eq!(text, "a\n1\n", "{path}");
        }
        for path in [
            "../secret.csv",
            "sub/../../secret.csv",
            "/etc/passwd",
            "../nothing",
            "/nothing",
        ] {
            let error = root.open(Source::path(path)).err().unwrap();
            assert_eq!(error.code(), "security_violation", "{path}: {error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_does_not_lead_outside() {
        let (folder, root) = root();
        std::os::unix::fs::symlink(folder.path().join("secret.csv"), root.0.join("link.csv"))
            .unwrap();
        std::os::unix::fs::symlink(folder.path(), root.0.join("up")).unwrap();
        for path in ["link.csv", "up/secret.csv"] {
            let error = root.open(Source::path(path)).err().unwrap();
            assert_eq!(error.code(), "security_violation", "{path}: {error}");
        }
    }

    #[test]
    fn what_is_no_file_is_refused() {
        let (_folder, root) = root();
        let check = |path: &str| root.open(Source::path(path)).err().unwrap().to_string();
        assert_eq!(
            check("b.csv"),
            "there is no file `b.csv` under the folder that may be read"
        );
        assert_eq!(
            check("a.csv/b"),
            "there is no file `a.csv/b` under the folder that may be read"
        );
        assert_eq!(check("sub"), "`sub` cannot be read: it is not a file");
        assert!(check("a\0b").contains("cannot be read"));
        assert!(Root::new(Path::new("/nowhere/at/all")).is_err());
        assert!(Root::new(&root.0.join("a.csv")).is_err());
    }

    #[test]
    fn the_format_is_known_by_name_or_by_sight() {
        let check = |source: Source, first: &str, expected: Format| {
            assert_eq!(
                format(Format::Auto, &source, first.as_bytes()).unwrap(),
                expected,
                "{source:?} {first}"
            );
        };
        check(Source::path("a.CSV"), "{", Format::Csv);
        check(Source::path("a.tsv"), "a\tb", Format::Csv);
        check(Source::path("a.ndjson"), "", Format::Jsonl);
        check(Source::path("a.txt"), "\u{feff} {\"a\":1}", Format::Jsonl);
        check(Source::path("a"), "a,b", Format::Csv);
        check(Source::text("[1]"), "[1]", Format::Csv);
        assert_eq!(
            format(Format::Csv, &Source::path("a.jsonl"), b"{").unwrap(),
            Format::Csv
        );
        let error = format(Format::Auto, &Source::path("a.json"), b" [{}]")
            .unwrap_err()
            .to_string();
        assert!(error.contains("one JSON array"), "{error}");
        for packed in [
            b"\x1F\x8B\x08\x00".as_slice(),
            b"\xFF\xFEa\x00",
            b"PK\x03\x04",
        ] {
            assert!(check_is_text("a", packed).is_err());
        }
        check_is_text("a", b"a,b").unwrap();
    }
}
