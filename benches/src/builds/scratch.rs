//! A scratch workspace, and what Cargo takes to build it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::clock;

/// A workspace that is written anew for every run.
pub(super) struct Scratch {
    pub(super) root: PathBuf,
    target: PathBuf,
}

/// What a build took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cost {
    /// Seconds until it was there.
    pub(super) wall: f64,
    /// Seconds of processor, in all processes: what a shared machine leaves alone.
    pub(super) processor: f64,
}

impl Scratch {
    /// An empty workspace `name` in `folder`; `target` is shared by those that name the same.
    pub(super) fn new(folder: &Path, name: &str, target: &str) -> io::Result<Self> {
        let root = folder.join(name);
        if root.exists() {
            fs::remove_dir_all(&root)?;
        }
        fs::create_dir_all(&root)?;
        // The versions that the framework is built with.
        let lock = framework().join("../Cargo.lock");
        if lock.exists() {
            fs::copy(lock, root.join("Cargo.lock"))?;
        }
        Ok(Self {
            root,
            target: folder.join(target),
        })
    }

    /// Writes one file.
    pub(super) fn write(&self, path: &str, text: &str) -> io::Result<()> {
        let path = self.root.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, text)
    }

    /// Adds a line to a file, as an edit does.
    pub(super) fn append(&self, path: &str, line: &str) -> io::Result<()> {
        let text = fs::read_to_string(self.root.join(path))?;
        self.write(path, &format!("{text}{line}\n"))
    }

    /// Forgets everything that was built.
    pub(super) fn clean(&self) -> io::Result<()> {
        match fs::remove_dir_all(&self.target) {
            Err(fault) if fault.kind() != io::ErrorKind::NotFound => Err(fault),
            _ => Ok(()),
        }
    }

    /// Runs Cargo; its messages are the error when it fails.
    pub(super) fn cargo(&self, arguments: &[&str]) -> io::Result<Cost> {
        let (began, used) = (clock::now(), processor_of_children()?);
        let output = Command::new(env!("CARGO"))
            .args(arguments)
            .arg("--quiet")
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", &self.target)
            .env_remove("RUSTFLAGS")
            .stdout(Stdio::null())
            .output()?;
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stderr);
            return Err(io::Error::other(format!(
                "cargo {arguments:?} in {}: {text}",
                self.root.display()
            )));
        }
        Ok(Cost {
            wall: began.elapsed().as_secs_f64(),
            processor: processor_of_children()? - used,
        })
    }

    /// The program `name` of a profile's folder.
    pub(super) fn program(&self, profile: &str, name: &str) -> PathBuf {
        self.target.join(profile).join(name)
    }
}

/// Where the framework is.
pub(super) fn framework() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../framework")
}

/// Seconds of processor that ended children of this process have used (`cutime` and `cstime`).
fn processor_of_children() -> io::Result<f64> {
    // In the unit of `getconf CLK_TCK`, which Linux fixes at 100 for whoever reads `/proc`.
    const TICKS: f64 = 100.0;
    let stat = fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let field = |index: usize| -> f64 {
        let text = after_name.split_whitespace().nth(index);
        text.and_then(|text| text.parse().ok()).unwrap_or_default()
    };
    Ok((field(13) + field(14)) / TICKS)
}
