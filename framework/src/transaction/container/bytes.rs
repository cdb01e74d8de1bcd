use std::sync::Arc;

use crate::call::{Ctx, Stream};
use crate::error::{CallError, Code, Effect};
use crate::limit;
use crate::transaction::live::Live;
use crate::transaction::mvcc::{Container, KeyRange, Local, LogFailure, Walk};
use crate::transaction::{Durability, Isolation, Transactions, Vote, transactions};

/// A map from bytes to bytes that takes part in transactions.
///
/// Outside of a transaction every call is one of its own. A read never waits. A write waits while
/// another transaction has written the same key, until the deadline.
#[derive(Debug, Clone)]
pub struct BytesMap {
    transactions: Transactions,
    container: Arc<Container>,
}

/// A key of a [`BytesMap`] and what it holds.
pub type BytesPair = (Arc<[u8]>, Arc<[u8]>);

/// A range of keys of a [`BytesMap`]: from one on, up to one that is not in it any more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BytesRange {
    /// The first key; empty: from the start.
    pub from: Vec<u8>,
    /// The first key after it; `None`: to the end.
    pub until: Option<Vec<u8>>,
}

impl BytesRange {
    fn key_range(&self) -> KeyRange {
        KeyRange {
            from: self.from.as_slice().into(),
            until: self.until.as_deref().map(Into::into),
        }
    }
}

/// A change of one key: what it is to hold, `None` for nothing.
type Change = (Vec<u8>, Option<Vec<u8>>);

impl BytesMap {
    pub(super) fn new(transactions: Transactions, container: Arc<Container>) -> Self {
        Self {
            transactions,
            container,
        }
    }

    /// Whether what is committed survives a crash.
    pub fn durability(&self) -> Durability {
        self.container.durability
    }

    /// What it takes, roughly: every version of every key that somebody may still see.
    pub fn bytes(&self) -> u64 {
        self.container.bytes()
    }

    /// What the key holds.
    ///
    /// # Errors
    ///
    /// `invalid_state` in a transaction that takes no calls any more; what a disk gives.
    pub async fn get(&self, ctx: &Ctx, key: &[u8]) -> Result<Option<Arc<[u8]>>, CallError> {
        let live = self.live(ctx)?;
        let local = live.map(|live| live.local()).transpose()?;
        self.container.get(local, key).await
    }

    /// The first `limit` pairs of a range, in the order of their keys, all at one moment.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn range(
        &self,
        ctx: &Ctx,
        range: &BytesRange,
        limit: usize,
    ) -> Result<Vec<BytesPair>, CallError> {
        let live = self.live(ctx)?;
        let local = live.map(|live| live.local()).transpose()?;
        self.container.page(local, &range.key_range(), limit).await
    }

    /// Shows each pair of a range, in the order of their keys and all at one moment, until `visit` says `false`.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn visit(
        &self,
        ctx: &Ctx,
        range: &BytesRange,
        mut visit: impl FnMut(&[u8], &[u8]) -> bool + Send,
    ) -> Result<(), CallError> {
        let live = self.live(ctx)?;
        let local = live.map(|live| live.local()).transpose()?;
        let mut visit = |key: Arc<[u8]>, value: Arc<[u8]>| visit(&key, &value);
        self.container
            .visit(local, &range.key_range(), &mut visit)
            .await
    }

    /// Each pair of a range, in the order of their keys, all as committed at the moment of this call. Part of no
    /// transaction.
    ///
    /// Memory is bounded, whatever the range holds. Until the stream ends or is dropped, what is overwritten meanwhile is
    /// kept, in memory and in the journal.
    pub fn stream(&self, range: &BytesRange) -> Stream<BytesPair, CallError> {
        let mut walk = Walk::new(self.container.clone(), range.key_range());
        Stream::channel(1, async move |items| {
            loop {
                let pairs = match walk.next().await {
                    Ok(Some(pairs)) => pairs,
                    Ok(None) => return,
                    Err(fault) => {
                        items.send(Err(fault)).await;
                        return;
                    }
                };
                for pair in pairs {
                    if !items.send(Ok(pair)).await {
                        return;
                    }
                }
            }
        })
    }

    /// Writes a key.
    ///
    /// # Errors
    ///
    /// A retryable `conflict` when another transaction was faster; as [`get`](Self::get).
    pub async fn put(&self, ctx: &Ctx, key: &[u8], value: Vec<u8>) -> Result<(), CallError> {
        let mut value: Arc<[u8]> = value.into();
        if self.live(ctx)?.is_none() {
            match self
                .transactions
                .store()
                .put_now(&self.container, key, value)
            {
                Ok(()) => return Ok(()),
                Err(back) => value = back,
            }
        }
        let work = async |local: &Local| self.container.put(local, key.into(), Some(value)).await;
        self.write(ctx, work).await
    }

    /// Removes a key; `false` when it held nothing.
    ///
    /// # Errors
    ///
    /// As [`put`](Self::put).
    pub async fn delete(&self, ctx: &Ctx, key: &[u8]) -> Result<bool, CallError> {
        self.update(ctx, key, |before| Ok((None, before.is_some())))
            .await
    }

    /// Writes and removes many keys: all, or none. They are locked in the order of their bytes, so that two of these
    /// never wait for each other in a circle.
    ///
    /// # Errors
    ///
    /// As [`put`](Self::put).
    pub async fn put_all(&self, ctx: &Ctx, mut changes: Vec<Change>) -> Result<(), CallError> {
        changes.sort();
        self.write(ctx, async |local| {
            for (key, value) in changes {
                let value = value.map(Into::into);
                self.container.put(local, key.into(), value).await?;
            }
            Ok(())
        })
        .await
    }

    /// Writes many keys that hold nothing: all, or none. The first key that holds something, where there is one.
    ///
    /// # Errors
    ///
    /// As [`put`](Self::put).
    pub async fn insert_all(
        &self,
        ctx: &Ctx,
        mut pairs: Vec<(Vec<u8>, Vec<u8>)>,
    ) -> Result<Option<Vec<u8>>, CallError> {
        pairs.sort();
        let mut taken = None;
        let written = self.write(ctx, async |local| {
            // All are locked before the first is written: a transaction that goes on keeps nothing of a refused one.
            for (key, _) in &pairs {
                let free = |before: &Option<Arc<[u8]>>| match before {
                    None => Ok((None, ())),
                    Some(_) => {
                        taken = Some(key.clone());
                        Err(CallError::new(Code::InvalidState, "the key is taken"))
                    }
                };
                self.container
                    .update(local, key.as_slice().into(), free)
                    .await?;
            }
            for (key, value) in pairs {
                let value = Some(value.into());
                self.container.put(local, key.into(), value).await?;
            }
            Ok(())
        });
        let written = written.await;
        match taken {
            Some(_) => Ok(taken),
            None => written.map(|()| None),
        }
    }

    /// Reads a key and writes what `change` makes of it, with nobody in between.
    ///
    /// # Errors
    ///
    /// What `change` gives; as [`put`](Self::put).
    pub async fn update<T>(
        &self,
        ctx: &Ctx,
        key: &[u8],
        change: impl FnOnce(Option<&[u8]>) -> Result<(Option<Vec<u8>>, T), CallError> + Send,
    ) -> Result<T, CallError> {
        self.write(ctx, async |local| {
            self.container
                .update(local, key.into(), |before| {
                    let (after, answer) = change(before.as_deref())?;
                    Ok((after.map(Into::into), answer))
                })
                .await
        })
        .await
    }

    /// The transaction that the call is inside of, if it can be written and read in.
    fn live<'c>(&self, ctx: &'c Ctx) -> Result<Option<&'c Arc<Live>>, CallError> {
        let Some(live) = transactions::live(ctx) else {
            return Ok(None);
        };
        if !self.transactions.owns(live) {
            return Err(CallError::new(
                Code::IncompatibleInterface,
                format!("transaction `{}` is one of another host", live.id),
            ));
        }
        live.check_active()?;
        Ok(Some(live))
    }

    /// Writes inside of the transaction of the call, or in one of its own that ends with it.
    async fn write<T>(
        &self,
        ctx: &Ctx,
        work: impl AsyncFnOnce(&Local) -> Result<T, CallError>,
    ) -> Result<T, CallError> {
        if let Some(live) = self.live(ctx)? {
            live.note_write(self.container.durability)?;
            return work(live.local()?).await;
        }
        let store = self.transactions.store();
        let deadline = ctx
            .deadline()
            .unwrap_or_else(|| self.transactions.now() + limit::TIMEOUT);
        // Read committed: it waits for its turn at the key, and then cannot conflict.
        let local = store.begin(Isolation::ReadCommitted, deadline);
        let answer = work(&local).await?;
        if store.prepare(&local)? == Vote::ReadOnly {
            return Ok(answer);
        }
        match store.commit(&local, None).await {
            Ok(()) => Ok(answer),
            Err(failure) => Err(not_durable(&failure)),
        }
    }
}

/// Why something is not durable, for whoever wrote it.
fn not_durable(failure: &LogFailure) -> CallError {
    match failure {
        LogFailure::Failed(why) => {
            CallError::unavailable(format!("nothing was written: {why}")).retryable(true)
        }
        LogFailure::Unknown(why) => CallError::unavailable(format!(
            "nobody knows whether it was written: {why}; restart the host, which finds out"
        ))
        .retryable(false)
        .effect(Effect::Possible),
    }
}
