//! A small contract and its providers, good and bad, for the tests of the core.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use weldkit::{Background, CallError, Ctx, Health, Meter, Service, Settings, StateDir, Stream};

/// A note.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Note {
    /// At most 10 characters.
    #[garde(length(max = 10))]
    pub(crate) text: String,
    /// From 1 to 5.
    #[garde(range(min = 1, max = 5))]
    #[serde(default = "one")]
    pub(crate) stars: u32,
}

fn one() -> u32 {
    1
}

/// What can go wrong with a note.
#[derive(Debug, thiserror::Error, weldkit::ServiceError)]
pub(crate) enum NoteError {
    /// No such note.
    #[error("no note `{id}`")]
    #[service_error(code = "not_found")]
    NoSuchNote {
        /// The id that was asked for.
        id: u64,
    },
    /// The shelf is full.
    #[error("the shelf is full")]
    #[service_error(retryable)]
    ShelfFull,
    /// The host's own errors.
    #[error(transparent)]
    Call(#[from] CallError),
}

/// Notes on a shelf.
#[weldkit::service(version = "1.2")]
pub(crate) trait Notes {
    /// Reads one.
    #[method(read_only, idempotent)]
    async fn get(&self, ctx: &Ctx, id: u64) -> Result<Note, NoteError>;

    /// Writes one.
    #[method(permission = "notes.write", timeout = "2s", transactional)]
    async fn put(
        &self,
        ctx: &Ctx,
        note: Note,
        #[garde(range(max = 3))]
        #[serde(default)]
        copies: u32,
    ) -> Result<u64, NoteError>;

    /// Counts, at once.
    #[method(read_only)]
    fn count(&self, ctx: &Ctx) -> Result<u64, NoteError>;

    /// All, one by one.
    #[method(read_only)]
    fn all(&self, ctx: &Ctx, up_to: u64) -> Stream<Note, NoteError>;

    /// Does what it is told: `panic`, `wait`, `block`, `yield`, `ok`, `fail`.
    #[method(timeout = "1s")]
    async fn act(&self, ctx: &Ctx, how: String) -> Result<String, NoteError>;

    /// The same on a task of its own.
    #[method(timeout = "1s", isolated)]
    async fn act_apart(&self, ctx: &Ctx, how: String) -> Result<String, NoteError>;
}

/// Settings of the shelf.
#[weldkit::data]
#[derive(Debug, Clone)]
pub(crate) struct ShelfSettings {
    /// What notes say.
    #[serde(default)]
    pub(crate) prefix: String,
    /// How it behaves: `fail`, `panic` or `hang` when it starts, `fail-stop`, `panic-stop` or
    /// `hang-stop` when it stops.
    #[serde(default)]
    pub(crate) mood: String,
}

/// A provider of notes that does as it is told.
#[derive(Debug)]
pub(crate) struct Shelf {
    settings: ShelfSettings,
    written: AtomicU64,
}

#[weldkit::plugin(id = "shelf", provides(Notes), categories("Tests"))]
impl Shelf {
    pub(crate) async fn start(
        settings: Settings<ShelfSettings>,
        meter: Meter,
    ) -> weldkit::Result<Self> {
        meter.counter("starts").add(1);
        match settings.mood.as_str() {
            "fail" => return Err(weldkit::Error::internal("out of wood")),
            "panic" => panic!("no hammer"),
            "hang" => std::future::pending().await,
            _ => {}
        }
        Ok(Self {
            settings: settings.into_inner(),
            written: AtomicU64::new(0),
        })
    }

    pub(crate) async fn stop(&self) -> weldkit::Result<()> {
        match self.settings.mood.as_str() {
            "fail-stop" => Err(weldkit::Error::internal("a nail is stuck")),
            "panic-stop" => panic!("the shelf fell"),
            "hang-stop" => std::future::pending().await,
            _ => Ok(()),
        }
    }

    pub(crate) fn health(&self) -> Health {
        if self.settings.mood == "ill" {
            Health::Degraded("it creaks".into())
        } else {
            Health::Ready
        }
    }

    async fn obey(&self, how: &str) -> Result<String, NoteError> {
        match how {
            "panic" => panic!("told to"),
            "wait" => std::future::pending().await,
            "block" => {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "this is the handler that does what none should"
                )]
                std::thread::sleep(Duration::from_secs(3));
                Ok("blocked".into())
            }
            "yield" => {
                tokio::task::yield_now().await;
                Ok("yielded".into())
            }
            "fail" => Err(NoteError::ShelfFull),
            other => Ok(format!("{}{other}", self.settings.prefix)),
        }
    }
}

impl Notes for Shelf {
    async fn get(&self, _: &Ctx, id: u64) -> Result<Note, NoteError> {
        if id > 9 {
            return Err(NoteError::NoSuchNote { id });
        }
        Ok(Note {
            text: format!("{}{id}", self.settings.prefix),
            stars: 1,
        })
    }

    async fn put(&self, _: &Ctx, _: Note, copies: u32) -> Result<u64, NoteError> {
        Ok(self
            .written
            .fetch_add(1 + u64::from(copies), Ordering::Relaxed))
    }

    fn count(&self, _: &Ctx) -> Result<u64, NoteError> {
        Ok(self.written.load(Ordering::Relaxed))
    }

    fn all(&self, _: &Ctx, up_to: u64) -> Stream<Note, NoteError> {
        Stream::from_iter((0..up_to).map(|id| match id {
            7 => Err(NoteError::NoSuchNote { id }),
            8 => panic!("never reached: an error ends a stream"),
            id => Ok(Note {
                text: id.to_string(),
                stars: 1,
            }),
        }))
    }

    async fn act(&self, _: &Ctx, how: String) -> Result<String, NoteError> {
        self.obey(&how).await
    }

    async fn act_apart(&self, _: &Ctx, how: String) -> Result<String, NoteError> {
        self.obey(&how).await
    }
}

/// Reads notes of others.
#[weldkit::service]
pub(crate) trait Reader {
    /// Reads a note aloud.
    async fn read(&self, ctx: &Ctx, id: u64) -> Result<String, NoteError>;
    /// Writes a note, which its plugin has not declared.
    async fn write(&self, ctx: &Ctx) -> Result<u64, NoteError>;
    /// Reads on its own behalf.
    async fn read_alone(&self, ctx: &Ctx) -> Result<String, NoteError>;
}

/// A consumer of notes.
#[derive(Debug)]
pub(crate) struct Librarian {
    notes: Service<dyn Notes>,
    background: Background,
}

#[weldkit::plugin(id = "librarian", provides(Reader))]
impl Librarian {
    pub(crate) fn start(
        notes: Service<dyn Notes>,
        background: Background,
        _state: StateDir,
    ) -> weldkit::Result<Self> {
        Ok(Self { notes, background })
    }
}

impl Reader for Librarian {
    async fn read(&self, ctx: &Ctx, id: u64) -> Result<String, NoteError> {
        Ok(self.notes.get(ctx, id).await?.text)
    }

    async fn write(&self, ctx: &Ctx) -> Result<u64, NoteError> {
        self.notes
            .put(
                ctx,
                Note {
                    text: "x".into(),
                    stars: 1,
                },
                0,
            )
            .await
    }

    async fn read_alone(&self, _: &Ctx) -> Result<String, NoteError> {
        Ok(self.notes.get(&self.background.ctx(), 1).await?.text)
    }
}
