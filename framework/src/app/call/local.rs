//! A call in this process: only what it reaches is started, and stopped again.

use super::Target;
use super::show::Show;
use crate::app::args::{CallOptions, Format};
use crate::app::failure::Failure;
use crate::app::output::say;
use crate::app::platform::{Signal, Signals};
use crate::app::session::Loaded;
use crate::app::workers::Workers;
use crate::call::{Cancel, Ctx, Stream};
use crate::clock;
use crate::error::{CallError, Code, Effect};
use crate::host::{Answer, Host};
use crate::limit;
use crate::security::Principal;

pub(super) async fn call(
    loaded: Loaded,
    target: &Target,
    options: &CallOptions,
    input: Vec<u8>,
    show: &Show,
) -> Result<u8, Failure> {
    #[cfg(feature = "transaction")]
    if let Some(id) = &options.transaction {
        let message = format!(
            "no host is running, so there is no transaction `{id}`; `app serve` starts one"
        );
        return Err(CallError::not_found(message).into());
    }
    let (builder, elsewhere) = loaded.reaching(target.service)?;
    if !elsewhere.is_empty() {
        say(&format!(
            "note: {}, none of them in the way of this call; `app check` lists them",
            elsewhere.message()
        ));
    }
    let mut signals = Signals::new(Signal::Stop)?;
    let workers = Workers::new()?;
    let too_early = || CallError::new(Code::Cancelled, "given up before the plugins had started");
    let started = workers.start(builder, &mut signals, say).await?;
    let (host, stop_now) = started.ok_or_else(too_early)?;
    let cancel = Cancel::new();
    let principal = options
        .principal
        .as_deref()
        .map_or_else(Principal::operator, Principal::named);
    let mut ctx = host
        .ctx_as(&principal)
        .with_cancel(&cancel)
        .with_progress(show.bar.reports());
    if let Some(timeout) = options.timeout {
        ctx = ctx.with_timeout(timeout);
    }
    let outcome = tokio::select! {
        biased;
        () = std::future::ready(()), if stop_now => Err(too_early().into()),
        outcome = answer(&host, &ctx, target, input, show) => outcome,
        given_up = give_up(&mut signals, &cancel) => Err(given_up.into()),
    };
    let stopping = workers.run(async move { host.stop().await });
    let stopped = tokio::select! {
        stopped = stopping => stopped,
        () = stop(&mut signals) => return outcome,
    };
    let stopped = stopped.and_then(|stopped| Ok(stopped?));
    match (outcome, stopped) {
        (Ok(code), Ok(())) => Ok(code),
        (Ok(_), Err(failure)) | (Err(failure), Ok(())) => Err(failure),
        (Err(failure), Err(stop)) => {
            stop.report(Format::Table);
            Err(failure)
        }
    }
}

async fn answer(
    host: &Host,
    ctx: &Ctx,
    target: &Target,
    input: Vec<u8>,
    show: &Show,
) -> Result<u8, Failure> {
    match host.call_apart(ctx, &target.name, input).await? {
        Answer::Value(value) => {
            show.result(&value)?;
            Ok(0)
        }
        Answer::Stream(items) => stream(items, show).await,
    }
}

async fn stream(mut items: Stream<Vec<u8>, CallError>, show: &Show) -> Result<u8, Failure> {
    while let Some(item) = items.next().await {
        match item {
            Ok(item) => show.item(&item)?,
            Err(error) => {
                show.broken(&error)?;
                return Err(error.into());
            }
        }
    }
    Ok(0)
}

/// At the first signal the call is given up, and says so itself; at the second, or when it does not, it is left alone.
async fn give_up(signals: &mut Signals, cancel: &Cancel) -> CallError {
    stop(signals).await;
    cancel.cancel();
    let patience = clock::until(clock::now() + limit::GIVEN_UP, stop(signals)).await;
    let why = match patience {
        Some(()) => "a second signal came",
        None => "it did not end when it was given up",
    };
    CallError::new(Code::Cancelled, format!("the call was left alone: {why}"))
        .effect(Effect::Possible)
}

/// Completes when a signal asks to stop.
async fn stop(signals: &mut Signals) {
    while signals.next().await != Signal::Stop {}
}
