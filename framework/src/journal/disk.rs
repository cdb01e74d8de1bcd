use std::io;

/// A folder of files: the journal's only way to the machine, so that a test can put a disk in its
/// place that loses power.
pub trait Disk: Send + Sync + 'static {
    /// The names of the files in it, in any order.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Makes an empty file, in place of one of that name.
    fn create(&self, name: &str) -> io::Result<Box<dyn File>>;

    /// Opens a file for reading and writing.
    fn open(&self, name: &str) -> io::Result<Box<dyn File>>;

    /// Gives a file another name, in place of a file that has it.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Forces what was created, renamed and removed.
    fn sync_names(&self) -> io::Result<()>;

    /// Where a file of that name is, for messages.
    fn place(&self, name: &str) -> String;
}

/// An open file of a [`Disk`]. Its name may change while it is open.
pub trait File: Send {
    /// Its length in bytes.
    fn bytes(&self) -> io::Result<u64>;

    /// Fills `bytes` from `offset` on. A file that is shorter is an error.
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()>;

    /// Writes all of `bytes` at `offset`, behind the end too. Nothing of it is durable before [`sync`](Self::sync).
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Forces everything that was written before, and the length.
    fn sync(&self) -> io::Result<()>;
}
