//! Where a host keeps what has to survive it: a folder, and the disk under its journal.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::Transactions;
use crate::error::{Error, ErrorKind, Result};
use crate::journal::{Disk, Options, SystemDisk};

/// Makes and locks the folder of the host's state, and says where it is.
pub(crate) type OpenGround = Box<dyn Fn() -> Result<Ground> + Send + Sync>;

/// A disk for the journal that a test puts in the place of the machine's.
#[derive(Clone)]
pub(crate) struct GivenDisk(pub(crate) Arc<dyn Disk>, pub(crate) Options);

impl fmt::Debug for GivenDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GivenDisk")
    }
}

/// The folder of a host's state, and the disk of its journal.
pub(crate) struct Ground {
    pub(super) folder: PathBuf,
    given: Option<GivenDisk>,
}

impl Ground {
    /// A folder that is there, and the disk to use in place of the one in it.
    pub(crate) fn new(folder: PathBuf, given: Option<GivenDisk>) -> Self {
        Self { folder, given }
    }

    /// The disk of the journal, and how much of it the journal uses.
    ///
    /// # Errors
    ///
    /// When its folder cannot be made.
    pub(super) fn disk(&self) -> Result<(Arc<dyn Disk>, Options)> {
        if let Some(given) = &self.given {
            return Ok((given.0.clone(), given.1));
        }
        let path = self.folder.join(Transactions::JOURNAL);
        match SystemDisk::new(&path) {
            Ok(disk) => Ok((Arc::new(disk), Options::default())),
            Err(fault) => Err(Error::new(
                ErrorKind::State,
                format!("the journal `{}` cannot be used: {fault}", path.display()),
            )),
        }
    }
}
