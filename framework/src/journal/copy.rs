//! Copies a journal that is in use, up to what is known to be forced, into an empty folder.

use std::sync::Arc;

use super::batch::{Batch, records};
use super::header::segment_number;
use super::log::Log;
use super::reader::Reader;
use super::recovery::{Segment, replay_batch, unusable};
use super::{Disk, Failure, Options, Position, Record};
use crate::{clock, error};

/// Copies every record before `until`, which must be forced, and shows each to `seen`. The copy is closed: damage to any
/// byte of it is found. Its records are counted from one. Blocks.
///
/// Nothing may be released from the source meanwhile.
///
/// # Errors
///
/// When a file cannot be read or written, or `seen` refuses a record.
pub(crate) fn copy(
    source: &dyn Disk,
    until: Position,
    (target, options): (Arc<dyn Disk>, Options),
    seen: &mut dyn FnMut(Record<'_>) -> error::Result<()>,
) -> Result<(), Failure> {
    let mut log = Log::open(target, options, clock::random, &mut |_| Ok(()))?;
    let mut batch = Batch::default();
    let names = source.list().map_err(|fault| unusable(source, "", fault))?;
    let mut numbers: Vec<u64> = names.iter().filter_map(|n| segment_number(n)).collect();
    numbers.sort_unstable();
    let mut next = None;
    for number in numbers {
        // Made after `until` was forced: nothing of it is wanted, and its header may be under way.
        if next == Some(until) {
            break;
        }
        let segment = Segment::open(source, number)?;
        if next.is_some_and(|next| next != segment.header.base) {
            return Err(segment.damaged(0, "it does not follow the one before"));
        }
        let mut reader = Reader::new(&*segment.file, segment.header);
        while reader.next < until {
            let read = reader.batch().map_err(|fault| segment.unusable(fault))?;
            let Some((first, body)) = read else { break };
            replay_batch(first, body, seen)?;
            batch.clear(usize::MAX);
            for (kind, payload) in records(body).flatten() {
                batch.push(kind, payload);
            }
            log.write(&mut batch, false)?;
        }
        next = Some(reader.next);
    }
    let end = next.unwrap_or(Position::FIRST);
    if end < until {
        let file = source.place(&format!("the one with record {end}"));
        return Err(Failure::Missing { file });
    }
    log.close()
}
