//! Ordered reads: rows, own writes and the base, merged chunk by chunk without a lock across chunks.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use super::Snapshot;
use super::base::{Most, Pair};
use super::container::{Container, Since};
use super::local::{Key, Local};
use super::row::{Timestamp, Value};
use crate::error::CallError;

/// Keys that are looked at in one go.
const CHUNK: usize = 256;

/// Bytes that are read from a base in one go, unless one pair is longer.
const CHUNK_BYTES: usize = 4 * 1024 * 1024;

/// A range of keys: from one on, up to one that is not in it any more.
#[derive(Debug, Clone)]
pub(crate) struct KeyRange {
    /// The first key.
    pub(crate) from: Key,
    /// The first key after it; `None`: to the end.
    pub(crate) until: Option<Key>,
}

impl KeyRange {
    fn is_empty(&self) -> bool {
        self.until.as_ref().is_some_and(|until| *until <= self.from)
    }
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
        if limit == 0 {
            return Ok(pairs);
        }
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
        let mut range = range.clone();
        if range.is_empty() {
            return Ok(());
        }
        let store = self.store();
        let seen = match local {
            Some(local) => local.sees()?,
            None => None,
        };
        let statement = seen.is_none().then(|| store.snapshot());
        let at = seen.or(statement.as_ref().map(|snapshot| snapshot.at));
        let at = at.unwrap_or_else(|| store.visible());
        loop {
            let chunk = self.chunk(local, &range, at).await?;
            // Only what is looked at can be missed by somebody else's write. Remembered chunk by chunk: whoever gives
            // up in between has seen what was shown.
            let mut looked_at = chunk.next.clone().or(range.until.clone());
            let mut goes_on = true;
            for (key, value) in chunk.pairs {
                let next = after(&key);
                goes_on = visit(key, value);
                if !goes_on {
                    looked_at = Some(next);
                    break;
                }
            }
            if let Some(local) = local {
                local.has_scanned(self.id, &range.from, looked_at.as_ref())?;
            }
            match chunk.next {
                Some(next) if goes_on => range.from = next,
                Some(_) | None => return Ok(()),
            }
        }
    }

    /// The pairs of the next keys, and where to go on.
    async fn chunk(
        &self,
        local: Option<&Local>,
        range: &KeyRange,
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
        if let Some(local) = local {
            let own = local.own_range(self.id, range, CHUNK);
            full(own.len(), own.last().map(|(key, _)| key));
            found.extend(own);
        }
        let keys = self.keys(&range.from, range.until.as_ref());
        full(keys.len(), keys.last());
        for key in keys {
            if let Some(value) = self.seen(&key, Some(at)) {
                found.entry(key).or_insert(value);
            }
        }
        // Last: what a checkpoint takes out of the rows meanwhile is in the base by then.
        if let Some(base) = &self.base {
            let until = range.until.as_ref();
            let end = until.map_or(Bound::Unbounded, |until| Bound::Excluded(&until[..]));
            let bounds = (Bound::Included(&range.from[..]), end);
            let most = Most {
                pairs: CHUNK,
                bytes: CHUNK_BYTES,
            };
            let piece = base.range(bounds, most).await?;
            if piece.is_cut {
                full(CHUNK, piece.pairs.last().map(|(key, _)| key));
            }
            for (key, value) in piece.pairs {
                found.entry(key).or_insert(Some(value));
            }
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

    /// The next keys of a range that have a row.
    fn keys(&self, from: &Key, until: Option<&Key>) -> Vec<Key> {
        let order = self.order();
        let all = order.range::<Key, _>(from.clone()..);
        all.take_while(|key| until.is_none_or(|until| *key < until))
            .take(CHUNK)
            .cloned()
            .collect()
    }

    /// Whether somebody has changed any key of the range since, or is about to.
    pub(super) fn has_any_changed(
        &self,
        from: &Key,
        until: Option<&Key>,
        since: &Since<'_>,
    ) -> bool {
        let mut from = from.clone();
        loop {
            let keys = self.keys(&from, until);
            if keys.iter().any(|key| self.has_changed(key, since)) {
                return true;
            }
            match keys.last() {
                Some(last) if keys.len() == CHUNK => from = after(last),
                _ => return false,
            }
        }
    }
}

/// A walk over a range, all at the moment at which it began, which is kept visible for as long as this lives.
#[derive(Debug)]
pub(crate) struct Walk {
    container: Arc<Container>,
    snapshot: Snapshot,
    /// What is left; `None`: nothing.
    range: Option<KeyRange>,
}

impl Walk {
    pub(crate) fn new(container: Arc<Container>, range: KeyRange) -> Self {
        Self {
            snapshot: container.store().snapshot(),
            container,
            range: Some(range).filter(|range| !range.is_empty()),
        }
    }

    /// The next pairs, some or none; `None` at the end. After an error it goes on where it was.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Pair>>, CallError> {
        let Some(range) = &mut self.range else {
            return Ok(None);
        };
        let at = self.snapshot.at;
        let chunk = self.container.chunk(None, range, at).await?;
        match chunk.next {
            Some(next) => range.from = next,
            None => self.range = None,
        }
        Ok(Some(chunk.pairs))
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
