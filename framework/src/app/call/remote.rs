//! A call through the control socket of the running host.

use serde_json::value::RawValue;

use super::Target;
use super::show::Show;
use crate::app::args::CallOptions;
use crate::app::control::{Client, Event, Request};
use crate::app::failure::Failure;
use crate::app::platform::{Signal, Signals};
use crate::contract::MethodKind;
use crate::error::{CallError, Code, Effect};
use crate::{clock, limit};

pub(super) async fn call(
    mut client: Client,
    target: &Target,
    options: &CallOptions,
    input: &[u8],
    show: &Show,
) -> Result<u8, Failure> {
    let input = one_line(input)?;
    let params: &RawValue = serde_json::from_str(&input).map_err(|fault| not_json(&fault))?;
    let request = Request {
        method: Some(target.name.as_str().into()),
        params: Some(params),
        principal: options.principal.as_deref().map(Into::into),
        deadline_ms: options
            .timeout
            .map(|timeout| u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX)),
        stream: true,
        #[cfg(feature = "transaction")]
        transaction: options.transaction.as_deref().map(Into::into),
        ..Request::default()
    };
    let mut signals = Signals::new(Signal::Stop)?;
    client.send(&request).await?;
    let mut given_up = None;
    loop {
        let until = given_up.unwrap_or_else(|| clock::now() + limit::CONTROL);
        let event = tokio::select! {
            event = client.next() => event?,
            signal = signals.next() => {
                match (signal, given_up) {
                    (Signal::Reload, _) => {}
                    (Signal::Stop, None) => {
                        client.cancel().await?;
                        given_up = Some(clock::now() + limit::GIVEN_UP);
                    }
                    (Signal::Stop, Some(_)) => return Err(left_alone("a second signal came").into()),
                }
                continue;
            }
            _ = clock::until(until, std::future::pending::<()>()), if given_up.is_some() => {
                return Err(left_alone("it did not end when it was given up").into());
            }
        };
        match event {
            Event::Progress(progress) => show.bar.advance(progress.fraction, &progress.message),
            Event::Item(item) => show.item(&item)?,
            Event::Result(result) => {
                show.result(&result)?;
                return Ok(0);
            }
            Event::End => return Ok(0),
            Event::Error(error) => {
                if target.method.kind == MethodKind::Stream {
                    show.broken(&error)?;
                }
                return Err(error.into());
            }
        }
    }
}

/// The parameters without line breaks: those stand between the tokens of JSON and never inside.
fn one_line(input: &[u8]) -> Result<String, CallError> {
    if input.len() > limit::JSON_BYTES {
        let message = format!(
            "the input has more than {} bytes, which is the most that is read",
            limit::JSON_BYTES
        );
        return Err(CallError::limit(message));
    }
    if input.is_empty() {
        return Ok("{}".to_owned());
    }
    let text = std::str::from_utf8(input).map_err(|fault| not_json(&fault))?;
    Ok(text.replace(['\n', '\r'], " "))
}

fn not_json(fault: &dyn std::fmt::Display) -> CallError {
    CallError::invalid_parameter(format!("the input is not JSON: {fault}"))
}

fn left_alone(why: &str) -> CallError {
    CallError::new(Code::Cancelled, format!("the call was left alone: {why}"))
        .effect(Effect::Possible)
}
