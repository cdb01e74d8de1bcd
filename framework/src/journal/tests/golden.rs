//! Journals of every released format open, and the present one is written as it always was.

use super::*;
use crate::journal::batch::Batch;
use crate::journal::log::Log;
use crate::journal::{Disk, header};

const NAME: &str = "0000000001.segment";

/// A journal of each format: four records in three batches, closed.
const FORMATS: [&[u8]; 1] = [include_bytes!("golden/1/0000000001.segment")];

fn records() -> [(u8, Vec<u8>); 4] {
    [(1, 0), (1, 5), (2, 300), (7, 64)].map(|(kind, len)| (kind, payload(len as u64, len)))
}

#[test]
fn journals_of_every_format_open() {
    assert_eq!(FORMATS.len(), header::VERSION as usize);
    for bytes in FORMATS {
        let disk = SimDisk::default();
        disk.create(NAME).unwrap().write_at(bytes, 0).unwrap();
        assert_eq!(reopened(&disk), records());
    }
}

#[test]
fn the_present_format_is_written_as_ever() {
    let disk = SimDisk::default();
    let salt = || 0x5eed;
    let mut log = Log::open(Arc::new(disk.clone()), SMALL, salt, &mut |_| Ok(())).unwrap();
    let records = records();
    for batch in [&records[..1], &records[1..3], &records[3..]] {
        let mut sealed = Batch::default();
        for (kind, payload) in batch {
            sealed.push(Kind(*kind), payload);
        }
        log.write(&mut sealed, false).unwrap();
    }
    log.close().unwrap();
    let mut bytes = [0; 2048];
    disk.open(NAME).unwrap().read_at(&mut bytes, 0).unwrap();
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/src/journal/tests/golden/1/0000000001.segment"
    );
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, bytes).unwrap();
    }
    assert!(
        FORMATS.last().unwrap() == &bytes,
        "the format has changed: raise header::VERSION, and add a folder for it; renew a new one with UPDATE_GOLDEN=1"
    );
}
