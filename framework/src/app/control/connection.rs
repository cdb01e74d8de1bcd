use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncWriteExt, Interest};
use tokio::sync::mpsc;

use super::lines::{Lines, NoLine};
use super::{CANCEL, Desk, Progress, Request, Wish};
use crate::app::platform::{ReadHalf, Stream, WriteHalf};
use crate::call::{Cancel, Ctx};
use crate::clock;
use crate::error::CallError;
use crate::host::Answer;
use crate::limit;
use crate::security::Principal;

/// How often a client that says no more is looked after while its call runs.
const LOOK: Duration = Duration::from_millis(100);

/// One client.
pub(super) struct Connection {
    lines: Lines<ReadHalf>,
    to: WriteHalf,
    /// The request after the one under way.
    next: Option<Vec<u8>>,
    /// The client says no more; it may still listen.
    quiet: bool,
}

/// A call under way: how to give it up, and what it tells of its progress.
struct Call {
    cancel: Cancel,
    told: mpsc::Receiver<Progress>,
    /// Whether the client wants items and progress as they come.
    stream: bool,
}

impl Connection {
    pub(super) fn new(stream: Stream) -> Self {
        let (from, to) = stream.into_split();
        Self {
            lines: Lines::new(from),
            to,
            next: None,
            quiet: false,
        }
    }

    /// Tells that there is no place left.
    pub(super) async fn refuse(&mut self) {
        let error = CallError::limit(format!(
            "the control socket serves {} connections already",
            limit::CONNECTIONS
        ));
        // A client that is gone needs no answer.
        drop(self.error(&error.retryable(true)).await);
    }

    /// Answers one request after the other until the client leaves.
    pub(super) async fn serve(&mut self, desk: &Desk) {
        loop {
            let line = match self.next.take() {
                Some(line) => line,
                None if self.quiet => return,
                None => match self.lines.next().await {
                    Ok(line) => line,
                    Err(NoLine::Ended | NoLine::Broken(_)) => return,
                    Err(NoLine::TooLong) => {
                        let message = format!("a request has at most {} bytes", limit::JSON_BYTES);
                        // The connection ends either way: what follows cannot be told from this line.
                        drop(self.error(&CallError::limit(message)).await);
                        return;
                    }
                },
            };
            let is_blank = line.iter().all(u8::is_ascii_whitespace);
            if !is_blank && self.answer(desk, &line).await.is_err() {
                return;
            }
        }
    }

    async fn answer(&mut self, desk: &Desk, line: &[u8]) -> io::Result<()> {
        let request = match Request::read(line) {
            Ok(request) => request,
            Err(refused) => return self.error(&refused).await,
        };
        match request.wish() {
            Ok(Wish::Call(method)) => self.call(desk, method, &request).await,
            Ok(Wish::Control(verb)) => match desk.control(verb).await {
                Ok(value) => self.json("result", value).await,
                Err(error) => self.error(&error).await,
            },
            Err(refused) => self.error(&refused).await,
        }
    }

    async fn call(&mut self, desk: &Desk, method: &str, request: &Request<'_>) -> io::Result<()> {
        let (teller, told) = mpsc::channel(limit::PROGRESS);
        let mut call = Call {
            cancel: Cancel::new(),
            told,
            stream: request.stream,
        };
        let ctx = match ctx(desk, request, &call.cancel) {
            Ok(ctx) if request.stream => ctx.with_progress(Arc::new(move |fraction, message| {
                // A client that reads slowly misses some reports; the next one says more anyway.
                drop(teller.try_send(Progress {
                    fraction,
                    message: message.to_owned(),
                }));
            })),
            Ok(ctx) => ctx,
            Err(refused) => return self.error(&refused).await,
        };
        let params = request.params.map_or("", |params| params.get());
        let calling = desk
            .host
            .call_apart(&ctx, method, params.as_bytes().to_vec());
        let mut items = match self.attend(&mut call, calling).await? {
            Ok(Answer::Value(value)) => return self.line("result", &value).await,
            Ok(Answer::Stream(items)) => items,
            Err(error) => return self.error(&error).await,
        };
        if !request.stream {
            return match self.attend(&mut call, crate::host::collect(items)).await? {
                Ok(array) => self.line("result", &array).await,
                Err(error) => self.error(&error).await,
            };
        }
        loop {
            match self.attend(&mut call, items.next()).await? {
                Some(Ok(item)) => self.line("item", &item).await?,
                Some(Err(error)) => return self.error(&error).await,
                None => return self.json("end", true.into()).await,
            }
        }
    }

    /// Waits for a call; meanwhile passes its progress on, and gives it up when the client says so or leaves.
    async fn attend<T>(&mut self, call: &mut Call, work: impl Future<Output = T>) -> io::Result<T> {
        tokio::pin!(work);
        loop {
            let has_room = !self.quiet && self.next.is_none();
            let told = tokio::select! {
                biased;
                Some(told) = call.told.recv(), if call.stream => Some(told),
                done = &mut work => return Ok(done),
                line = self.lines.next(), if has_room => {
                    match line {
                        Ok(line) if is_cancel(&line) => call.cancel.cancel(),
                        Ok(line) => self.next = Some(line),
                        Err(NoLine::Ended) => self.quiet = true,
                        Err(NoLine::TooLong | NoLine::Broken(_)) => {
                            self.quiet = true;
                            call.cancel.cancel();
                        }
                    }
                    None
                }
                gone = gone(&self.to), if self.quiet && !call.cancel.is_cancelled() => {
                    if gone {
                        call.cancel.cancel();
                    }
                    None
                }
            };
            if let Some(told) = told {
                self.json("progress", json!(told))
                    .await
                    .inspect_err(|_| call.cancel.cancel())?;
            }
        }
    }

    async fn error(&mut self, error: &CallError) -> io::Result<()> {
        self.json("error", json!(error)).await
    }

    async fn json(&mut self, key: &str, value: Value) -> io::Result<()> {
        self.line(key, value.to_string().as_bytes()).await
    }

    /// Writes one line around what is JSON already.
    async fn line(&mut self, key: &str, json: &[u8]) -> io::Result<()> {
        let mut line = format!("{{\"{key}\":").into_bytes();
        line.extend_from_slice(json);
        line.extend_from_slice(b"}\n");
        self.to.write_all(&line).await
    }
}

/// After a moment: whether a client that says no more has stopped listening as well.
async fn gone(to: &WriteHalf) -> bool {
    // Nothing ever completes here but the wait itself.
    clock::until(clock::now() + LOOK, std::future::pending::<()>()).await;
    match to.ready(Interest::WRITABLE).await {
        Ok(ready) => ready.is_write_closed(),
        Err(_) => true,
    }
}

fn is_cancel(line: &[u8]) -> bool {
    Request::read(line).is_ok_and(|request| request.control.as_deref() == Some(CANCEL))
}

fn ctx(desk: &Desk, request: &Request<'_>, cancel: &Cancel) -> Result<Ctx, CallError> {
    let principal = request
        .principal
        .as_deref()
        .map_or_else(Principal::operator, Principal::named);
    let mut ctx = desk.host.ctx_as(&principal).with_cancel(cancel);
    if let Some(deadline) = request.deadline_ms {
        ctx = ctx.with_timeout(Duration::from_millis(deadline));
    }
    if let Some(traceparent) = &request.traceparent {
        ctx = ctx
            .with_traceparent(traceparent)
            .map_err(|refused| refused.pointer("/traceparent"))?;
    }
    if let Some(key) = &request.idempotency_key {
        ctx = ctx.with_idempotency_key(key.clone());
    }
    #[cfg(feature = "transaction")]
    if let Some(id) = &request.transaction {
        let joined = id
            .parse()
            .and_then(|id| desk.host.transactions().join(&ctx, id));
        ctx = joined.map_err(|refused| refused.pointer("/transaction"))?;
    }
    Ok(ctx)
}
