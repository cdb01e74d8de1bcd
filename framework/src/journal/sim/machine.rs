use std::collections::BTreeMap;
use std::io;

use super::{Loss, Operation};

const SECTOR: usize = 512;

/// What the disk holds, what it shows, and what lies between.
#[derive(Debug, Clone, Default)]
pub(super) struct Machine {
    inodes: Vec<Inode>,
    seen: BTreeMap<String, usize>,
    durable: BTreeMap<String, usize>,
    pending: Vec<Change>,
    pub(super) faults: Vec<(Operation, usize, io::ErrorKind)>,
    pub(super) read_only: bool,
    pub(super) capacity: Option<u64>,
    pub(super) lying: Option<Operation>,
    pub(super) is_late: bool,
    pub(super) forced: u64,
    pub(super) written: u64,
    pub(super) operations: usize,
}

#[derive(Debug, Clone, Default)]
struct Inode {
    seen: Vec<u8>,
    durable: Vec<u8>,
    /// Written and not forced, each within one sector.
    pending: Vec<Piece>,
    /// As many of them as a late force makes durable next.
    due: usize,
}

#[derive(Debug, Clone)]
struct Piece {
    offset: usize,
    bytes: Vec<u8>,
}

#[derive(Debug, Clone)]
enum Change {
    Create(String, usize),
    Rename(String, String),
    Remove(String),
}

impl Machine {
    /// Counts an operation; the error that it is to end with.
    pub(super) fn fault(&mut self, operation: Operation) -> Option<io::Error> {
        self.operations += 1;
        if self.read_only {
            return Some(io::ErrorKind::ReadOnlyFilesystem.into());
        }
        let mut due = None;
        self.faults.retain_mut(|(kind, skip, error)| {
            if *kind != operation || due.is_some() {
                return true;
            }
            if *skip > 0 {
                *skip -= 1;
                return true;
            }
            due = Some(*error);
            false
        });
        due.map(io::Error::from)
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.seen.keys().cloned().collect()
    }

    pub(super) fn find(&self, name: &str) -> io::Result<usize> {
        let inode = self.seen.get(name).copied();
        inode.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(super) fn seen(&self, inode: usize) -> &[u8] {
        &self.inodes[inode].seen
    }

    pub(super) fn create(&mut self, name: &str) -> usize {
        let inode = self.inodes.len();
        self.inodes.push(Inode::default());
        self.change(Change::Create(name.to_owned(), inode));
        inode
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.find(from)?;
        self.change(Change::Rename(from.to_owned(), to.to_owned()));
        Ok(())
    }

    pub(super) fn remove(&mut self, name: &str) -> io::Result<()> {
        self.find(name)?;
        self.change(Change::Remove(name.to_owned()));
        Ok(())
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.seen);
        self.pending.push(change);
    }

    pub(super) fn force_names(&mut self) {
        if self.lying == Some(Operation::SyncNames) {
            return;
        }
        self.durable.clone_from(&self.seen);
        self.pending.clear();
    }

    pub(super) fn write(
        &mut self,
        inode: usize,
        bytes: &[u8],
        offset: u64,
        fault: Option<io::Error>,
    ) -> io::Result<()> {
        let offset = usize::try_from(offset).map_err(io::Error::other)?;
        let used: usize = self.seen.values().map(|i| self.inodes[*i].seen.len()).sum();
        let free = self.capacity.map_or(usize::MAX, |most| {
            usize::try_from(most)
                .unwrap_or(usize::MAX)
                .saturating_sub(used)
        });
        let file = &mut self.inodes[inode];
        let fits = file.seen.len().saturating_add(free).saturating_sub(offset);
        let (bytes, fault) = match fault {
            Some(fault) if self.read_only => (&bytes[..0], Some(fault)),
            Some(fault) => {
                let half = (offset + bytes.len() / 2) / SECTOR * SECTOR;
                (&bytes[..half.saturating_sub(offset)], Some(fault))
            }
            None if fits < bytes.len() => (&bytes[..fits], Some(io::ErrorKind::StorageFull.into())),
            None => (bytes, None),
        };
        self.written += bytes.len() as u64;
        file.write(bytes, offset);
        fault.map_or(Ok(()), Err)
    }

    /// Forces a file. When that fails its unforced pieces count as written, as in the cache of Linux.
    pub(super) fn force(&mut self, inode: usize, fault: Option<io::Error>) -> io::Result<()> {
        if self.read_only {
            return fault.map_or(Ok(()), Err);
        }
        self.forced += 1;
        let file = &mut self.inodes[inode];
        if fault.is_none() && self.lying == Some(Operation::Sync) {
            return Ok(());
        }
        let due = match self.is_late {
            true => file.due,
            false => file.pending.len(),
        };
        let pieces: Vec<Piece> = file.pending.drain(..due).collect();
        file.due = file.pending.len();
        if fault.is_none() {
            for piece in &pieces {
                piece.apply(&mut file.durable);
            }
        }
        fault.map_or(Ok(()), Err)
    }

    pub(super) fn flip(&mut self, name: &str, bit: u64) {
        let inode = &mut self.inodes[self.seen[name]];
        let byte = usize::try_from(bit / 8).unwrap_or(usize::MAX);
        for content in [&mut inode.seen, &mut inode.durable] {
            content[byte] ^= 1 << (bit % 8);
        }
    }

    pub(super) fn unforced(&self) -> usize {
        let pieces: usize = self.inodes.iter().map(|inode| inode.pending.len()).sum();
        pieces + self.pending.len()
    }

    pub(super) fn crash(&self, loss: Loss) -> Self {
        let mut chance = Chance::new(loss);
        let mut names = self.durable.clone();
        for change in chance.choose(&self.pending) {
            change.apply(&mut names);
        }
        let inodes = self.inodes.iter().map(|inode| {
            let mut content = inode.durable.clone();
            for piece in chance.choose(&inode.pending) {
                piece.apply(&mut content);
            }
            Inode {
                seen: content.clone(),
                durable: content,
                pending: Vec::new(),
                due: 0,
            }
        });
        Self {
            inodes: inodes.collect(),
            seen: names.clone(),
            durable: names,
            ..Self::default()
        }
    }
}

impl Inode {
    fn write(&mut self, bytes: &[u8], offset: usize) {
        let mut from = 0;
        while from < bytes.len() {
            let at = offset + from;
            let len = (SECTOR - at % SECTOR).min(bytes.len() - from);
            let piece = Piece {
                offset: at,
                bytes: bytes[from..from + len].to_vec(),
            };
            piece.apply(&mut self.seen);
            self.pending.push(piece);
            from += len;
        }
    }
}

impl Piece {
    fn apply(&self, content: &mut Vec<u8>) {
        let end = self.offset + self.bytes.len();
        if content.len() < end {
            content.resize(end, 0);
        }
        content[self.offset..end].copy_from_slice(&self.bytes);
    }
}

impl Change {
    /// A change whose own precondition was lost is lost with it.
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            Change::Create(name, inode) => {
                names.insert(name.clone(), *inode);
            }
            Change::Rename(from, to) => {
                if let Some(inode) = names.remove(from) {
                    names.insert(to.clone(), inode);
                }
            }
            Change::Remove(name) => {
                names.remove(name);
            }
        }
    }
}

/// Decides which pieces a crash leaves, and in which order.
struct Chance {
    loss: Loss,
    asked: u32,
    state: u64,
}

impl Chance {
    fn new(loss: Loss) -> Self {
        let seed = match loss {
            Loss::Random(seed) => seed,
            Loss::All | Loss::None | Loss::AllBut(_) => 0,
        };
        Self {
            loss,
            asked: 0,
            state: seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
        }
    }

    fn choose<'a, T>(&mut self, pieces: &'a [T]) -> Vec<&'a T> {
        let mut kept: Vec<&T> = pieces.iter().filter(|_| self.keeps()).collect();
        if matches!(self.loss, Loss::Random(_)) && self.draw().is_multiple_of(2) {
            for at in (1..kept.len()).rev() {
                let other = usize::try_from(self.draw() % (at as u64 + 1)).unwrap_or(0);
                kept.swap(at, other);
            }
        }
        kept
    }

    fn keeps(&mut self) -> bool {
        let index = self.asked;
        self.asked += 1;
        match self.loss {
            Loss::All => false,
            Loss::None => true,
            Loss::AllBut(kept) => index < 64 && kept >> index & 1 == 1,
            // One seed in four loses little, one in four much.
            Loss::Random(seed) => self.draw() % 8 < [1, 4, 4, 7][usize::from(seed as u8 % 4)],
        }
    }

    /// xorshift (Marsaglia 2003).
    fn draw(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state >> 11
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of three sectors, forced, and then the middle one and the half of the last anew.
    fn written() -> Machine {
        let mut machine = Machine::default();
        let inode = machine.create("a");
        machine
            .write(inode, &[1; 3 * SECTOR], 0, None)
            .and_then(|()| machine.force(inode, None))
            .unwrap();
        machine.force_names();
        let bytes = [2; SECTOR + 10];
        machine.write(inode, &bytes, SECTOR as u64, None).unwrap();
        machine.rename("a", "b").unwrap();
        machine
    }

    #[test]
    fn a_crash_loses_what_was_chosen_sector_by_sector() {
        let machine = written();
        assert_eq!(machine.unforced(), 3);
        let check = |loss, name: &str, middle: u8, last: u8| {
            let after = machine.crash(loss);
            let content = after.seen(after.find(name).unwrap());
            assert_eq!(content[0], 1);
            assert_eq!(content[SECTOR..2 * SECTOR], [middle; SECTOR]);
            assert_eq!(content[2 * SECTOR..2 * SECTOR + 10], [last; 10]);
            assert_eq!(content[2 * SECTOR + 10..], [1; SECTOR - 10]);
            assert_eq!(after.unforced(), 0);
        };
        check(Loss::All, "a", 1, 1);
        check(Loss::None, "b", 2, 2);
        check(Loss::AllBut(0b001), "b", 1, 1);
        check(Loss::AllBut(0b010), "a", 2, 1);
        check(Loss::AllBut(0b100), "a", 1, 2);
    }

    #[test]
    fn chance_brings_about_every_outcome() {
        let machine = written();
        let outcomes: std::collections::BTreeSet<(String, u8, u8)> = (0..200)
            .map(|seed| {
                let after = machine.crash(Loss::Random(seed));
                let content = after.seen(0);
                (after.names().join(""), content[SECTOR], content[2 * SECTOR])
            })
            .collect();
        assert_eq!(outcomes.len(), 8);
    }

    #[test]
    fn a_failed_force_shows_what_is_not_there() {
        let mut machine = written();
        machine
            .force(0, Some(io::ErrorKind::Other.into()))
            .unwrap_err();
        machine.force(0, None).unwrap();
        assert_eq!(machine.seen(0)[SECTOR], 2);
        assert_eq!(machine.crash(Loss::None).seen(0)[SECTOR], 1);
    }

    #[test]
    fn a_full_disk_takes_what_fits() {
        let mut machine = written();
        machine.capacity = Some(3 * SECTOR as u64 + 4);
        let full = machine.write(0, &[3; 20], 3 * SECTOR as u64 - 8, None);
        assert_eq!(full.unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(machine.seen(0).len(), 3 * SECTOR + 4);
    }
}
