//! What every provider of storage must do: its tests run this against it.
//!
//! [`check`] walks the contract case by case; [`replay`] runs a script of operations beside a plain map and
//! compares every answer. Both leave a panic with the place of the broken promise.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;
use weldkit::{Ctx, Json};

use crate::provider::{BATCH_DOCUMENTS_MAX, DOCUMENT_DEPTH_MAX};
use crate::{Collection, Document, Key, KeyRange, Limit, Page, Storage, StorageError};

/// Walks the whole contract. The storage must be empty.
pub async fn check(storage: &impl Storage, ctx: &Ctx) {
    one_document_comes_back_as_it_was_put(storage, ctx).await;
    collections_are_apart(storage, ctx).await;
    a_batch_is_all_or_nothing(storage, ctx).await;
    every_page_comes_once_and_in_order(storage, ctx).await;
    bounds_are_kept(storage, ctx).await;
}

fn collection(name: &str) -> Collection {
    Collection::new(name).expect("a name")
}

fn key(text: &str) -> Key {
    Key::new(text).expect("a key")
}

fn document(text: &str, body: Json) -> Document {
    Document::new(key(text), body)
}

async fn one_document_comes_back_as_it_was_put(storage: &impl Storage, ctx: &Ctx) {
    let bodies = [
        json!(null),
        json!({"a": [1, 2.5, "é\u{0}\"", null, true], "": {}}),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(0.1),
        json!(1.797_693_134_862_315_7e308),
        json!(5e-324),
        json!(123_456.789_012_345_67),
        json!("x".repeat(100_000)),
    ];
    for (at, name) in ["k", "ключ", "a/b c\n\0", &"x".repeat(512)].into_iter().enumerate() {
        let (c, k) = (collection("one"), key(name));
        assert_eq!(storage.get(ctx, c.clone(), k.clone()).await.expect("get"), None);
        for body in bodies.iter().cycle().skip(at).take(bodies.len()) {
            storage.put(ctx, c.clone(), k.clone(), body.clone()).await.expect("put");
            let found = storage.get(ctx, c.clone(), k.clone()).await.expect("get");
            assert_eq!(found, Some(Document::new(k.clone(), body.clone())));
        }
        assert!(storage.delete(ctx, c.clone(), k.clone()).await.expect("delete"));
        assert!(!storage.delete(ctx, c.clone(), k.clone()).await.expect("delete again"));
        assert_eq!(storage.get(ctx, c, k).await.expect("get"), None);
    }
}

async fn collections_are_apart(storage: &impl Storage, ctx: &Ctx) {
    for name in ["b", "a", "a-1"] {
        storage.put(ctx, collection(name), key("k"), json!(name)).await.expect("put");
    }
    let list = async |after: Option<&str>, limit: u32| {
        let limit = Limit::new(limit).expect("a limit");
        let names = storage.collections(ctx, after.map(collection), limit).await.expect("collections");
        names.into_iter().map(String::from).collect::<Vec<_>>()
    };
    assert_eq!(list(None, 10).await, ["a", "a-1", "b"]);
    assert_eq!(list(None, 2).await, ["a", "a-1"]);
    assert_eq!(list(Some("a"), 2).await, ["a-1", "b"]);
    assert_eq!(list(Some("b"), 2).await, [""; 0]);
    assert!(storage.delete(ctx, collection("a"), key("k")).await.expect("delete"));
    assert_eq!(list(None, 10).await, ["a-1", "b"]);
    let other = storage.get(ctx, collection("b"), key("k")).await.expect("get");
    assert_eq!(other, Some(document("k", json!("b"))));
    for name in ["a-1", "b"] {
        assert!(storage.delete(ctx, collection(name), key("k")).await.expect("delete"));
    }
}

async fn a_batch_is_all_or_nothing(storage: &impl Storage, ctx: &Ctx) {
    let c = collection("batch");
    storage.put_batch(ctx, c.clone(), Vec::new()).await.expect("an empty batch");
    storage.put_batch(ctx, c.clone(), vec![document("b", json!(2)), document("a", json!(1))]).await.expect("a batch");
    let twice = vec![document("c", json!(3)), document("d", json!(4)), document("c", json!(5))];
    let error = storage.put_batch(ctx, c.clone(), twice).await.expect_err("a key that stands twice");
    assert!(matches!(&error, StorageError::DuplicateKey { key } if key == "c"), "{error:?}");
    let deep = vec![document("e", json!(1)), document("f", nested(DOCUMENT_DEPTH_MAX + 1))];
    let error = storage.put_batch(ctx, c.clone(), deep).await.expect_err("a document that is too deep");
    assert!(matches!(&error, StorageError::DocumentLimit { key, .. } if key == "f"), "{error:?}");
    let many = (0..=BATCH_DOCUMENTS_MAX).map(|i| document(&format!("{i}"), json!(i))).collect();
    let error = storage.put_batch(ctx, c.clone(), many).await.expect_err("a batch that is too large");
    assert!(matches!(error, StorageError::BatchLimit { .. }), "{error:?}");
    let page = storage.scan(ctx, c.clone(), KeyRange::all(), None, Limit::MAX).await.expect("scan");
    assert_eq!(page.documents, [document("a", json!(1)), document("b", json!(2))]);
    storage.put_batch(ctx, c.clone(), vec![document("a", json!(9)), document("z", json!(0))]).await.expect("replace");
    assert_eq!(storage.count(ctx, c, KeyRange::all()).await.expect("count"), 3);
}

async fn every_page_comes_once_and_in_order(storage: &impl Storage, ctx: &Ctx) {
    let c = collection("pages");
    let documents: Vec<Document> = (0..25).map(|i| document(&format!("{:02}", i * 4 % 25), json!(i))).collect();
    storage.put_batch(ctx, c.clone(), documents).await.expect("put_batch");
    for limit in [1, 2, 7, 24, 25, 26, 10_000] {
        let limit = Limit::new(limit).expect("a limit");
        for (range, expected) in [(KeyRange::all(), 25), (KeyRange::prefix("1"), 10), (KeyRange::between("05", "07"), 2)]
        {
            let mut keys: Vec<String> = Vec::new();
            let mut cursor = None;
            loop {
                let page = storage.scan(ctx, c.clone(), range.clone(), cursor, limit).await.expect("scan");
                assert!(page.documents.len() <= limit.get());
                keys.extend(page.documents.into_iter().map(|document| document.key.into()));
                cursor = page.cursor;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(keys.len(), expected, "{range:?} {limit:?}");
            assert!(keys.is_sorted_by(|a, b| a < b), "{keys:?}");
            assert!(keys.iter().all(|key| range.holds(key)), "{keys:?}");
            assert_eq!(storage.count(ctx, c.clone(), range).await.expect("count"), expected as u64);
        }
    }
    a_cursor_outlives_its_document(storage, ctx).await;
}

async fn a_cursor_outlives_its_document(storage: &impl Storage, ctx: &Ctx) {
    let c = collection("pages");
    let two = Limit::new(2).expect("a limit");
    let first = storage.scan(ctx, c.clone(), KeyRange::all(), None, two).await.expect("scan");
    assert!(storage.delete(ctx, c.clone(), key("01")).await.expect("delete"));
    let second = storage.scan(ctx, c.clone(), KeyRange::all(), first.cursor.clone(), two).await.expect("scan");
    assert_eq!(second.documents.first().map(|document| document.key.as_str()), Some("02"));
    let elsewhere = storage.scan(ctx, c, KeyRange::prefix("0"), first.cursor, two).await;
    assert!(matches!(elsewhere, Err(StorageError::InvalidCursor { .. })), "{elsewhere:?}");
}

async fn bounds_are_kept(storage: &impl Storage, ctx: &Ctx) {
    let (c, k) = (collection("bounds"), key("k"));
    storage.put(ctx, c.clone(), k.clone(), nested(DOCUMENT_DEPTH_MAX)).await.expect("a deep document");
    let found = storage.get(ctx, c.clone(), k.clone()).await.expect("get");
    assert_eq!(found.map(|document| document.body), Some(nested(DOCUMENT_DEPTH_MAX)));
    let error = storage.put(ctx, c.clone(), k.clone(), nested(DOCUMENT_DEPTH_MAX + 1)).await.expect_err("too deep");
    assert!(matches!(error, StorageError::DocumentLimit { .. }), "{error:?}");
    assert_eq!(storage.count(ctx, c, KeyRange::all()).await.expect("count"), 1);
}

fn nested(levels: usize) -> Json {
    (0..levels).fold(json!(1), |inner, _| json!([inner]))
}

/// One step of a script for [`replay`].
#[derive(Debug, Clone)]
pub enum Operation {
    /// Write one document.
    Put(Collection, Key, Json),
    /// Write several at once.
    PutBatch(Collection, Vec<Document>),
    /// Remove one.
    Delete(Collection, Key),
    /// Read one.
    Get(Collection, Key),
    /// List a range in pages of this size, and count it.
    Scan(Collection, KeyRange, Limit),
}

/// Scripts over few collections and keys, so that the steps meet.
pub fn scripts() -> impl Strategy<Value = Vec<Operation>> {
    let collections = || prop::sample::select(vec!["a", "b"]).prop_map(collection);
    let text = || "[ab.é]{1,3}";
    let keys = || text().prop_map(|text| key(&text));
    let bodies = || prop_oneof![any::<i64>().prop_map(Json::from), any::<f64>().prop_map(Json::from), ".{0,9}".prop_map(Json::from)];
    let documents = (keys(), bodies()).prop_map(|(key, body)| Document::new(key, body));
    let bound = || prop::option::of(prop_oneof![Just(String::new()), text()]);
    let ranges = (bound(), bound(), bound()).prop_map(|(prefix, from, until)| KeyRange { prefix, from, until });
    let limits = (1..5_u32).prop_map(|limit| Limit::new(limit).expect("a limit"));
    let operation = prop_oneof![
        4 => (collections(), keys(), bodies()).prop_map(|(c, k, b)| Operation::Put(c, k, b)),
        2 => (collections(), prop::collection::vec(documents, 0..6)).prop_map(|(c, d)| Operation::PutBatch(c, d)),
        2 => (collections(), keys()).prop_map(|(c, k)| Operation::Delete(c, k)),
        2 => (collections(), keys()).prop_map(|(c, k)| Operation::Get(c, k)),
        3 => (collections(), ranges, limits).prop_map(|(c, r, l)| Operation::Scan(c, r, l)),
    ];
    prop::collection::vec(operation, 0..40)
}

type Model = BTreeMap<Collection, BTreeMap<Key, Json>>;

/// Runs a script against a storage and against a plain map, and compares every answer. The storage must be empty.
pub async fn replay(storage: &impl Storage, ctx: &Ctx, script: Vec<Operation>) {
    let mut model = Model::new();
    for operation in script {
        step(storage, ctx, &mut model, operation).await;
    }
    let names = storage.collections(ctx, None, Limit::MAX).await.expect("collections");
    let expected: Vec<Collection> =
        model.iter().filter(|(_, documents)| !documents.is_empty()).map(|(name, _)| name.clone()).collect();
    assert_eq!(names, expected);
}

async fn step(storage: &impl Storage, ctx: &Ctx, model: &mut Model, operation: Operation) {
    match operation {
        Operation::Put(c, k, body) => {
            storage.put(ctx, c.clone(), k.clone(), body.clone()).await.expect("put");
            model.entry(c).or_default().insert(k, body);
        }
        Operation::PutBatch(c, documents) => {
            let answer = storage.put_batch(ctx, c.clone(), documents.clone()).await;
            let batch: BTreeMap<Key, Json> = documents.iter().map(|d| (d.key.clone(), d.body.clone())).collect();
            if batch.len() == documents.len() {
                answer.expect("put_batch");
                model.entry(c).or_default().extend(batch);
            } else {
                assert!(matches!(answer, Err(StorageError::DuplicateKey { .. })), "{answer:?}");
            }
        }
        Operation::Delete(c, k) => {
            let removed = model.entry(c.clone()).or_default().remove(&k).is_some();
            assert_eq!(storage.delete(ctx, c, k).await.expect("delete"), removed);
        }
        Operation::Get(c, k) => {
            let expected = model.get(&c).and_then(|documents| documents.get(&k)).cloned();
            let found = storage.get(ctx, c, k).await.expect("get");
            assert_eq!(found.map(|document| document.body), expected);
        }
        Operation::Scan(c, range, limit) => {
            let expected: Vec<Document> = model
                .get(&c)
                .into_iter()
                .flatten()
                .filter(|(key, _)| range.holds(key.as_str()))
                .map(|(key, body)| Document::new(key.clone(), body.clone()))
                .collect();
            let counted = storage.count(ctx, c.clone(), range.clone()).await.expect("count");
            assert_eq!(counted, expected.len() as u64);
            assert_eq!(all_pages(storage, ctx, c, range, limit).await, expected);
        }
    }
}

async fn all_pages(storage: &impl Storage, ctx: &Ctx, c: Collection, range: KeyRange, limit: Limit) -> Vec<Document> {
    let mut documents = Vec::new();
    let mut cursor = None;
    loop {
        let Page { documents: page, cursor: next } =
            storage.scan(ctx, c.clone(), range.clone(), cursor, limit).await.expect("scan");
        assert!(page.len() <= limit.get() && !(page.is_empty() && next.is_some()));
        documents.extend(page);
        match next {
            Some(next) => cursor = Some(next),
            None => return documents,
        }
    }
}
