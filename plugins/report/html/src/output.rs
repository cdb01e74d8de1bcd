//! Output files: all of them anew or none, and never half a file.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use weldkit_report::{OutputFile, ReportError};

/// The ending of a file that is not finished.
const UNFINISHED: &str = ".unfinished";

/// Write files into a folder that is made if need be. A file that has these bytes already is left alone.
///
/// Every file is written and forced beside its place first, and only then are all of them renamed: a full disk is
/// found before anything has changed.
///
/// # Errors
/// What could not be written, why, and what to do. No file has changed, and nothing unfinished stays.
pub(crate) fn write_all(
    folder: &Path,
    files: &[(String, Vec<u8>)],
) -> Result<Vec<OutputFile>, ReportError> {
    write_with(folder, files, write_forced)
}

/// Make the folder and try whether a file can be written there.
///
/// # Errors
/// As [`write_all`].
pub(crate) fn prepare(folder: &Path) -> Result<(), ReportError> {
    fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    let probe = folder.join(format!(".probe{UNFINISHED}"));
    let written = write_forced(&probe, b"x");
    // A full disk has room for the name of a file, so it is there after a failure as well.
    let removed = fs::remove_file(&probe);
    written.and(removed).map_err(|error| failed(folder, &error))
}

/// [`write_all`] with the writing of one file given, so that a test can fill the disk.
fn write_with(
    folder: &Path,
    files: &[(String, Vec<u8>)],
    write: fn(&Path, &[u8]) -> io::Result<()>,
) -> Result<Vec<OutputFile>, ReportError> {
    fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    let mut staged = Staged(Vec::new());
    let mut written = Vec::new();
    for (name, bytes) in files {
        let path = folder.join(name);
        let changed = fs::read(&path).map_or(true, |old| old != *bytes);
        if changed {
            let unfinished = folder.join(format!(".{name}{UNFINISHED}"));
            staged.0.push((unfinished.clone(), path.clone()));
            write(&unfinished, bytes).map_err(|error| failed(&path, &error))?;
        }
        written.push(OutputFile {
            path: path.display().to_string(),
            changed,
        });
    }
    for (unfinished, path) in &staged.0 {
        fs::rename(unfinished, path).map_err(|error| failed(path, &error))?;
    }
    if !staged.0.is_empty() {
        // The names are durable once their folder is. Some file systems cannot force a folder; the files are then as
        // durable as those file systems make them.
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
    Ok(written)
}

/// Files beside their places. What is still there at the end is removed.
struct Staged(Vec<(PathBuf, PathBuf)>);

impl Drop for Staged {
    fn drop(&mut self) {
        for (unfinished, _) in &self.0 {
            // Renamed already, or never made: then there is nothing to remove.
            let _ = fs::remove_file(unfinished);
        }
    }
}

fn write_forced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn failed(path: &Path, error: &io::Error) -> ReportError {
    let advice = match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "choose a folder that may be written with `output`"
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free some space, or choose another disk with `output`"
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            "a file is in the way; choose another folder with `output`"
        }
        io::ErrorKind::IsADirectory => {
            "a folder of that name is in the way; remove it, or choose another folder with `output`"
        }
        _ => "choose another folder with `output`",
    };
    ReportError::OutputFailed {
        path: path.display().to_string(),
        reason: error.to_string(),
        advice: advice.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(text: &str) -> Vec<(String, Vec<u8>)> {
        ["a.json", "b.html"]
            .map(|name| (name.to_owned(), text.as_bytes().to_vec()))
            .to_vec()
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn files_are_written_once_and_left_alone_when_equal() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("new/deep");
        assert!(
            write_all(&inside, &files("1"))
                .unwrap()
                .iter()
                .all(|file| file.changed)
        );
        let before = fs::metadata(inside.join("a.json"))
            .unwrap()
            .modified()
            .unwrap();
        assert!(
            write_all(&inside, &files("1"))
                .unwrap()
                .iter()
                .all(|file| !file.changed)
        );
        assert_eq!(
            fs::metadata(inside.join("a.json"))
                .unwrap()
                .modified()
                .unwrap(),
            before
        );
        assert!(
            write_all(&inside, &files("2"))
                .unwrap()
                .iter()
                .all(|file| file.changed)
        );
        assert_eq!(names(&inside), ["a.json", "b.html"]);
    }

    #[test]
    fn a_full_disk_changes_nothing_and_leaves_no_half_file() {
        let folder = tempfile::tempdir().unwrap();
        write_all(folder.path(), &files("old")).unwrap();
        let full = |path: &Path, bytes: &[u8]| {
            if path.to_string_lossy().contains("b.html") {
                fs::write(path, &bytes[..bytes.len() / 2])?;
                return Err(io::ErrorKind::StorageFull.into());
            }
            fs::write(path, bytes)
        };
        let error = write_with(folder.path(), &files("new"), full)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("b.html") && error.contains("free some space"),
            "{error}"
        );
        assert_eq!(names(folder.path()), ["a.json", "b.html"]);
        assert_eq!(
            fs::read_to_string(folder.path().join("a.json")).unwrap(),
            "old",
            "the first file is not changed alone"
        );
    }

    #[test]
    fn a_folder_that_cannot_be_written_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "in the way").unwrap();
        for place in [
            file.clone(),
            file.join("below"),
            PathBuf::from("/proc/weldkit-report"),
        ] {
            let error = write_all(&place, &files("x")).unwrap_err();
            assert!(
                matches!(&error, ReportError::OutputFailed { advice, .. } if advice.contains("`output`")),
                "{error}"
            );
        }
        assert_eq!(fs::read_to_string(&file).unwrap(), "in the way");
        let read_only = failed(Path::new("x"), &io::ErrorKind::ReadOnlyFilesystem.into());
        assert!(
            read_only.to_string().contains("may be written"),
            "{read_only}"
        );
    }

    #[test]
    fn a_folder_in_the_place_of_a_file_is_told_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("b.html/inner")).unwrap();
        let error = write_all(folder.path(), &files("x"))
            .unwrap_err()
            .to_string();
        assert!(error.contains("b.html"), "{error}");
        assert!(
            !names(folder.path())
                .iter()
                .any(|name| name.ends_with(UNFINISHED))
        );
    }
}
