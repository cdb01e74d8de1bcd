//! What is stored, and how it is listed.

use weldkit::Json;

use crate::{Collection, Cursor, Key};

/// One document and the key that it is stored under.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// The key.
    pub key: Key,
    /// The document itself.
    pub body: Json,
}

impl Document {
    /// A document under its key.
    pub fn new(key: Key, body: Json) -> Self {
        Self { key, body }
    }
}

/// One document of an export, with the place that it came from.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Exported {
    /// The collection.
    pub collection: Collection,
    /// The key.
    pub key: Key,
    /// The document itself.
    pub body: Json,
}

/// What an import does when a document is there already.
#[weldkit::data]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Existing {
    /// Nothing is written, and the first such document is named.
    #[default]
    Refuse,
    /// It is replaced.
    Replace,
}

/// One page of a listing.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The documents, in the order of their keys.
    pub documents: Vec<Document>,
    /// Where the next page starts; none when this page is the last.
    #[serde(default)]
    pub cursor: Option<Cursor>,
}
