//! What every provider of storage shares: the bounds of a document and a batch, and the paging of a scan.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::Bound;

use weldkit::Json;

use crate::{
    Collection, Cursor, Document, Exported, Invalid, Key, KeyRange, Limit, Page, StorageError,
};

/// Most bytes of one document as JSON text.
pub const DOCUMENT_LEN_MAX: usize = 16 * 1024 * 1024;
/// Most levels of arrays and objects in one document: a reader of JSON text stops at 128, and the
/// document travels inside other objects.
pub const DOCUMENT_DEPTH_MAX: usize = 100;
/// Most documents of one batch.
pub const BATCH_DOCUMENTS_MAX: usize = 10_000;
/// Most documents of one import.
pub const IMPORT_DOCUMENTS_MAX: usize = 100_000;
/// Most bytes of all documents of one batch or one import as JSON text.
pub const BATCH_LEN_MAX: usize = 64 * 1024 * 1024;
/// Bytes of JSON text at which a page ends before its limit.
pub const PAGE_LEN: usize = 16 * 1024 * 1024;

/// Checks the bounds of a document and returns the length of its JSON text.
///
/// # Errors
/// [`StorageError::DocumentLimit`] when it is too large or too deep.
pub fn check_document(key: &Key, body: &Json) -> Result<usize, StorageError> {
    let refuse = |reason: String| StorageError::DocumentLimit {
        key: key.as_str().into(),
        reason,
    };
    // Before the text is written: the writer recurses.
    if is_deeper(body, DOCUMENT_DEPTH_MAX) {
        return Err(refuse(format!("has more than {DOCUMENT_DEPTH_MAX} levels")));
    }
    let mut length = Length(0);
    match serde_json::to_writer(&mut length, body) {
        Ok(()) => Ok(length.0),
        Err(_) => Err(refuse(format!("is longer than {DOCUMENT_LEN_MAX} bytes"))),
    }
}

/// Checks the bounds of a batch and of each of its documents, and returns the length of each.
///
/// # Errors
/// [`StorageError::BatchLimit`], [`StorageError::DuplicateKey`] or [`StorageError::DocumentLimit`].
pub fn check_batch(documents: &[Document]) -> Result<Vec<usize>, StorageError> {
    check_count(documents.len(), BATCH_DOCUMENTS_MAX)?;
    let mut keys = BTreeSet::new();
    let mut total = Total(0);
    let lengths = documents.iter().map(|document| {
        if !keys.insert(&document.key) {
            return Err(StorageError::DuplicateKey {
                key: document.key.as_str().into(),
            });
        }
        total.add(check_document(&document.key, &document.body)?)
    });
    lengths.collect()
}

/// Checks the bounds of an import and of each of its documents, and returns the length of each.
///
/// # Errors
/// [`StorageError::BatchLimit`] or [`StorageError::NotImported`].
pub fn check_import(documents: &[Exported]) -> Result<Vec<usize>, StorageError> {
    check_count(documents.len(), IMPORT_DOCUMENTS_MAX)?;
    let mut numbers = BTreeMap::new();
    let mut total = Total(0);
    let lengths = (1..).zip(documents).map(|(number, document)| {
        if let Some(first) = numbers.insert((&document.collection, &document.key), number) {
            let reason = format!("is there twice, as document {first} already; remove one");
            return Err(not_imported(number, document, reason));
        }
        match check_document(&document.key, &document.body) {
            Err(StorageError::DocumentLimit { reason, .. }) => {
                Err(not_imported(number, document, reason))
            }
            length => total.add(length?),
        }
    });
    lengths.collect()
}

/// What the caller of an import is told that must not replace anything, when one of its documents is there.
pub fn taken(documents: &[Exported], collection: &str, key: &str) -> StorageError {
    let is_it = |one: &Exported| one.collection.as_str() == collection && one.key.as_str() == key;
    let index = documents.iter().position(is_it).unwrap_or(0);
    let reason = "is there already; remove it, or import with `existing` set to `replace`";
    StorageError::NotImported {
        number: index + 1,
        collection: collection.to_owned(),
        key: key.to_owned(),
        reason: reason.to_owned(),
    }
}

fn not_imported(number: usize, document: &Exported, reason: String) -> StorageError {
    StorageError::NotImported {
        number,
        collection: document.collection.as_str().into(),
        key: document.key.as_str().into(),
        reason,
    }
}

fn check_count(count: usize, most: usize) -> Result<(), StorageError> {
    if count > most {
        let reason = format!("has {count} documents; it may have {most}");
        return Err(StorageError::BatchLimit { reason });
    }
    Ok(())
}

/// Bytes of all documents so far.
struct Total(usize);

impl Total {
    /// Adds one document, and gives its length back.
    fn add(&mut self, length: usize) -> Result<usize, StorageError> {
        self.0 += length;
        if self.0 > BATCH_LEN_MAX {
            let reason = format!("is longer than {BATCH_LEN_MAX} bytes");
            return Err(StorageError::BatchLimit { reason });
        }
        Ok(length)
    }
}

/// Whether a value has more than `levels` levels of arrays and objects.
fn is_deeper(value: &Json, levels: usize) -> bool {
    match value {
        Json::Array(items) => levels == 0 || items.iter().any(|item| is_deeper(item, levels - 1)),
        Json::Object(fields) => {
            levels == 0 || fields.values().any(|field| is_deeper(field, levels - 1))
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => false,
    }
}

/// Counts what is written, and refuses what is too long as soon as it is.
struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        if self.0 > DOCUMENT_LEN_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One entry of a walk: the key, the length of the document's JSON text, and the document.
#[derive(Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// The length of the document as JSON text.
    pub length: usize,
    /// The document.
    pub body: Json,
}

/// One call of `scan`: where its walk starts, where it ends, and which page comes of it.
#[derive(Debug)]
pub struct Scan {
    range: KeyRange,
    after: Option<String>,
    limit: Limit,
    fingerprint: u64,
}

impl Scan {
    /// A scan as it was asked for.
    ///
    /// # Errors
    /// [`StorageError::InvalidCursor`] when the cursor comes from another scan.
    pub fn new(
        collection: &Collection,
        range: KeyRange,
        cursor: Option<&Cursor>,
        limit: Limit,
    ) -> Result<Self, StorageError> {
        let fingerprint = fingerprint(collection, &range);
        let after = match cursor {
            None => None,
            Some(cursor) => match after(cursor, fingerprint) {
                Some(key) if range.holds(key) => Some(key.to_owned()),
                _ => {
                    return Err(StorageError::InvalidCursor {
                        collection: collection.as_str().into(),
                    });
                }
            },
        };
        Ok(Self {
            range,
            after,
            limit,
            fingerprint,
        })
    }

    /// Where the walk starts.
    pub fn start(&self) -> Bound<&str> {
        match &self.after {
            Some(key) => Bound::Excluded(key),
            None => Bound::Included(self.range.start()),
        }
    }

    /// The page of a walk from [`start`](Self::start) on. No more of the walk is taken than the page needs.
    ///
    /// # Errors
    /// The first error of the walk, or a key that is none.
    pub fn page<E: From<Invalid>>(
        &self,
        walk: impl Iterator<Item = Result<Entry, E>>,
    ) -> Result<Page, E> {
        let mut documents: Vec<Document> = Vec::new();
        let mut length = 0;
        for entry in walk {
            let entry = entry?;
            if !self.range.holds(&entry.key) {
                break;
            }
            if documents.len() == self.limit.get() || length >= PAGE_LEN {
                let cursor = documents.last().map(|last| self.cursor(&last.key));
                return Ok(Page { documents, cursor });
            }
            length += entry.length;
            documents.push(Document::new(Key::new(entry.key)?, entry.body));
        }
        Ok(Page {
            documents,
            cursor: None,
        })
    }

    fn cursor(&self, last: &Key) -> Cursor {
        Cursor(format!("{:016x}.{last}", self.fingerprint))
    }
}

/// The key after which the cursor goes on, when the cursor belongs to the scan of this fingerprint.
fn after(cursor: &Cursor, expected: u64) -> Option<&str> {
    let (fingerprint, key) = cursor.0.split_once('.')?;
    (fingerprint == format!("{expected:016x}")).then_some(key)
}

/// FNV-1a over what a cursor must not be moved across: it guards against mistakes, not against forgery.
fn fingerprint(collection: &Collection, range: &KeyRange) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut feed = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    for part in [
        Some(collection.as_str()),
        range.prefix.as_deref(),
        range.from.as_deref(),
        range.until.as_deref(),
    ] {
        // 0xff never occurs in text, so parts cannot run into each other.
        feed(if part.is_some() { 0xff } else { 0xfe });
        part.unwrap_or_default().bytes().for_each(&mut feed);
    }
    hash
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key(text: &str) -> Key {
        Key::new(text).unwrap()
    }

    fn nested(levels: usize) -> Json {
        (0..levels).fold(json!(1), |inner, level| {
            if level % 2 == 0 {
                json!([inner])
            } else {
                json!({ "a": inner })
            }
        })
    }

    #[test]
    fn a_document_has_bounds() {
        assert_eq!(
            check_document(&key("k"), &json!({"a": [1, "é"]})).unwrap(),
            r#"{"a":[1,"é"]}"#.len()
        );
        assert!(check_document(&key("k"), &nested(DOCUMENT_DEPTH_MAX)).is_ok());
        let error = check_document(&key("k"), &nested(DOCUMENT_DEPTH_MAX + 1)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the document under `k` has more than 100 levels"
        );
        assert!(check_document(&key("k"), &json!("x".repeat(DOCUMENT_LEN_MAX - 2))).is_ok());
        let error =
            check_document(&key("k"), &json!("x".repeat(DOCUMENT_LEN_MAX - 1))).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the document under `k` is longer than 16777216 bytes"
        );
    }

    #[test]
    fn a_batch_has_bounds() {
        let documents = |count: usize| -> Vec<Document> {
            (0..count)
                .map(|i| Document::new(key(&format!("{i}")), json!(i)))
                .collect()
        };
        assert_eq!(
            check_batch(&documents(11)).unwrap(),
            [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2]
        );
        assert!(check_batch(&documents(BATCH_DOCUMENTS_MAX)).is_ok());
        let error = check_batch(&documents(BATCH_DOCUMENTS_MAX + 1)).unwrap_err();
        assert!(matches!(error, StorageError::BatchLimit { .. }), "{error}");
        let large: Vec<Document> = (0..5)
            .map(|i| {
                Document::new(
                    key(&format!("{i}")),
                    json!("x".repeat(DOCUMENT_LEN_MAX - 2)),
                )
            })
            .collect();
        assert!(matches!(
            check_batch(&large),
            Err(StorageError::BatchLimit { .. })
        ));
        let twice = [
            Document::new(key("a"), json!(1)),
            Document::new(key("a"), json!(1)),
        ];
        assert!(
            matches!(check_batch(&twice), Err(StorageError::DuplicateKey { key }) if key == "a")
        );
    }

    fn entries(keys: &[&str], length: usize) -> Vec<Result<Entry, StorageError>> {
        keys.iter()
            .map(|key| {
                Ok(Entry {
                    key: (*key).into(),
                    length,
                    body: json!(1),
                })
            })
            .collect()
    }

    #[test]
    fn a_page_ends_at_its_limit_and_at_its_length() {
        let collection = Collection::new("c").unwrap();
        let check = |limit: u32, length: usize, expected: usize, more: bool| {
            let scan = Scan::new(
                &collection,
                KeyRange::all(),
                None,
                Limit::new(limit).unwrap(),
            )
            .unwrap();
            let page = scan
                .page(entries(&["a", "b", "c"], length).into_iter())
                .unwrap();
            assert_eq!(
                (page.documents.len(), page.cursor.is_some()),
                (expected, more),
                "{limit} {length}"
            );
        };
        check(2, 1, 2, true);
        check(3, 1, 3, false);
        check(4, 1, 3, false);
        check(4, PAGE_LEN, 1, true);
        check(4, PAGE_LEN - 1, 2, true);
    }

    #[test]
    fn a_cursor_belongs_to_its_scan() {
        let [strikes, airports] =
            ["strikes", "airports"].map(|name| Collection::new(name).unwrap());
        let limit = Limit::new(1).unwrap();
        let scan = Scan::new(&strikes, KeyRange::prefix("a"), None, limit).unwrap();
        let cursor = scan
            .page(entries(&["a.1", "a.2"], 1).into_iter())
            .unwrap()
            .cursor
            .unwrap();
        let check = |collection: &Collection, range: KeyRange, cursor: &Cursor| {
            Scan::new(collection, range, Some(cursor), limit)
                .map(|scan| scan.start().map(str::to_owned))
                .map_err(|error| error.to_string())
        };
        assert_eq!(
            check(&strikes, KeyRange::prefix("a"), &cursor),
            Ok(Bound::Excluded("a.1".into()))
        );
        check(&airports, KeyRange::prefix("a"), &cursor).unwrap_err();
        check(&strikes, KeyRange::all(), &cursor).unwrap_err();
        check(
            &strikes,
            KeyRange {
                from: Some("a".into()),
                ..KeyRange::default()
            },
            &cursor,
        )
        .unwrap_err();
        for forged in ["", ".", "x.a", "a.1"] {
            check(&strikes, KeyRange::prefix("a"), &Cursor(forged.into())).unwrap_err();
        }
    }
}
