//! The other side: a command that asks a running host.

use std::io;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use tokio::io::AsyncWriteExt;

use super::lines::{Lines, NoLine};
use super::{CANCEL, Progress, Request, SOCKET};
use crate::app::failure::Failure;
use crate::app::platform::{self, ReadHalf, WriteHalf};
use crate::clock;
use crate::error::{CallError, Error, ErrorKind};
use crate::limit;

/// A connection to a running host.
#[derive(Debug)]
pub(in crate::app) struct Client {
    lines: Lines<ReadHalf>,
    to: WriteHalf,
}

/// One line of an answer.
#[derive(Debug)]
pub(in crate::app) enum Event {
    /// The call has got so far.
    Progress(Progress),
    /// One item of a stream, as JSON.
    Item(Vec<u8>),
    /// The result, as JSON: the last line.
    Result(Vec<u8>),
    /// A stream is over: the last line.
    End,
    /// The call failed: the last line.
    Error(CallError),
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    result: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    item: Option<&'a RawValue>,
    progress: Option<Progress>,
    end: Option<bool>,
    error: Option<CallError>,
}

/// `null` is a result like any other.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(from).map(Some)
}

impl Client {
    /// Connects to the host that serves on a state folder; `None` when there is none.
    pub(in crate::app) async fn connect(state: &Path) -> Result<Option<Self>, Failure> {
        match platform::connect(state, SOCKET).await {
            Ok(stream) => {
                let (from, to) = stream.into_split();
                Ok(Some(Self {
                    lines: Lines::new(from),
                    to,
                }))
            }
            Err(fault) if is_nobody(&fault) => Ok(None),
            Err(fault) => {
                let path = state.join(SOCKET);
                let message = format!("cannot reach the host at `{}`: {fault}", path.display());
                Err(Error::new(ErrorKind::State, message).into())
            }
        }
    }

    /// Asks one question about the state of the host.
    pub(in crate::app) async fn control<T: DeserializeOwned>(
        &mut self,
        verb: &str,
    ) -> Result<T, Failure> {
        let answer = async {
            let request = Request {
                control: Some(verb.into()),
                ..Request::default()
            };
            self.send(&request).await?;
            self.next().await
        };
        // A reload takes as long as plugins take to start; the host bounds that itself.
        let event = if verb == super::RELOAD {
            answer.await?
        } else {
            clock::until(clock::now() + limit::CONTROL, answer)
                .await
                .ok_or_else(silent)??
        };
        match event {
            Event::Result(json) => {
                Ok(serde_json::from_slice(&json).map_err(|fault| broken(&fault.to_string()))?)
            }
            Event::Error(error) => Err(error.into()),
            Event::Progress(_) | Event::Item(_) | Event::End => {
                Err(broken("an item came where a result was due"))
            }
        }
    }

    /// Sends a request.
    pub(in crate::app) async fn send(&mut self, request: &Request<'_>) -> Result<(), Failure> {
        let mut line = serde_json::to_vec(request).map_err(|fault| broken(&fault.to_string()))?;
        line.push(b'\n');
        self.to
            .write_all(&line)
            .await
            .map_err(|fault| broken(&fault.to_string()))
    }

    /// Gives up the call under way; its answer still comes.
    pub(in crate::app) async fn cancel(&mut self) -> Result<(), Failure> {
        self.send(&Request {
            control: Some(CANCEL.into()),
            ..Request::default()
        })
        .await
    }

    /// The next line of the answer. Nothing is lost when this is dropped.
    pub(in crate::app) async fn next(&mut self) -> Result<Event, Failure> {
        let line = match self.lines.next().await {
            Ok(line) => line,
            Err(NoLine::Ended) => return Err(broken("it closed the connection")),
            Err(NoLine::TooLong) => return Err(broken("its answer is too long")),
            Err(NoLine::Broken(fault)) => return Err(broken(&fault.to_string())),
        };
        let line: Line<'_> =
            serde_json::from_slice(&line).map_err(|fault| broken(&fault.to_string()))?;
        let bytes = |json: &RawValue| json.get().as_bytes().to_vec();
        let event = match line {
            Line {
                error: Some(error), ..
            } => Event::Error(error),
            Line {
                result: Some(result),
                ..
            } => Event::Result(bytes(result)),
            Line {
                item: Some(item), ..
            } => Event::Item(bytes(item)),
            Line {
                progress: Some(progress),
                ..
            } => Event::Progress(progress),
            Line {
                end: Some(true), ..
            } => Event::End,
            _ => return Err(broken("its answer means nothing")),
        };
        Ok(event)
    }
}

/// No socket, or one that a dead process left behind.
fn is_nobody(fault: &io::Error) -> bool {
    matches!(
        fault.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused | io::ErrorKind::NotADirectory
    )
}

fn silent() -> Failure {
    CallError::unavailable(format!(
        "the running host did not answer within {:?}",
        limit::CONTROL
    ))
    .into()
}

fn broken(what: &str) -> Failure {
    CallError::unavailable(format!("the running host cannot be talked to: {what}")).into()
}
