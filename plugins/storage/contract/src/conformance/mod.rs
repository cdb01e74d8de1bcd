//! What every provider of storage must do: its tests run this against it.
//!
//! [`check`] walks the contract case by case; [`replay`] runs a script of operations beside a plain map and
//! compares every answer. Both leave a panic with the place of the broken promise.

mod model;

use serde_json::json;
use weldkit::{Ctx, Json};

use crate::provider::{BATCH_DOCUMENTS_MAX, DOCUMENT_DEPTH_MAX};
use crate::{
    Collection, Document, Existing, Exported, Key, KeyRange, Limit, Storage, StorageError,
};

pub use self::model::{Operation, replay, scripts};

/// Walks the whole contract. The storage must be empty.
pub async fn check(storage: &impl Storage, ctx: &Ctx) {
    one_document_comes_back_as_it_was_put(storage, ctx).await;
    collections_are_apart(storage, ctx).await;
    a_batch_is_all_or_nothing(storage, ctx).await;
    every_page_comes_once_and_in_order(storage, ctx).await;
    bounds_are_kept(storage, ctx).await;
    an_export_is_one_moment(storage, ctx).await;
    an_import_is_all_or_nothing(storage, ctx).await;
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
    for (at, name) in ["k", "ключ", "a/b c\n\0", &"x".repeat(512)]
        .into_iter()
        .enumerate()
    {
        let (c, k) = (collection("one"), key(name));
        assert_eq!(
            storage.get(ctx, c.clone(), k.clone()).await.expect("get"),
            None
        );
        for body in bodies.iter().cycle().skip(at).take(bodies.len()) {
            storage
                .put(ctx, c.clone(), k.clone(), body.clone())
                .await
                .expect("put");
            let found = storage.get(ctx, c.clone(), k.clone()).await.expect("get");
            assert_eq!(found, Some(Document::new(k.clone(), body.clone())));
        }
        assert!(
            storage
                .delete(ctx, c.clone(), k.clone())
                .await
                .expect("delete")
        );
        assert!(
            !storage
                .delete(ctx, c.clone(), k.clone())
                .await
                .expect("delete again")
        );
        assert_eq!(storage.get(ctx, c, k).await.expect("get"), None);
    }
}

async fn collections_are_apart(storage: &impl Storage, ctx: &Ctx) {
    for name in ["b", "a", "a-1"] {
        storage
            .put(ctx, collection(name), key("k"), json!(name))
            .await
            .expect("put");
    }
    let list = async |after: Option<&str>, limit: u32| {
        let limit = Limit::new(limit).expect("a limit");
        let names = storage
            .collections(ctx, after.map(collection), limit)
            .await
            .expect("collections");
        names.into_iter().map(String::from).collect::<Vec<_>>()
    };
    assert_eq!(list(None, 10).await, ["a", "a-1", "b"]);
    assert_eq!(list(None, 2).await, ["a", "a-1"]);
    assert_eq!(list(Some("a"), 2).await, ["a-1", "b"]);
    assert_eq!(list(Some("b"), 2).await, [""; 0]);
    assert!(
        storage
            .delete(ctx, collection("a"), key("k"))
            .await
            .expect("delete")
    );
    assert_eq!(list(None, 10).await, ["a-1", "b"]);
    let other = storage
        .get(ctx, collection("b"), key("k"))
        .await
        .expect("get");
    assert_eq!(other, Some(document("k", json!("b"))));
    for name in ["a-1", "b"] {
        assert!(
            storage
                .delete(ctx, collection(name), key("k"))
                .await
                .expect("delete")
        );
    }
}

async fn a_batch_is_all_or_nothing(storage: &impl Storage, ctx: &Ctx) {
    let c = collection("batch");
    let put = async |documents| storage.put_batch(ctx, c.clone(), documents).await;
    put(Vec::new()).await.expect("an empty batch");
    let (one, two) = (document("a", json!(1)), document("b", json!(2)));
    put(vec![two.clone(), one.clone()]).await.expect("a batch");
    a_bad_batch_is_refused(storage, ctx, &c).await;
    let page = storage
        .scan(ctx, c.clone(), KeyRange::all(), None, Limit::MAX)
        .await
        .expect("scan");
    assert_eq!(page.documents, [one, two]);
    let replacing = vec![document("a", json!(9)), document("z", json!(0))];
    put(replacing).await.expect("a batch that replaces");
    let count = storage.count(ctx, c.clone(), KeyRange::all()).await;
    assert_eq!(count.expect("count"), 3);
}

async fn a_bad_batch_is_refused(storage: &impl Storage, ctx: &Ctx, c: &Collection) {
    let refused = async |documents, is_right: fn(&StorageError) -> bool| {
        let error = storage.put_batch(ctx, c.clone(), documents).await;
        let error = error.expect_err("a bad batch");
        assert!(is_right(&error), "{error:?}");
    };
    let documents = |keys: &[&str]| keys.iter().map(|key| document(key, json!(key))).collect();
    refused(
        documents(&["c", "d", "c"]),
        |error| matches!(error, StorageError::DuplicateKey { key } if key == "c"),
    )
    .await;
    let deep = nested(DOCUMENT_DEPTH_MAX + 1);
    refused(
        vec![document("e", json!(1)), document("f", deep)],
        |error| matches!(error, StorageError::DocumentLimit { key, .. } if key == "f"),
    )
    .await;
    let many = (0..=BATCH_DOCUMENTS_MAX).map(|i| document(&i.to_string(), json!(i)));
    refused(many.collect(), |error| {
        matches!(error, StorageError::BatchLimit { .. })
    })
    .await;
}

async fn every_page_comes_once_and_in_order(storage: &impl Storage, ctx: &Ctx) {
    let c = collection("pages");
    let documents: Vec<Document> = (0..25)
        .map(|i| document(&format!("{:02}", i * 4 % 25), json!(i)))
        .collect();
    storage
        .put_batch(ctx, c.clone(), documents)
        .await
        .expect("put_batch");
    for limit in [1, 2, 7, 24, 25, 26, 10_000] {
        let limit = Limit::new(limit).expect("a limit");
        for (range, expected) in [
            (KeyRange::all(), 25),
            (KeyRange::prefix("1"), 10),
            (KeyRange::between("05", "07"), 2),
        ] {
            let mut keys: Vec<String> = Vec::new();
            let mut cursor = None;
            loop {
                let page = storage
                    .scan(ctx, c.clone(), range.clone(), cursor, limit)
                    .await
                    .expect("scan");
                assert!(page.documents.len() <= limit.get());
                keys.extend(
                    page.documents
                        .into_iter()
                        .map(|document| document.key.into()),
                );
                cursor = page.cursor;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(keys.len(), expected, "{range:?} {limit:?}");
            assert!(keys.is_sorted_by(|a, b| a < b), "{keys:?}");
            assert!(keys.iter().all(|key| range.holds(key)), "{keys:?}");
            assert_eq!(
                storage.count(ctx, c.clone(), range).await.expect("count"),
                expected as u64
            );
        }
    }
    a_cursor_outlives_its_document(storage, ctx).await;
}

async fn a_cursor_outlives_its_document(storage: &impl Storage, ctx: &Ctx) {
    let c = collection("pages");
    let two = Limit::new(2).expect("a limit");
    let first = storage
        .scan(ctx, c.clone(), KeyRange::all(), None, two)
        .await
        .expect("scan");
    assert!(
        storage
            .delete(ctx, c.clone(), key("01"))
            .await
            .expect("delete")
    );
    let second = storage
        .scan(ctx, c.clone(), KeyRange::all(), first.cursor.clone(), two)
        .await
        .expect("scan");
    assert_eq!(
        second
            .documents
            .first()
            .map(|document| document.key.as_str()),
        Some("02")
    );
    let elsewhere = storage
        .scan(ctx, c, KeyRange::prefix("0"), first.cursor, two)
        .await;
    assert!(
        matches!(elsewhere, Err(StorageError::InvalidCursor { .. })),
        "{elsewhere:?}"
    );
}

async fn an_export_is_one_moment(storage: &impl Storage, ctx: &Ctx) {
    let names = ["export", "export-2", "exporu"].map(collection);
    let mut expected = Vec::new();
    for name in &names {
        // More than what a provider is likely to read in one go, the last one long.
        let bodies = (0..600).map(|at| match at {
            599 => json!("x".repeat(1_000_000)),
            _ => json!({ "at": at }),
        });
        let keys = (0..600).map(|at| format!("{at:03}"));
        let documents = keys.zip(bodies).map(|(key, body)| document(&key, body));
        let documents: Vec<Document> = documents.collect();
        let written = storage.put_batch(ctx, name.clone(), documents.clone());
        written.await.expect("put");
        let exported = |Document { key, body }| Exported {
            collection: name.clone(),
            key,
            body,
        };
        expected.extend(documents.into_iter().map(exported));
    }
    let of_ours = |all: Vec<Exported>| {
        let ours = all
            .into_iter()
            .filter(|one| names.contains(&one.collection));
        ours.collect::<Vec<_>>()
    };
    let mut all = storage.export(ctx, None);
    let mut seen = vec![all.next().await.expect("a first one").expect("export")];
    let one = storage.export(ctx, Some(names[0].clone()));
    assert_eq!(one.collect().await.expect("export"), expected[..600]);
    // What comes after the beginning is not seen: neither changes, nor what is new, nor what goes.
    for name in &names {
        let put = storage.put(ctx, name.clone(), key("300"), json!("later"));
        put.await.expect("put");
        let put = storage.put(ctx, name.clone(), key("3000"), json!("new"));
        put.await.expect("put");
        let gone = storage.delete(ctx, name.clone(), key("400"));
        assert!(gone.await.expect("delete"));
    }
    while let Some(next) = all.next().await {
        seen.push(next.expect("export"));
    }
    assert!(of_ours(seen) == expected, "the export is not of one moment");
    let later = storage.export(ctx, Some(names[1].clone())).collect().await;
    let later: Vec<_> = later
        .expect("export")
        .into_iter()
        .map(|one| one.body)
        .collect();
    assert_eq!(later.len(), 600);
    assert!(later.contains(&json!("later")) && later.contains(&json!("new")));
    // One that nobody reads to its end is no burden.
    for _ in 0..50 {
        let mut given_up = storage.export(ctx, None);
        given_up.next().await.expect("a first one").expect("export");
    }
    let none = storage
        .export(ctx, Some(collection("nothing")))
        .collect()
        .await;
    assert_eq!(none.expect("export"), []);
}

async fn an_import_is_all_or_nothing(storage: &impl Storage, ctx: &Ctx) {
    let names = ["import", "import-2"].map(collection);
    let one = |at: usize, text: &str, body: Json| Exported {
        collection: names[at].clone(),
        key: key(text),
        body,
    };
    let import = async |documents, existing| storage.import(ctx, documents, existing).await;
    let seen = async || {
        let mut all = storage.export(ctx, None).collect().await.expect("export");
        all.retain(|one| names.contains(&one.collection));
        all
    };
    assert_eq!(import(Vec::new(), Existing::Refuse).await.expect("none"), 0);
    let mut all = vec![
        one(0, "a", json!(0.1)),
        one(0, "b", json!({"é": [null, "\u{0}\n"]})),
        one(1, "a", json!(u64::MAX)),
    ];
    let backwards = all.iter().rev().cloned().collect();
    let count = import(backwards, Existing::Refuse).await;
    assert_eq!(count.expect("import"), 3);
    assert_eq!(seen().await, all);

    let refused = async |documents, expected: usize, existing| {
        let error = import(documents, existing).await.expect_err("a bad import");
        let is_right =
            matches!(&error, StorageError::NotImported { number, .. } if *number == expected);
        assert!(is_right, "{error:?}");
        assert!(error.to_string().contains("nothing was written"), "{error}");
    };
    let (new, there) = (one(0, "aa", json!(1)), one(1, "a", json!(2)));
    let (deep, large) = (nested(DOCUMENT_DEPTH_MAX + 1), json!("x".repeat(1_000_000)));
    refused(vec![new.clone(), there.clone()], 2, Existing::Refuse).await;
    for existing in [Existing::Refuse, Existing::Replace] {
        let twice = vec![new.clone(), one(1, "b", large.clone()), new.clone()];
        refused(twice, 3, existing).await;
        refused(vec![new.clone(), one(1, "b", deep.clone())], 2, existing).await;
    }
    assert_eq!(seen().await, all);

    let count = import(vec![there.clone(), new.clone()], Existing::Replace).await;
    assert_eq!(count.expect("an import that replaces"), 2);
    all[2] = there;
    all.insert(1, new);
    assert_eq!(seen().await, all);
}

async fn bounds_are_kept(storage: &impl Storage, ctx: &Ctx) {
    let (c, k) = (collection("bounds"), key("k"));
    storage
        .put(ctx, c.clone(), k.clone(), nested(DOCUMENT_DEPTH_MAX))
        .await
        .expect("a deep document");
    let found = storage.get(ctx, c.clone(), k.clone()).await.expect("get");
    assert_eq!(
        found.map(|document| document.body),
        Some(nested(DOCUMENT_DEPTH_MAX))
    );
    let error = storage
        .put(ctx, c.clone(), k.clone(), nested(DOCUMENT_DEPTH_MAX + 1))
        .await
        .expect_err("too deep");
    assert!(
        matches!(error, StorageError::DocumentLimit { .. }),
        "{error:?}"
    );
    assert_eq!(
        storage.count(ctx, c, KeyRange::all()).await.expect("count"),
        1
    );
}

fn nested(levels: usize) -> Json {
    (0..levels).fold(json!(1), |inner, _| json!([inner]))
}
