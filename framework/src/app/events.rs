//! `events`: what is published in the running host, line by line.

use serde_json::json;
use serde_json::value::RawValue;

use super::args::{EventsCommand, Tail};
use super::control::{Client, Event, Request};
use super::failure::Failure;
use super::output::say;
use super::platform::{Signal, Signals};
use super::session::Session;
use super::workers;
use crate::error::CallError;

pub(super) fn run(session: &Session, what: &EventsCommand) -> Result<u8, Failure> {
    match what {
        EventsCommand::Tail(with) => workers::wait(tail(session, &with.command)),
    }
}

async fn tail(session: &Session, with: &Tail) -> Result<u8, Failure> {
    let Some(mut client) = Client::connect(session.load().state()).await? else {
        let why = "no host runs here whose events could be shown; `serve` starts one";
        return Err(CallError::unavailable(why).into());
    };
    let mut signals = Signals::new(Signal::Stop)?;
    let params = json!({ "types": with.types, "sources": with.sources }).to_string();
    let params: &RawValue =
        serde_json::from_str(&params).map_err(|fault| CallError::internal(fault.to_string()))?;
    let request = Request {
        method: Some("weldkit.events.tail".into()),
        params: Some(params),
        stream: true,
        ..Request::default()
    };
    client.send(&request).await?;
    let mut left = with.count;
    while left != Some(0) {
        let event = tokio::select! {
            event = client.next() => event?,
            _ = signals.next() => return Ok(0),
        };
        match event {
            Event::Item(line) => {
                session.output.line(&line)?;
                left = left.map(|left| left - 1);
            }
            Event::Error(error) => return Err(error.into()),
            Event::End | Event::Result(_) => {
                say("the host has stopped");
                return Ok(0);
            }
            Event::Progress(_) => {}
        }
    }
    Ok(0)
}
