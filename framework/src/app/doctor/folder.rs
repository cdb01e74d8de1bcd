//! The state folder: whether it can be made and written, how much room it has, and who holds it.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};

use super::{Finding, State};
use crate::app::platform;
use crate::host::Folder;

/// Less room than this is worth a note.
const ROOM_BYTES_MIN: u64 = 64 * 1024 * 1024;

const MIB: u64 = 1024 * 1024;

/// Looks at the folder and leaves it as it is; where there is none, at the folder that it would be made in.
pub(super) fn findings(state: &Path) -> Vec<Finding> {
    let shown = state.display();
    let nearest = nearest(state);
    let is_there = nearest == state;
    let mut findings = Vec::new();
    match writable(&nearest) {
        Ok(()) if is_there => findings.push(Finding::new(
            "state folder",
            State::Ok,
            format!("`{shown}` can be written"),
        )),
        Ok(()) => {
            let message = format!("`{shown}` does not exist; it is made when something is kept");
            findings.push(Finding::new("state folder", State::Ok, message));
        }
        Err(fault) => {
            let message = format!("`{shown}` cannot be used: {fault}");
            findings.push(Finding::new("state folder", State::Wrong, message).help(
                "choose another with `--state DIR`, or give this user the right to write there",
            ));
        }
    }
    if let Some(free) = platform::free_bytes(&nearest) {
        let message = format!("{} MiB are free", free / MIB);
        let state = if free < ROOM_BYTES_MIN {
            State::Note
        } else {
            State::Ok
        };
        findings.push(Finding::new("room", state, message));
    }
    let message = if Folder::new(state).is_held() {
        "held by a running process"
    } else {
        "free"
    };
    findings.push(Finding::new("lock", State::Ok, message));
    findings
}

/// The folder itself, or the nearest one above it that exists.
fn nearest(folder: &Path) -> PathBuf {
    let here = PathBuf::from(".");
    let found = folder.ancestors().find(|path| path.exists());
    found
        .filter(|path| !path.as_os_str().is_empty())
        .map_or(here, Path::to_path_buf)
}

/// Writes a file there and takes it away again: permissions alone do not tell of a read-only or full disk.
fn writable(folder: &Path) -> std::io::Result<()> {
    if !folder.is_dir() {
        return Err(std::io::ErrorKind::NotADirectory.into());
    }
    let probe = folder.join(format!(".weldkit-doctor-{}", std::process::id()));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&probe)
        .and_then(|mut file| std::io::Write::write_all(&mut file, b"doctor"));
    let removed = if probe.exists() {
        std::fs::remove_file(&probe)
    } else {
        Ok(())
    };
    written.and(removed)
}
