//! What is kept of runs: a container of the host, so that one forced record of its journal is one step.
//!
//! ```text
//! h/RUN         how it was started and how it ended
//! e/RUN/SEQ     what has happened to it, in order
//! g/RUN/KEY     that a group of tasks is committed, written by its own transaction
//! d/ID/SUM      the documents that runs were started with, and those that are registered
//! w/ID          which of them is registered
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::call::Ctx;
use crate::error::{CallError, Result};
use crate::orchestration::definition::DefinitionId;
use crate::orchestration::run::{Event, Key, State};
use crate::transaction::{BytesMap, BytesRange, Containers, Durability};

/// How a run was started, and how it ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) definition: DefinitionId,
    /// The key of its document.
    pub(super) document: String,
    pub(super) input: Arc<Value>,
    pub(super) principal: Arc<str>,
    /// What only some of its runs may share at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<String>,
    pub(super) started_ms: u64,
    /// What the methods that it calls looked like when it was started, by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) contracts: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ended: Option<Ended>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Ended {
    pub(super) at_ms: u64,
    pub(super) state: State,
}

/// An event with its time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Milliseconds since 1970.
    pub(super) at_ms: u64,
    #[serde(flatten)]
    pub(super) event: Event,
}

/// Where runs are kept.
#[derive(Debug, Clone)]
pub(super) struct Store {
    map: BytesMap,
}

impl Store {
    pub(super) async fn open(containers: &Containers) -> Result<Self> {
        let map = containers.bytes("runs", Durability::Durable).await?;
        Ok(Self { map })
    }

    /// Keeps a document, under a key that its text gives.
    pub(super) async fn keep_document(
        &self,
        ctx: &Ctx,
        id: &DefinitionId,
        text: &str,
    ) -> Result<String, CallError> {
        let key = format!("d/{id}/{:016x}", fnv(text));
        match self.map.get(ctx, key.as_bytes()).await? {
            Some(kept) if *kept == *text.as_bytes() => {}
            Some(_) => {
                return Err(CallError::invalid_parameter(format!(
                    "another document of `{id}` is kept under `{key}`; give this one another version"
                )));
            }
            None => {
                let text = text.as_bytes().to_vec();
                self.map.put(ctx, key.as_bytes(), text).await?;
            }
        }
        Ok(key)
    }

    pub(super) async fn document(&self, ctx: &Ctx, key: &str) -> Result<String, CallError> {
        let text = self.map.get(ctx, key.as_bytes()).await?;
        let text = text.ok_or_else(|| CallError::internal(format!("`{key}` is not kept")))?;
        String::from_utf8(text.to_vec()).map_err(|_| CallError::internal("a document is no text"))
    }

    /// Keeps a document as the one that is registered under its id.
    pub(super) async fn register(
        &self,
        ctx: &Ctx,
        id: &DefinitionId,
        text: &str,
    ) -> Result<(), CallError> {
        let document = self.keep_document(ctx, id, text).await?;
        let key = format!("w/{id}");
        if self.map.get(ctx, key.as_bytes()).await?.as_deref() == Some(document.as_bytes()) {
            return Ok(());
        }
        self.map
            .put(ctx, key.as_bytes(), document.into_bytes())
            .await
    }

    /// The documents that are registered: the text of each under its id.
    pub(super) async fn registered(
        &self,
        ctx: &Ctx,
    ) -> Result<Vec<(DefinitionId, String)>, CallError> {
        let mut found = Vec::new();
        let visit = |key: &[u8], document: &[u8]| {
            let id = id(&String::from_utf8_lossy(&key[2..]));
            found.push((id, String::from_utf8_lossy(document).into_owned()));
            true
        };
        self.map.visit(ctx, &under("w/"), visit).await?;
        let mut documents = Vec::with_capacity(found.len());
        for (id, key) in found {
            documents.push((id, self.document(ctx, &key).await?));
        }
        Ok(documents)
    }

    pub(super) async fn put_head(
        &self,
        ctx: &Ctx,
        run: &str,
        head: &Head,
    ) -> Result<(), CallError> {
        let key = format!("h/{run}");
        self.map.put(ctx, key.as_bytes(), json(head)?).await
    }

    pub(super) async fn head(&self, ctx: &Ctx, run: &str) -> Result<Option<Head>, CallError> {
        let found = self.map.get(ctx, format!("h/{run}").as_bytes()).await?;
        found.map(|text| parsed(&text)).transpose()
    }

    /// All heads, by their runs.
    pub(super) async fn heads(&self, ctx: &Ctx) -> Result<Vec<(String, Head)>, CallError> {
        let (mut heads, mut fault) = (Vec::new(), None);
        let visit = |key: &[u8], value: &[u8]| {
            let run = String::from_utf8_lossy(&key[2..]).into_owned();
            match parsed(value) {
                Ok(head) => heads.push((run, head)),
                Err(found) => fault = Some(found),
            }
            fault.is_none()
        };
        self.map.visit(ctx, &under("h/"), visit).await?;
        fault.map_or(Ok(heads), Err)
    }

    /// Appends what has happened: all of it, or nothing.
    pub(super) async fn append(
        &self,
        ctx: &Ctx,
        run: &str,
        first: u64,
        entries: &[Entry],
    ) -> Result<(), CallError> {
        let mut changes = Vec::with_capacity(entries.len());
        for (entry, seq) in entries.iter().zip(first..) {
            changes.push((event_key(run, seq), Some(json(entry)?)));
        }
        match <[_; 1]>::try_from(changes) {
            Ok([(key, value)]) => self.map.put(ctx, &key, value.unwrap_or_default()).await,
            Err(changes) => self.map.put_all(ctx, changes).await,
        }
    }

    /// What has happened to a run.
    pub(super) async fn entries(&self, ctx: &Ctx, run: &str) -> Result<Vec<Entry>, CallError> {
        let (mut entries, mut fault) = (Vec::new(), None);
        let visit = |_: &[u8], value: &[u8]| {
            match parsed(value) {
                Ok(entry) => entries.push(entry),
                Err(found) => fault = Some(found),
            }
            fault.is_none()
        };
        self.map
            .visit(ctx, &under(&format!("e/{run}/")), visit)
            .await?;
        fault.map_or(Ok(entries), Err)
    }

    /// Notes inside of its transaction that a group is done.
    pub(super) async fn put_group(
        &self,
        ctx: &Ctx,
        run: &str,
        done: &Event,
        key: &Key,
    ) -> Result<(), CallError> {
        let name = format!("g/{run}/{key}");
        self.map.put(ctx, name.as_bytes(), json(done)?).await
    }

    /// How a group ended, if its transaction was committed.
    pub(super) async fn group(
        &self,
        ctx: &Ctx,
        run: &str,
        key: &Key,
    ) -> Result<Option<Event>, CallError> {
        let name = format!("g/{run}/{key}");
        let found = self.map.get(ctx, name.as_bytes()).await?;
        found.map(|text| parsed(&text)).transpose()
    }

    /// Forgets a run.
    pub(super) async fn forget(&self, ctx: &Ctx, run: &str) -> Result<(), CallError> {
        let mut gone = vec![(format!("h/{run}").into_bytes(), None)];
        for prefix in [format!("e/{run}/"), format!("g/{run}/")] {
            let visit = |key: &[u8], _: &[u8]| {
                gone.push((key.to_vec(), None));
                true
            };
            self.map.visit(ctx, &under(&prefix), visit).await?;
        }
        self.map.put_all(ctx, gone).await
    }
}

/// An id, from how it is shown. Neither a namespace nor a name has a `/`.
fn id(text: &str) -> DefinitionId {
    let mut parts = text.splitn(3, '/').map(str::to_owned);
    let mut part = || parts.next().unwrap_or_default();
    DefinitionId {
        namespace: part(),
        name: part(),
        version: part(),
    }
}

/// In the order of their numbers.
fn event_key(run: &str, seq: u64) -> Vec<u8> {
    let mut key = format!("e/{run}/").into_bytes();
    key.extend(seq.to_be_bytes());
    key
}

/// All keys that begin so.
fn under(prefix: &str) -> BytesRange {
    let from = prefix.as_bytes().to_vec();
    let mut until = from.clone();
    if let Some(last) = until.last_mut() {
        // A prefix ends with `/`: the next byte is the first that begins otherwise.
        *last += 1;
    }
    BytesRange {
        from,
        until: Some(until),
    }
}

/// FNV-1a: tells texts of one id apart, no more.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, CallError> {
    serde_json::to_vec(value).map_err(|fault| CallError::internal(fault.to_string()))
}

fn parsed<T: for<'de> Deserialize<'de>>(text: &[u8]) -> Result<T, CallError> {
    serde_json::from_slice(text)
        .map_err(|fault| CallError::internal(format!("what is kept of a run is damaged: {fault}")))
}
