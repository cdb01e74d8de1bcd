//! The description of a backup: which files belong to it, and what their bytes add up to.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{CONTAINERS, Expected, failed, unusable};
use crate::error::Result;
use crate::journal::{Disk, SystemDisk};
use crate::limit;
use crate::transaction::{HostId, Transactions};

/// The format that this version writes, and the newest that it reads.
const FORMAT: u32 = 1;

/// The description, written last: without it a folder is no backup.
const NAME: &str = "backup.json";

/// What a backup says of itself.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct About {
    format: u32,
    /// The version that wrote it, for people.
    weldkit: String,
    pub(super) host: String,
    pub(super) commit: u64,
    pub(super) files: Vec<Sum>,
}

/// One file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sum {
    /// Below the folder, with `/`.
    pub(super) name: String,
    pub(super) bytes: u64,
    /// CRC-32 of all of them, as 8 hexadecimal digits.
    pub(super) crc32: String,
}

/// A description of any version.
#[derive(Deserialize)]
struct AnyAbout {
    format: u32,
}

impl About {
    /// Adds up the files that were written, and forces each.
    pub(super) fn of(folder: &Path, expected: &Expected) -> Result<Self> {
        let mut names = vec![CONTAINERS.to_owned()];
        let journal = folder.join(Transactions::JOURNAL);
        let mut segments = entries(&journal)?;
        segments.sort_unstable();
        let below = |name: String| format!("{}/{name}", Transactions::JOURNAL);
        names.extend(segments.into_iter().map(below));
        let mut files = Vec::new();
        for name in names {
            let path = folder.join(&name);
            let mut file = File::options();
            let file = file.read(true).write(true).open(&path);
            let sum = file.and_then(|mut file| {
                let sum = sum(&name, &mut file, &mut io::sink())?;
                file.sync_all()?;
                Ok(sum)
            });
            files.push(sum.map_err(|fault| unusable(&path, &fault))?);
        }
        Ok(Self {
            format: FORMAT,
            weldkit: env!("CARGO_PKG_VERSION").to_owned(),
            host: host(expected),
            commit: expected.commit,
            files,
        })
    }

    pub(super) fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// Makes a backup of the folder: all of it is forced before it gets its description.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        let (path, under_way) = (folder.join(NAME), folder.join("backup.json.new"));
        let written = || {
            sync(&folder.join(Transactions::JOURNAL))?;
            let mut text = serde_json::to_vec_pretty(self)?;
            text.push(b'\n');
            let mut file = File::create(&under_way)?;
            file.write_all(&text)?;
            file.sync_all()?;
            fs::rename(&under_way, &path)?;
            sync(folder)?;
            // The name of the folder itself.
            folder.parent().map_or(Ok(()), sync)
        };
        written().map_err(|fault| unusable(&path, &fault))
    }

    /// The description of a backup.
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(NAME);
        let text = match File::open(&path) {
            Ok(file) => {
                let mut text = Vec::new();
                let read = file.take(limit::BACKUP_ABOUT_BYTES).read_to_end(&mut text);
                read.map_err(|fault| unusable(&path, &fault))?;
                text
            }
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => {
                let shown = folder.display();
                return Err(failed(format!(
                    "`{shown}` is no backup: there is no `{NAME}` in it, which a backup gets when it is whole"
                )));
            }
            Err(fault) => return Err(unusable(&path, &fault)),
        };
        let damaged =
            |why: &dyn std::fmt::Display| failed(format!("`{}` is damaged: {why}", path.display()));
        let any: AnyAbout = serde_json::from_slice(&text).map_err(|fault| damaged(&fault))?;
        if any.format > FORMAT {
            return Err(failed(format!(
                "`{}` has the format {}, and this version reads {FORMAT}; use the version that wrote it",
                path.display(),
                any.format
            )));
        }
        let about: Self = serde_json::from_slice(&text).map_err(|fault| damaged(&fault))?;
        match about.files.iter().find(|file| !is_ours(&file.name)) {
            Some(file) => Err(damaged(&format!("it names a file `{}`", file.name))),
            None => Ok(about),
        }
    }
}

pub(super) fn host(expected: &Expected) -> String {
    let host = expected.named.map_or(HostId(0), |named| HostId(named.host));
    host.to_string()
}

/// Whether a backup can have a file of that name: none of them leads out of its folder.
fn is_ours(name: &str) -> bool {
    let segment = name
        .strip_prefix(Transactions::JOURNAL)
        .and_then(|name| name.strip_prefix('/'))
        .and_then(|name| name.strip_suffix(".segment"));
    let is_segment = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit());
    name == CONTAINERS || segment.is_some_and(is_segment)
}

/// Hands everything on, and adds it up.
pub(super) fn sum(name: &str, from: &mut impl Read, to: &mut impl Write) -> io::Result<Sum> {
    let (mut crc32, mut bytes) = (crc32fast::Hasher::new(), 0);
    let mut chunk = vec![0; limit::BACKUP_CHUNK_BYTES];
    loop {
        let count = from.read(&mut chunk)?;
        if count == 0 {
            return Ok(Sum {
                name: name.to_owned(),
                bytes,
                crc32: format!("{:08x}", crc32.finalize()),
            });
        }
        let read = &chunk[..count];
        crc32.update(read);
        bytes += count as u64;
        to.write_all(read)?;
    }
}

/// Makes a folder, and refuses one that holds anything.
pub(super) fn make_empty(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(|fault| unusable(folder, &fault))?;
    match entries(folder)?.first() {
        None => Ok(()),
        Some(first) => Err(failed(format!(
            "`{}` is not empty, `{first}` is in it; a backup goes into a folder of its own",
            folder.display()
        ))),
    }
}

/// Removes what stands in a folder of ours.
pub(super) fn empty(folder: &Path) -> io::Result<()> {
    for name in [NAME, "backup.json.new", CONTAINERS] {
        match fs::remove_file(folder.join(name)) {
            Err(fault) if fault.kind() != io::ErrorKind::NotFound => return Err(fault),
            _ => {}
        }
    }
    match fs::remove_dir_all(folder.join(Transactions::JOURNAL)) {
        Err(fault) if fault.kind() != io::ErrorKind::NotFound => Err(fault),
        _ => Ok(()),
    }
}

/// What stands in a state folder that no host has put there. A socket is nothing that could be kept.
pub(super) fn left_out(state: &Path) -> Result<Vec<String>> {
    let ours = |name: &String| [CONTAINERS, Transactions::JOURNAL, "lock"].contains(&name.as_str());
    let mut names = entries(state)?;
    names.retain(|name| {
        let path = state.join(name);
        !ours(name) && (path.is_file() || path.is_dir())
    });
    names.sort_unstable();
    Ok(names)
}

fn entries(folder: &Path) -> Result<Vec<String>> {
    let read = || {
        let entries = fs::read_dir(folder)?;
        let name = |entry: io::Result<fs::DirEntry>| {
            entry.map(|entry| entry.file_name().to_string_lossy().into_owned())
        };
        entries.map(name).collect::<io::Result<_>>()
    };
    read().map_err(|fault| unusable(folder, &fault))
}

/// Forces the names in a folder.
pub(super) fn sync(folder: &Path) -> io::Result<()> {
    let here = Path::new(".");
    let folder = if folder.as_os_str().is_empty() {
        here
    } else {
        folder
    };
    SystemDisk::new(folder)?.sync_names()
}
