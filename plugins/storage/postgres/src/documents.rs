//! The operations of the contract on one session.

use std::ops::Bound;

use tokio_postgres::Row;
use weldkit::Json;
use weldkit_storage::provider::{Entry, PAGE_LEN, Scan};
use weldkit_storage::{Collection, Document, Exported, Key, KeyRange, Limit, Page};

use crate::fault::{Fault, Kind};
use crate::session::{Parameters, Rows, Session};

/// The number of a transaction at the server, whoever runs it.
pub(crate) type Xid = i64;

/// Greater than every key: keys are UTF-8, in which this byte does not occur.
const END: &[u8] = &[0xff];

fn decode(collection: &Collection, key: &str, text: &str) -> Result<Json, Fault> {
    serde_json::from_str(text).map_err(|error| {
        Fault::new(
            Kind::Refused,
            format!("the document under `{key}` in `{collection}` is damaged: {error}"),
        )
    })
}

pub(crate) async fn get(
    session: &Session,
    collection: &Collection,
    key: Key,
) -> Result<Option<Document>, Fault> {
    let (name, bytes) = (collection.as_str(), key.as_str().as_bytes());
    let found = session
        .row(&session.statements.get, &[&name, &bytes])
        .await?;
    let Some(row) = found else {
        return Ok(None);
    };
    let body = decode(collection, key.as_str(), row.try_get(0)?)?;
    Ok(Some(Document::new(key, body)))
}

pub(crate) async fn put(
    session: &Session,
    collection: &Collection,
    key: &Key,
    text: &str,
) -> Result<Xid, Fault> {
    let (name, bytes) = (collection.as_str(), key.as_str().as_bytes());
    session
        .value(&session.statements.put, &[&name, &bytes, &text])
        .await
}

/// A document as it is sent: its collection, its key, its text.
pub(crate) type Text<'a> = (&'a Collection, &'a Key, String);

/// Writes all of the texts in one statement. In the order of their keys: two of these that meet wait for each other
/// and do not lock each other out.
pub(crate) async fn put_all(session: &Session, texts: Vec<Text<'_>>) -> Result<Xid, Fault> {
    let (collections, keys, bodies) = &columns(texts);
    let statement = &session.statements.put_all;
    session.value(statement, &[collections, keys, bodies]).await
}

/// The same where none of them is there; the first one that is, and then nothing was changed.
pub(crate) async fn insert_all(
    session: &Session,
    texts: Vec<Text<'_>>,
) -> Result<Result<Xid, (String, String)>, Fault> {
    let (collections, keys, bodies) = &columns(texts);
    let parameters: Parameters<'_> = &[collections, keys, bodies];
    let rows = session
        .rows(&session.statements.insert_all, parameters)
        .await?;
    let row = rows.first().ok_or_else(|| {
        Fault::new(
            Kind::Refused,
            "the server gave no row where there is always one",
        )
    })?;
    match row.try_get::<_, Option<Xid>>(0)? {
        Some(xid) => Ok(Ok(xid)),
        None => Ok(Err((row.try_get(1)?, text(row.try_get(2)?)?))),
    }
}

fn columns(mut texts: Vec<Text<'_>>) -> (Vec<&str>, Vec<&[u8]>, Vec<String>) {
    texts.sort_unstable_by_key(|(collection, key, _)| (*collection, *key));
    let (mut collections, mut keys, mut bodies) = (Vec::new(), Vec::new(), Vec::new());
    for (collection, key, body) in texts {
        collections.push(collection.as_str());
        keys.push(key.as_str().as_bytes());
        bodies.push(body);
    }
    (collections, keys, bodies)
}

/// Nothing when there was none under the key, and so nothing was changed.
pub(crate) async fn delete(
    session: &Session,
    collection: &Collection,
    key: &Key,
) -> Result<Option<Xid>, Fault> {
    let (name, bytes) = (collection.as_str(), key.as_str().as_bytes());
    let removed = session
        .row(&session.statements.delete, &[&name, &bytes])
        .await?;
    Ok(removed.map(|row| row.try_get(0)).transpose()?)
}

pub(crate) async fn scan(
    session: &Session,
    collection: &Collection,
    (scan, range, limit): (&Scan, &KeyRange, Limit),
) -> Result<Page, Fault> {
    let (name, start, end) = (collection.as_str(), start(scan.start()), end(range));
    // One more than the page holds says whether another page follows.
    let rows = i64::try_from(limit.get() + 1).unwrap_or(i64::MAX);
    let bytes = i64::try_from(PAGE_LEN).unwrap_or(i64::MAX);
    let parameters: Parameters<'_> = &[&name, &start, &end, &rows, &bytes];
    let found = session.rows(&session.statements.scan, parameters).await?;
    scan.page(found.iter().map(|row| {
        let key = text(row.try_get(0)?)?;
        let body: Option<&str> = row.try_get(1)?;
        Ok(Entry {
            length: body.map_or(0, str::len),
            body: body.map_or(Ok(Json::Null), |body| decode(collection, &key, body))?,
            key,
        })
    }))
}

pub(crate) async fn count(
    session: &Session,
    collection: &Collection,
    range: &KeyRange,
) -> Result<u64, Fault> {
    let (name, start, end) = (collection.as_str(), range.start().as_bytes(), end(range));
    let count: i64 = session
        .value(&session.statements.count, &[&name, &start, &end])
        .await?;
    Ok(count.unsigned_abs())
}

pub(crate) async fn collections(
    session: &Session,
    after: Option<&Collection>,
    limit: Limit,
) -> Result<Vec<Collection>, Fault> {
    let after = after.map_or("", Collection::as_str);
    let limit = i64::try_from(limit.get()).unwrap_or(i64::MAX);
    let found = session
        .rows(&session.statements.collections, &[&after, &limit])
        .await?;
    found
        .iter()
        .map(|row| Ok(Collection::new(row.try_get::<_, &str>(0)?)?))
        .collect()
}

/// Every document, one by one, all as one statement sees them.
pub(crate) async fn export<'a>(
    session: &'a Session,
    collection: Option<&Collection>,
) -> Result<Rows<'a>, Fault> {
    let first = collection.map_or("", Collection::as_str);
    let last = collection.map(Collection::as_str);
    let export = &session.statements.export;
    session.stream(export, &[&first, &last]).await
}

/// What a row of an export holds.
pub(crate) fn exported(row: &Row) -> Result<Exported, Fault> {
    let collection = Collection::new(row.try_get::<_, &str>(0)?)?;
    let key = text(row.try_get(1)?)?;
    let body = decode(&collection, &key, row.try_get(2)?)?;
    Ok(Exported {
        key: Key::new(key)?,
        collection,
        body,
    })
}

fn text(key: &[u8]) -> Result<String, Fault> {
    let text = std::str::from_utf8(key).map_err(|error| {
        Fault::new(
            Kind::Refused,
            format!("the table holds a key that is none of ours: {error}"),
        )
    })?;
    Ok(text.to_owned())
}

/// The first key of a walk, itself included: nothing lies between a key and the same with a zero byte behind it.
fn start(bound: Bound<&str>) -> Vec<u8> {
    match bound {
        Bound::Included(key) => key.as_bytes().to_vec(),
        Bound::Excluded(key) => [key.as_bytes(), &[0]].concat(),
        Bound::Unbounded => Vec::new(),
    }
}

/// The first key after a range.
fn end(range: &KeyRange) -> Vec<u8> {
    let until = range.until.as_deref().map_or(END, str::as_bytes);
    let after_prefix = range
        .prefix
        .as_deref()
        .map_or_else(|| END.to_vec(), after_prefix);
    after_prefix.min(until.to_vec())
}

/// The first key after those of a prefix: its last byte is below 0xff, so there is a next one.
fn after_prefix(prefix: &str) -> Vec<u8> {
    let mut next = prefix.as_bytes().to_vec();
    match next.last_mut() {
        Some(last) => *last += 1,
        None => return END.to_vec(),
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_in_bytes_holds_the_same_keys() {
        let mut keys = Vec::new();
        for first in ["", "a", "b", "é", "\u{10ffff}"] {
            for second in ["", "\0", "a", "\u{7f}", "\u{10ffff}"] {
                keys.push(format!("{first}{second}"));
            }
        }
        let some = |text: &str| Some(text.to_owned());
        let bounds = [
            None,
            some(""),
            some("a"),
            some("a\0"),
            some("a\u{7f}"),
            some("é"),
            some("\u{10ffff}"),
        ];
        for prefix in &bounds {
            for from in &bounds {
                for until in &bounds {
                    let range = KeyRange {
                        prefix: prefix.clone(),
                        from: from.clone(),
                        until: until.clone(),
                    };
                    let end = end(&range);
                    for key in &keys {
                        let is_in =
                            key.as_str() >= range.start() && key.as_bytes() < end.as_slice();
                        assert_eq!(is_in, range.holds(key), "{range:?} {key:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_walk_goes_on_behind_its_last_key() {
        assert_eq!(start(Bound::Included("a")), b"a");
        assert_eq!(start(Bound::Excluded("a")), b"a\0");
        assert!(start(Bound::Excluded("a")).as_slice() > b"a".as_slice());
        assert!(start(Bound::Excluded("a")).as_slice() <= b"a\0".as_slice());
    }
}
