//! A disk in memory that loses power.
//!
//! It remembers what was not forced: [`SimDisk::crash`] gives the disk as it may be afterwards, with
//! any part of that lost, sector by sector, names included. A sector is written whole or not at all.

mod machine;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Disk, File};
use machine::Machine;

/// A disk in memory that loses power. Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub struct SimDisk(Arc<Mutex<Sim>>);

#[derive(Debug, Default)]
struct Sim {
    machine: Machine,
    moments: Option<Vec<Machine>>,
}

/// What of the unforced pieces a crash loses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// Every piece.
    All,
    /// No piece.
    None,
    /// The pieces whose bit is not set; the first piece has the lowest bit, those past the 64th are lost.
    AllBut(u64),
    /// Any pieces, and the others reach the disk in any order, as the seed has it.
    Random(u64),
}

/// What can be made to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Making a file.
    Create,
    /// Writing: half of the sectors are written.
    Write,
    /// Forcing a file: what was to be forced never reaches the disk, though it can still be read.
    Sync,
    /// Renaming a file.
    Rename,
    /// Removing a file.
    Remove,
    /// Forcing the names.
    SyncNames,
}

impl SimDisk {
    /// The disk as it may be after the power was cut now. This one goes on as if nothing had happened.
    #[must_use]
    pub fn crash(&self, loss: Loss) -> Self {
        Self::of(self.sim().machine.crash(loss))
    }

    /// How many pieces a crash may lose now: sectors that were written, changes of names.
    pub fn unforced(&self) -> usize {
        self.sim().machine.unforced()
    }

    /// Keeps the disk as it is now and after every further operation that changes it.
    pub fn trace(&self) {
        let mut sim = self.sim();
        sim.moments = Some(vec![sim.machine.clone()]);
    }

    /// What was kept since [`trace`](Self::trace): the disk before the first operation, after it, and so on.
    pub fn moments(&self) -> Vec<Self> {
        let sim = self.sim();
        let moments = sim.moments.iter().flatten();
        moments.map(|machine| Self::of(machine.clone())).collect()
    }

    /// Makes the operation of that kind fail that comes after `skip` more of its kind, once.
    pub fn fail(&self, operation: Operation, skip: usize, error: io::ErrorKind) {
        self.sim().machine.faults.push((operation, skip, error));
    }

    /// Refuses every change from now on, or no longer.
    pub fn read_only(&self, is: bool) {
        self.sim().machine.read_only = is;
    }

    /// Bytes that all files together may have from now on.
    pub fn capacity(&self, bytes: u64) {
        self.sim().machine.capacity = Some(bytes);
    }

    /// From now on forcing files, or names, does nothing and says that it did: for the test of a test.
    pub fn never_force(&self, what: Operation) {
        self.sim().machine.lying = Some(what);
    }

    /// From now on a force of a file makes durable what was written before the force before it: whoever goes on when it
    /// returns goes on too early. For the test of a test.
    pub fn force_late(&self) {
        self.sim().machine.is_late = true;
    }

    /// Flips one bit of a file.
    pub fn flip(&self, name: &str, bit: u64) {
        self.sim().machine.flip(name, bit);
    }

    /// How often a file was forced.
    pub fn forced(&self) -> u64 {
        self.sim().machine.forced
    }

    /// Bytes that were written.
    pub fn written(&self) -> u64 {
        self.sim().machine.written
    }

    /// Operations that changed it, refused ones included.
    pub fn operations(&self) -> usize {
        self.sim().machine.operations
    }

    fn of(machine: Machine) -> Self {
        let moments = None;
        Self(Arc::new(Mutex::new(Sim { machine, moments })))
    }

    fn sim(&self) -> MutexGuard<'_, Sim> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(
        &self,
        operation: Operation,
        change: impl FnOnce(&mut Machine, Option<io::Error>) -> io::Result<T>,
    ) -> io::Result<T> {
        let mut sim = self.sim();
        let fault = sim.machine.fault(operation);
        let changed = change(&mut sim.machine, fault);
        let Sim { machine, moments } = &mut *sim;
        if let Some(moments) = moments {
            moments.push(machine.clone());
        }
        changed
    }
}

impl Disk for SimDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.sim().machine.names())
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn File>> {
        let inode = self.change(Operation::Create, |machine, fault| {
            fault.map_or(Ok(()), Err)?;
            Ok(machine.create(name))
        })?;
        Ok(Box::new(SimFile {
            disk: self.clone(),
            inode,
        }))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn File>> {
        let inode = self.sim().machine.find(name)?;
        Ok(Box::new(SimFile {
            disk: self.clone(),
            inode,
        }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.change(Operation::Rename, |machine, fault| {
            fault.map_or(Ok(()), Err)?;
            machine.rename(from, to)
        })
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.change(Operation::Remove, |machine, fault| {
            fault.map_or(Ok(()), Err)?;
            machine.remove(name)
        })
    }

    fn sync_names(&self) -> io::Result<()> {
        self.change(Operation::SyncNames, |machine, fault| {
            fault.map_or(Ok(()), Err)?;
            machine.force_names();
            Ok(())
        })
    }

    fn place(&self, name: &str) -> String {
        name.to_owned()
    }
}

struct SimFile {
    disk: SimDisk,
    inode: usize,
}

impl File for SimFile {
    fn bytes(&self) -> io::Result<u64> {
        Ok(self.disk.sim().machine.seen(self.inode).len() as u64)
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        let sim = self.disk.sim();
        let seen = sim.machine.seen(self.inode);
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let found = from
            .checked_add(bytes.len())
            .and_then(|end| seen.get(from..end));
        bytes.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.disk.change(Operation::Write, |machine, fault| {
            machine.write(self.inode, bytes, offset, fault)
        })
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.change(Operation::Sync, |machine, fault| {
            machine.force(self.inode, fault)
        })
    }
}
