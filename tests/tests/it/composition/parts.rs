//! What the composites of the tests are made of.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use weldkit::{CallError, Ctx, Meter, Settings, Stream};

/// A number with a name.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Named {
    /// Its name.
    pub(crate) name: String,
    /// The number.
    pub(crate) value: i64,
}

/// Arithmetic, so that every graph can be computed by hand.
#[weldkit::service(name = "desk", version = "1.0")]
pub(crate) trait Arithmetic {
    /// Adds.
    #[method(read_only, idempotent)]
    async fn add(&self, ctx: &Ctx, a: i64, #[serde(default)] b: i64) -> Result<Named, CallError>;

    /// Gives a named number back, twice as large.
    #[method(read_only, idempotent)]
    async fn double(&self, ctx: &Ctx, name: String, value: i64) -> Result<Named, CallError>;

    /// Sums up.
    #[method(read_only, idempotent)]
    async fn sum(&self, ctx: &Ctx, values: Vec<i64>) -> Result<i64, CallError>;

    /// Counts from one.
    #[method(read_only, idempotent)]
    fn count(&self, ctx: &Ctx, up_to: i64) -> Stream<i64, CallError>;

    /// A text.
    #[method(read_only, idempotent)]
    async fn text(&self, ctx: &Ctx, value: i64) -> Result<String, CallError>;
}

#[derive(Debug)]
pub(crate) struct Desk;

#[weldkit::plugin(id = "desk", provides(Arithmetic))]
impl Desk {
    async fn start() -> weldkit::Result<Self> {
        Ok(Self)
    }
}

impl Arithmetic for Desk {
    async fn add(&self, _: &Ctx, a: i64, b: i64) -> Result<Named, CallError> {
        Ok(Named {
            name: "sum".into(),
            value: a + b,
        })
    }

    async fn double(&self, _: &Ctx, name: String, value: i64) -> Result<Named, CallError> {
        Ok(Named {
            name,
            value: 2 * value,
        })
    }

    async fn sum(&self, _: &Ctx, values: Vec<i64>) -> Result<i64, CallError> {
        Ok(values.iter().sum())
    }

    fn count(&self, _: &Ctx, up_to: i64) -> Stream<i64, CallError> {
        Stream::from_iter((1..=up_to).map(Ok))
    }

    async fn text(&self, _: &Ctx, value: i64) -> Result<String, CallError> {
        Ok(value.to_string())
    }
}

/// Keeps what it is told.
#[weldkit::service(name = "ledger", version = "1.0")]
pub(crate) trait Book {
    /// Writes a line.
    #[method(permission = "ledger.write")]
    async fn write(&self, ctx: &Ctx, name: String, value: i64) -> Result<u64, CallError>;

    /// All lines.
    #[method(read_only)]
    async fn lines(&self, ctx: &Ctx) -> Result<Vec<Named>, CallError>;
}

#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<Vec<Named>>);

#[weldkit::plugin(id = "ledger", provides(Book))]
impl Ledger {
    async fn start() -> weldkit::Result<Self> {
        Ok(Self::default())
    }
}

impl Book for Ledger {
    async fn write(&self, _: &Ctx, name: String, value: i64) -> Result<u64, CallError> {
        let mut lines = self.0.lock().unwrap();
        lines.push(Named { name, value });
        Ok(lines.len() as u64)
    }

    async fn lines(&self, _: &Ctx) -> Result<Vec<Named>, CallError> {
        Ok(self.0.lock().unwrap().clone())
    }
}

/// Answers, fails or waits, as its settings say.
#[weldkit::service(name = "flaky", version = "1.0")]
pub(crate) trait Moody {
    /// A number times the factor of the instance.
    #[method(read_only, idempotent)]
    async fn scale(&self, ctx: &Ctx, value: i64) -> Result<i64, CallError>;

    /// The same, as something that may happen only once.
    async fn charge(&self, ctx: &Ctx, value: i64) -> Result<i64, CallError>;

    /// How often `scale` and `charge` were called.
    #[method(read_only)]
    fn calls(&self, ctx: &Ctx) -> Result<u64, CallError>;

    /// Something, if the number is even.
    #[method(read_only, idempotent)]
    async fn known(&self, ctx: &Ctx, value: i64) -> Result<Option<i64>, CallError>;
}

/// How it behaves.
#[weldkit::data]
#[derive(Debug, Clone)]
pub(crate) struct Mood {
    /// `ok`, `fail`, `effect`, `panic`, `wait`; the first calls of `stumble` fail.
    #[serde(default)]
    pub(crate) mood: String,
    /// What numbers are multiplied with.
    #[serde(default)]
    pub(crate) factor: i64,
    /// How many calls fail first.
    #[serde(default)]
    pub(crate) stumble: u64,
}

#[derive(Debug)]
pub(crate) struct Flaky {
    mood: Mood,
    calls: AtomicU64,
}

#[weldkit::plugin(id = "flaky", provides(Moody))]
impl Flaky {
    async fn start(settings: Settings<Mood>, meter: Meter) -> weldkit::Result<Self> {
        meter.counter("starts").add(1);
        Ok(Self {
            mood: settings.into_inner(),
            calls: AtomicU64::new(0),
        })
    }

    async fn obey(&self, value: i64) -> Result<i64, CallError> {
        let call = self.calls.fetch_add(1, Relaxed);
        if call < self.mood.stumble {
            return Err(CallError::unavailable("stumbled"));
        }
        match self.mood.mood.as_str() {
            "fail" => Err(CallError::unavailable("out of order")),
            "effect" => Err(CallError::unavailable("half done").effect(weldkit::Effect::Possible)),
            "invalid" => Err(CallError::invalid_parameter("not this one")),
            "panic" => panic!("told to"),
            "wait" => std::future::pending().await,
            _ => Ok(value * self.mood.factor),
        }
    }
}

impl Moody for Flaky {
    async fn scale(&self, _: &Ctx, value: i64) -> Result<i64, CallError> {
        self.obey(value).await
    }

    async fn charge(&self, _: &Ctx, value: i64) -> Result<i64, CallError> {
        self.obey(value).await
    }

    fn calls(&self, _: &Ctx) -> Result<u64, CallError> {
        Ok(self.calls.load(Relaxed))
    }

    async fn known(&self, _: &Ctx, value: i64) -> Result<Option<i64>, CallError> {
        self.calls.fetch_add(1, Relaxed);
        Ok((value % 2 == 0).then_some(value))
    }
}
