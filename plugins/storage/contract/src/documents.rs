//! Documents in a container of the host: what a provider needs to be no more than a choice of durability.
//!
//! A container keeps bytes in the order of their keys and takes part in transactions; this puts collections and
//! documents on it.

use weldkit::transaction::{BytesMap, BytesRange};
use weldkit::{Ctx, Json};

use crate::provider::{Entry, PAGE_LEN, Scan, check_batch, check_document, check_import, taken};
use crate::{
    Collection, Cursor, Document, Existing, Exported, Key, KeyRange, Limit, Page, Storage,
    StorageError,
};

/// Bytes that one document takes beside its key and its text: its place in the maps, roughly.
const OVERHEAD: usize = 64;

/// Documents in a container.
#[derive(Debug, Clone)]
pub struct Documents {
    bytes: BytesMap,
    bytes_max: u64,
}

impl Documents {
    /// Documents in this container, which nobody else writes to. A write that would make them larger than `bytes_max`
    /// together is refused.
    pub fn new(bytes: BytesMap, bytes_max: u64) -> Self {
        Self { bytes, bytes_max }
    }

    /// What all documents take together, roughly.
    pub fn bytes(&self) -> u64 {
        self.bytes.bytes()
    }

    /// Refuses what would not fit once it has replaced what is there.
    async fn reserve(&self, ctx: &Ctx, path: &[u8], length: usize) -> Result<(), StorageError> {
        let added = (path.len() + length + OVERHEAD) as u64;
        if self.bytes.bytes() + added <= self.bytes_max {
            return Ok(());
        }
        let replaced = self.bytes.get(ctx, path).await?;
        let freed = replaced.map_or(0, |text| (path.len() + text.len() + OVERHEAD) as u64);
        let bytes = self.bytes.bytes().saturating_sub(freed) + added;
        // A write that does not grow the store is let through even when a bound was lowered below what is there.
        if bytes > self.bytes_max && added > freed {
            let reason = format!(
                "{bytes} bytes would be stored and `bytes_max` is {}; remove documents or raise the setting",
                self.bytes_max
            );
            return Err(StorageError::Full { reason });
        }
        Ok(())
    }
}

/// The name of a collection holds no zero byte, so one ends the name, and collections are apart and in order.
fn path(collection: &Collection, key: &str) -> Vec<u8> {
    let mut path = Vec::with_capacity(collection.as_str().len() + 1 + key.len());
    path.extend_from_slice(collection.as_str().as_bytes());
    path.push(0);
    path.extend_from_slice(key.as_bytes());
    path
}

/// The first place behind a collection.
fn behind(collection: &str) -> Vec<u8> {
    let mut path = collection.as_bytes().to_vec();
    path.push(1);
    path
}

/// The collection and the key of a place.
fn parts(path: &[u8]) -> Option<(&str, &str)> {
    let end = path.iter().position(|byte| *byte == 0)?;
    let (collection, key) = path.split_at(end);
    Some((
        std::str::from_utf8(collection).ok()?,
        std::str::from_utf8(&key[1..]).ok()?,
    ))
}

fn damaged(path: &[u8], why: &str) -> StorageError {
    let place = String::from_utf8_lossy(path).replace('\0', "/");
    StorageError::Failed {
        reason: format!("the document `{place}` is damaged: {why}"),
    }
}

fn decode(path: &[u8], text: &[u8]) -> Result<Json, StorageError> {
    serde_json::from_slice(text).map_err(|fault| damaged(path, &fault.to_string()))
}

/// The text of a document within its bounds.
fn encode(key: &Key, body: &Json, length: usize) -> Result<Vec<u8>, StorageError> {
    let mut text = Vec::with_capacity(length);
    serde_json::to_writer(&mut text, body).map_err(|error| StorageError::DocumentLimit {
        key: key.as_str().into(),
        reason: format!("cannot be written as JSON: {error}"),
    })?;
    Ok(text)
}

fn entry(path: &[u8], text: &[u8]) -> Result<Entry, StorageError> {
    let (_, key) = parts(path).ok_or_else(|| damaged(path, "its key is not text"))?;
    Ok(Entry {
        key: key.to_owned(),
        length: text.len(),
        body: decode(path, text)?,
    })
}

fn exported(path: &[u8], text: &[u8]) -> Result<Exported, StorageError> {
    let (collection, key) = parts(path).ok_or_else(|| damaged(path, "its key is not text"))?;
    Ok(Exported {
        collection: Collection::new(collection)?,
        key: Key::new(key)?,
        body: decode(path, text)?,
    })
}

/// A provider that keeps its documents in a container: all that it writes itself is where.
pub trait Keeper: Send + Sync + 'static {
    /// The documents.
    fn documents(&self) -> &Documents;

    /// Called after every call that may have changed them.
    fn changed(&self) {}
}

impl<K: Keeper> Storage for K {
    async fn get(
        &self,
        ctx: &Ctx,
        collection: Collection,
        key: Key,
    ) -> Result<Option<Document>, StorageError> {
        let path = path(&collection, key.as_str());
        match self.documents().bytes.get(ctx, &path).await? {
            Some(text) => Ok(Some(Document::new(key, decode(&path, &text)?))),
            None => Ok(None),
        }
    }

    async fn put(
        &self,
        ctx: &Ctx,
        collection: Collection,
        key: Key,
        body: Json,
    ) -> Result<(), StorageError> {
        let length = check_document(&key, &body)?;
        let path = path(&collection, key.as_str());
        self.documents().reserve(ctx, &path, length).await?;
        let text = encode(&key, &body, length)?;
        let written = self.documents().bytes.put(ctx, &path, text).await;
        self.changed();
        Ok(written?)
    }

    async fn put_batch(
        &self,
        ctx: &Ctx,
        collection: Collection,
        documents: Vec<Document>,
    ) -> Result<(), StorageError> {
        let lengths = check_batch(&documents)?;
        let total: usize = lengths.iter().map(|length| length + OVERHEAD).sum();
        if let Some(first) = documents.first() {
            let path = path(&collection, first.key.as_str());
            self.documents().reserve(ctx, &path, total).await?;
        }
        let changes = documents.into_iter().zip(lengths);
        let changes = changes.map(|(Document { key, body }, length)| {
            let text = encode(&key, &body, length)?;
            Ok((path(&collection, key.as_str()), Some(text)))
        });
        let changes = changes.collect::<Result<_, StorageError>>()?;
        let written = self.documents().bytes.put_all(ctx, changes).await;
        self.changed();
        Ok(written?)
    }

    async fn delete(
        &self,
        ctx: &Ctx,
        collection: Collection,
        key: Key,
    ) -> Result<bool, StorageError> {
        let path = path(&collection, key.as_str());
        let written = self.documents().bytes.delete(ctx, &path).await;
        self.changed();
        Ok(written?)
    }

    async fn scan(
        &self,
        ctx: &Ctx,
        collection: Collection,
        range: KeyRange,
        cursor: Option<Cursor>,
        limit: Limit,
    ) -> Result<Page, StorageError> {
        let scan = Scan::new(&collection, range, cursor.as_ref(), limit)?;
        let from = match scan.start() {
            std::ops::Bound::Included(key) => path(&collection, key),
            std::ops::Bound::Excluded(key) => {
                let mut next = path(&collection, key);
                next.push(0);
                next
            }
            std::ops::Bound::Unbounded => path(&collection, ""),
        };
        let until = Some(behind(collection.as_str()));
        let (mut found, mut length) = (Vec::new(), 0);
        self.documents()
            .bytes
            .visit(ctx, &BytesRange { from, until }, |path, text| {
                // One more than the page holds says whether there is a next one.
                let is_last = found.len() == limit.get() || length >= PAGE_LEN;
                length += text.len();
                found.push(entry(path, text));
                !is_last
            })
            .await?;
        scan.page(found.into_iter())
    }

    async fn count(
        &self,
        ctx: &Ctx,
        collection: Collection,
        range: KeyRange,
    ) -> Result<u64, StorageError> {
        const ASK_EVERY: u64 = 4_096;
        let from = path(&collection, range.start());
        let until = Some(behind(collection.as_str()));
        let mut count = 0;
        self.documents()
            .bytes
            .visit(ctx, &BytesRange { from, until }, |path, _| {
                let is_in = parts(path).is_some_and(|(_, key)| range.holds(key));
                count += u64::from(is_in);
                is_in && (count % ASK_EVERY != 0 || !ctx.is_cancelled())
            })
            .await?;
        Ok(count)
    }

    async fn collections(
        &self,
        ctx: &Ctx,
        after: Option<Collection>,
        limit: Limit,
    ) -> Result<Vec<Collection>, StorageError> {
        let mut names = Vec::new();
        let mut from = after.map_or_else(Vec::new, |after| behind(after.as_str()));
        while names.len() < limit.get() {
            // From collection to collection, without walking their documents.
            let range = BytesRange { from, until: None };
            let Some((path, _)) = self.documents().bytes.range(ctx, &range, 1).await?.pop() else {
                break;
            };
            let (name, _) = parts(&path).ok_or_else(|| damaged(&path, "its key is not text"))?;
            from = behind(name);
            names.push(Collection::new(name)?);
        }
        Ok(names)
    }

    fn export(
        &self,
        _: &Ctx,
        collection: Option<Collection>,
    ) -> weldkit::Stream<Exported, StorageError> {
        let range = match &collection {
            None => BytesRange::default(),
            Some(collection) => BytesRange {
                from: path(collection, ""),
                until: Some(behind(collection.as_str())),
            },
        };
        let mut pairs = self.documents().bytes.stream(&range);
        weldkit::Stream::channel(1, async move |items| {
            while let Some(pair) = pairs.next().await {
                let item = match pair {
                    Ok((path, text)) => exported(&path, &text),
                    Err(fault) => Err(fault.into()),
                };
                let is_last = item.is_err();
                if !items.send(item).await || is_last {
                    return;
                }
            }
        })
    }

    async fn import(
        &self,
        ctx: &Ctx,
        documents: Vec<Exported>,
        existing: Existing,
    ) -> Result<u64, StorageError> {
        let lengths = check_import(&documents)?;
        let total: usize = lengths.iter().map(|length| length + OVERHEAD).sum();
        let mut pairs = Vec::with_capacity(documents.len());
        for (document, length) in documents.iter().zip(lengths) {
            let path = path(&document.collection, document.key.as_str());
            pairs.push((path, encode(&document.key, &document.body, length)?));
        }
        let Some((first, _)) = pairs.first() else {
            return Ok(0);
        };
        self.documents().reserve(ctx, first, total).await?;
        let bytes = &self.documents().bytes;
        let written = match existing {
            Existing::Refuse => bytes.insert_all(ctx, pairs).await,
            Existing::Replace => {
                let changes = pairs.into_iter().map(|(path, text)| (path, Some(text)));
                bytes.put_all(ctx, changes.collect()).await.map(|()| None)
            }
        };
        self.changed();
        match written?.as_deref().map(|path| (path, parts(path))) {
            None => Ok(documents.len() as u64),
            Some((_, Some((collection, key)))) => Err(taken(&documents, collection, key)),
            Some((path, None)) => Err(damaged(path, "its key is not text")),
        }
    }
}
