//! Any script of operations, beside a plain map.

use std::collections::BTreeMap;

use proptest::prelude::*;
use weldkit::{Ctx, Json};

use super::{collection, key};
use crate::{Collection, Document, Key, KeyRange, Limit, Page, Storage, StorageError};

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
    let bodies = || {
        prop_oneof![
            any::<i64>().prop_map(Json::from),
            any::<f64>().prop_map(Json::from),
            ".{0,9}".prop_map(Json::from)
        ]
    };
    let documents = (keys(), bodies()).prop_map(|(key, body)| Document::new(key, body));
    let bound = || prop::option::of(prop_oneof![Just(String::new()), text()]);
    let ranges = (bound(), bound(), bound()).prop_map(|(prefix, from, until)| KeyRange {
        prefix,
        from,
        until,
    });
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
    let names = storage
        .collections(ctx, None, Limit::MAX)
        .await
        .expect("collections");
    let expected: Vec<Collection> = model
        .iter()
        .filter(|(_, documents)| !documents.is_empty())
        .map(|(name, _)| name.clone())
        .collect();
    assert_eq!(names, expected);
}

async fn step(storage: &impl Storage, ctx: &Ctx, model: &mut Model, operation: Operation) {
    match operation {
        Operation::Put(c, k, body) => {
            storage
                .put(ctx, c.clone(), k.clone(), body.clone())
                .await
                .expect("put");
            model.entry(c).or_default().insert(k, body);
        }
        Operation::PutBatch(c, documents) => {
            let answer = storage.put_batch(ctx, c.clone(), documents.clone()).await;
            let batch: BTreeMap<Key, Json> = documents
                .iter()
                .map(|d| (d.key.clone(), d.body.clone()))
                .collect();
            if batch.len() == documents.len() {
                answer.expect("put_batch");
                model.entry(c).or_default().extend(batch);
            } else {
                assert!(
                    matches!(answer, Err(StorageError::DuplicateKey { .. })),
                    "{answer:?}"
                );
            }
        }
        Operation::Delete(c, k) => {
            let removed = model.entry(c.clone()).or_default().remove(&k).is_some();
            assert_eq!(storage.delete(ctx, c, k).await.expect("delete"), removed);
        }
        Operation::Get(c, k) => {
            let expected = model
                .get(&c)
                .and_then(|documents| documents.get(&k))
                .cloned();
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
            let counted = storage
                .count(ctx, c.clone(), range.clone())
                .await
                .expect("count");
            assert_eq!(counted, expected.len() as u64);
            assert_eq!(all_pages(storage, ctx, c, range, limit).await, expected);
        }
    }
}

async fn all_pages(
    storage: &impl Storage,
    ctx: &Ctx,
    c: Collection,
    range: KeyRange,
    limit: Limit,
) -> Vec<Document> {
    let mut documents = Vec::new();
    let mut cursor = None;
    loop {
        let Page {
            documents: page,
            cursor: next,
        } = storage
            .scan(ctx, c.clone(), range.clone(), cursor, limit)
            .await
            .expect("scan");
        assert!(page.len() <= limit.get() && !(page.is_empty() && next.is_some()));
        documents.extend(page);
        match next {
            Some(next) => cursor = Some(next),
            None => return documents,
        }
    }
}
