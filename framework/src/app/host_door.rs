//! Calls of the services that a host provides itself: to the running host, or to one in this process.

use serde_json::Value;
use serde_json::value::RawValue;

use super::bar::Bar;
use super::control::{Client, Event, Request};
use super::failure::Failure;
use super::output::say;
use super::platform::{Signal, Signals};
use super::session::Loaded;
use super::workers::Workers;
use crate::error::CallError;
use crate::host::{Answer, Host};

/// A host that can be called.
pub(super) enum HostDoor {
    /// It serves already.
    Running(Box<Client>),
    /// It was started for this command, and recovered what an earlier one has left.
    Own(Host, Workers),
}

impl HostDoor {
    /// Reaches the running host if there is one, else starts one.
    pub(super) async fn open(loaded: Loaded) -> Result<Self, Failure> {
        if let Some(client) = Client::connect(loaded.state()).await? {
            return Ok(Self::Running(Box::new(client)));
        }
        loaded.plan()?;
        let mut signals = Signals::new(Signal::Stop)?;
        let workers = Workers::new()?;
        match workers.start(loaded.builder, &mut signals, say).await? {
            Some((host, false)) => Ok(Self::Own(host, workers)),
            _ => Err(CallError::unavailable("given up before the plugins had started").into()),
        }
    }

    /// Calls a method that gives one value.
    pub(super) async fn call(&mut self, method: &str, params: &Value) -> Result<Vec<u8>, Failure> {
        self.call_showing(method, params, &Bar::new()).await
    }

    /// The same with progress on a bar.
    pub(super) async fn call_showing(
        &mut self,
        method: &str,
        params: &Value,
        bar: &Bar,
    ) -> Result<Vec<u8>, Failure> {
        let params = params.to_string();
        let answer = match self {
            Self::Own(host, _) => {
                let ctx = host.ctx().with_progress(bar.reports());
                host.call_apart(&ctx, method, params.into_bytes()).await?
            }
            Self::Running(client) => {
                let params: &RawValue = serde_json::from_str(&params)
                    .map_err(|fault| CallError::internal(fault.to_string()))?;
                let request = Request {
                    method: Some(method.into()),
                    params: Some(params),
                    ..Request::default()
                };
                client.send(&request).await?;
                loop {
                    match client.next().await? {
                        Event::Result(result) => break Answer::Value(result),
                        Event::Error(error) => return Err(error.into()),
                        Event::Progress(progress) => {
                            bar.advance(progress.fraction, &progress.message);
                        }
                        Event::Item(_) | Event::End => return Err(streamed().into()),
                    }
                }
            }
        };
        match answer {
            Answer::Value(value) => Ok(value),
            Answer::Stream(_) => Err(streamed().into()),
        }
    }

    /// Stops what was started for this command.
    pub(super) async fn close(self) -> Result<(), Failure> {
        if let Self::Own(host, workers) = self {
            workers.run(async move { host.stop().await }).await??;
        }
        Ok(())
    }
}

fn streamed() -> CallError {
    CallError::internal("a stream came where a result was due")
}
