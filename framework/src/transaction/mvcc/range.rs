//! Ordered reads: rows, own writes and the base, merged chunk by chunk without a lock across chunks.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use super::base::Pair;
use super::container::Container;
use super::local::{Key, Local};
use super::row::{Timestamp, Value};
use crate::error::CallError;

/// Keys that are looked at in one go.
const CHUNK: usize = 256;

/// A range of keys: from one on, up to one that is not in it any more.
#[derive(Debug, Clone)]
pub(crate) struct KeyRange {
    /// The first key.
    pub(crate) from: Key,
    /// The first key after it; `None`: to the end.
    pub(crate) until: Option<Key>,
}

impl Container {
    /// The first `limit` pairs of a range, in the order of their keys, all at one moment.
    pub(crate) async fn page(
        &self,
        local: Option<&Local>,
        range: &KeyRange,
        limit: usize,
    ) -> Result<Vec<Pair>, CallError> {
        let mut pairs = Vec::new();
        self.visit(local, range, &mut |key, value| {
            pairs.push((key, value));
            pairs.len() < limit
        })
        .await?;
        Ok(pairs)
    }

    /// Shows each pair of a range, in the order of their keys, until `visit` has seen enough. All at one moment: a
    /// statement's own under read committed, the transaction's otherwise.
    pub(crate) async fn visit(
        &self,
        local: Option<&Local>,
        range: &KeyRange,
        visit: &mut (dyn FnMut(Key, Arc<[u8]>) -> bool + Send),
    ) -> Result<(), CallError> {
        let store = self.store();
        let seen = match local {
            Some(local) => local.sees()?,
            None => None,
        };
        let statement = seen.is_none().then(|| store.snapshot());
        let at = seen.or(statement.as_ref().map(|snapshot| snapshot.at));
        let at = at.unwrap_or_else(|| store.visible());
        let mut from = range.from.clone();
        loop {
            let chunk = self.chunk(local, &from, range.until.as_ref(), at).await?;
            for (key, value) in chunk.pairs {
                let last = key.clone();
                if !visit(key, value) {
                    // Only what was looked at can be missed by somebody else's write.
                    return self.note(local, range, Some(last));
                }
            }
            match chunk.next {
                Some(next) => from = next,
                None => return self.note(local, range, None),
            }
        }
    }

    /// Remembers which part of the range was looked at: up to `last`, or all of it.
    fn note(
        &self,
        local: Option<&Local>,
        range: &KeyRange,
        last: Option<Key>,
    ) -> Result<(), CallError> {
        let Some(local) = local else { return Ok(()) };
        let until = last.map(|last| after(&last)).or(range.until.clone());
        local.has_scanned(self.id, &range.from, until.as_ref())
    }

    /// The pairs of the next keys, and where to go on.
    async fn chunk(
        &self,
        local: Option<&Local>,
        from: &Key,
        until: Option<&Key>,
        at: Timestamp,
    ) -> Result<Chunk, CallError> {
        let mut found: BTreeMap<Key, Value> = BTreeMap::new();
        let mut horizon: Option<Key> = None;
        let mut full = |keys: usize, last: Option<&Key>| {
            if let (CHUNK, Some(last)) = (keys, last) {
                let nearer = horizon.as_ref().is_none_or(|horizon| last < horizon);
                if nearer {
                    horizon = Some(last.clone());
                }
            }
        };
        if let Some(base) = &self.base {
            let end = until.map_or(Bound::Unbounded, |until| Bound::Excluded(&until[..]));
            let pairs = base.range((Bound::Included(&from[..]), end), CHUNK).await?;
            full(pairs.len(), pairs.last().map(|(key, _)| key));
            found.extend(pairs.into_iter().map(|(key, value)| (key, Some(value))));
        }
        let keys: Vec<Key> = {
            let order = self.order();
            let all = order.range::<Key, _>(from.clone()..);
            all.take_while(|key| until.is_none_or(|until| *key < until))
                .take(CHUNK)
                .cloned()
                .collect()
        };
        full(keys.len(), keys.last());
        for key in keys {
            if let Some(value) = self.seen(&key, Some(at)) {
                found.insert(key, value);
            }
        }
        if let Some(local) = local {
            let own = local.own_from(self.id, from);
            found.extend(
                own.into_iter()
                    .filter(|(key, _)| until.is_none_or(|until| key < until)),
            );
        }
        if let Some(horizon) = &horizon {
            found = found
                .into_iter()
                .take_while(|(key, _)| key <= horizon)
                .collect();
        }
        let pairs = found
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?)))
            .collect();
        Ok(Chunk {
            pairs,
            next: horizon.map(|horizon| after(&horizon)),
        })
    }

    /// Whether any key of the range has a version that is newer than the snapshot.
    pub(super) fn is_any_newer(
        &self,
        from: &Key,
        until: Option<&Key>,
        snapshot: Timestamp,
    ) -> bool {
        let mut from = from.clone();
        loop {
            let keys: Vec<Key> = {
                let order = self.order();
                let all = order.range::<Key, _>(from.clone()..);
                all.take_while(|key| until.is_none_or(|until| *key < until))
                    .take(CHUNK)
                    .cloned()
                    .collect()
            };
            if keys.iter().any(|key| self.is_newer(key, snapshot)) {
                return true;
            }
            match keys.last() {
                Some(last) if keys.len() == CHUNK => from = after(last),
                _ => return false,
            }
        }
    }
}

struct Chunk {
    pairs: Vec<Pair>,
    /// Where the next chunk begins; `None`: this was the last one.
    next: Option<Key>,
}

/// The first key after this one.
fn after(key: &Key) -> Key {
    let mut next = key.to_vec();
    next.push(0);
    next.into()
}
