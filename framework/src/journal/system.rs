use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::{Disk, File};

/// A folder of the machine.
///
/// It does not lock the folder: one journal at a time is up to the owner (a host locks its state folder).
#[derive(Debug, Clone)]
pub struct SystemDisk(PathBuf);

impl SystemDisk {
    /// The folder at `path`, made if it is not there.
    ///
    /// # Errors
    ///
    /// When it cannot be made.
    pub fn new(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        if !path.is_dir() {
            fs::create_dir_all(&path)?;
            path.parent().map_or(Ok(()), sync_folder)?;
        }
        Ok(Self(path))
    }
}

impl Disk for SystemDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        let names = fs::read_dir(&self.0)?
            .map(|entry| Ok(entry?.file_name().into_string().ok()))
            .collect::<io::Result<Vec<Option<String>>>>()?;
        Ok(names.into_iter().flatten().collect())
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn File>> {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(true);
        Ok(Box::new(options.open(self.0.join(name))?))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn File>> {
        let mut options = OpenOptions::new();
        Ok(Box::new(
            options.read(true).write(true).open(self.0.join(name))?,
        ))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.0.join(from), self.0.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.0.join(name))
    }

    fn sync_names(&self) -> io::Result<()> {
        sync_folder(&self.0)
    }

    fn place(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl File for fs::File {
    fn bytes(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    #[cfg(unix)]
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(self, bytes, offset)
    }

    #[cfg(unix)]
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(self, bytes, offset)
    }

    #[cfg(windows)]
    fn read_at(&self, mut bytes: &mut [u8], mut offset: u64) -> io::Result<()> {
        while !bytes.is_empty() {
            match std::os::windows::fs::FileExt::seek_read(self, bytes, offset)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                len => (bytes, offset) = (&mut bytes[len..], offset + len as u64),
            }
        }
        Ok(())
    }

    #[cfg(windows)]
    fn write_at(&self, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
        while !bytes.is_empty() {
            match std::os::windows::fs::FileExt::seek_write(self, bytes, offset)? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                len => (bytes, offset) = (&bytes[len..], offset + len as u64),
            }
        }
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}

/// Forces the names in a folder. Windows has nothing to force there: its journal of names is written through.
#[cfg_attr(windows, expect(clippy::unnecessary_wraps, reason = "as elsewhere"))]
fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        // The parent of `folder` is ``, which means here.
        let here = Path::new(".");
        let path = if path.as_os_str().is_empty() {
            here
        } else {
            path
        };
        fs::File::open(path)?.sync_all()
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_the_machine_does_what_the_seam_says() {
        let folder = tempfile::tempdir().unwrap();
        let disk = SystemDisk::new(folder.path().join("journal")).unwrap();
        let file = disk.create("a").unwrap();
        file.write_at(b"beyond the end", 10).unwrap();
        file.sync().unwrap();
        disk.rename("a", "b").unwrap();
        disk.sync_names().unwrap();
        assert_eq!(disk.list().unwrap(), ["b"]);
        assert!(disk.place("b").ends_with("b"));

        let mut read = [1; 14];
        disk.open("b").unwrap().read_at(&mut read, 6).unwrap();
        assert_eq!(&read, b"\0\0\0\0beyond the");
        assert_eq!(file.bytes().unwrap(), 24);
        let short = file.read_at(&mut [0; 2], 23).unwrap_err();
        assert_eq!(short.kind(), io::ErrorKind::UnexpectedEof);

        assert_eq!(disk.create("b").unwrap().bytes().unwrap(), 0);
        disk.remove("b").unwrap();
        assert!(disk.open("b").is_err());
        assert!(SystemDisk::new(folder.path()).is_ok());
    }
}
