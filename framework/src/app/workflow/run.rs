//! Starts workflows, and stays with them to their end.

use serde_json::{Value, json};

use super::{parsed, read, read_json, shown};
use crate::app::args::RunWorkflow;
use crate::app::bar::Bar;
use crate::app::failure::Failure;
use crate::app::host_door::HostDoor;
use crate::app::output::say;
use crate::app::platform::{Signal, Signals};
use crate::app::session::Session;
use crate::error::{CallError, Code, Effect};
use crate::orchestration::{Registered, Status};

/// Runs a workflow and prints what it gives.
pub(super) async fn to_its_end(session: &Session, with: &RunWorkflow) -> Result<u8, Failure> {
    let input = read_json(&with.input)?;
    let documents = documents(with)?;
    let mut signals = Signals::new(Signal::Stop)?;
    let mut door = HostDoor::open(session.load()).await?;
    let ended = match begin(&mut door, with, &documents, input).await {
        Ok(run) => {
            say(&format!("run `{}` of {}", run.run, run.workflow));
            stay(session, &mut door, &mut signals, &run.run).await
        }
        Err(failure) => Err(failure),
    };
    door.close().await?;
    let status = ended?;
    match status.output {
        Some(output) => {
            session.output.json(&output)?;
            Ok(0)
        }
        None => {
            let why = status.error.unwrap_or_default();
            Err(
                CallError::internal(format!("run `{}` is {}: {why}", status.run, status.state))
                    .into(),
            )
        }
    }
}

/// Stays with a run until it is over. The first signal cancels it; at the second it is left as it is.
async fn stay(
    session: &Session,
    door: &mut HostDoor,
    signals: &mut Signals,
    run: &str,
) -> Result<Status, Failure> {
    let (params, bar) = (json!({ "run": run }), Bar::new());
    let waited = tokio::select! {
        answer = door.call_showing("weldkit.workflows.wait", &params, &bar) => Some(answer),
        () = stop(signals) => None,
    };
    bar.finish();
    if let Some(answer) = waited {
        return parsed(&answer?);
    }
    say(&format!(
        "cancelling run `{run}`; once more leaves it as it is"
    ));
    tokio::select! {
        ended = cancelled(session, door, run) => ended,
        () = stop(signals) => {
            let why = format!("run `{run}` was left as it is; it goes on with the next host: `workflow show {run}`");
            Err(CallError::new(Code::Cancelled, why).effect(Effect::Possible).into())
        }
    }
}

async fn cancelled(session: &Session, door: &mut HostDoor, run: &str) -> Result<Status, Failure> {
    let params = json!({ "run": run });
    // The door to a running host may be in the middle of an answer: another one is used.
    let mut other = match door {
        HostDoor::Running(_) => Some(HostDoor::open(session.load()).await?),
        HostDoor::Own(..) => None,
    };
    let door = other.as_mut().unwrap_or(door);
    drop(door.call("weldkit.workflows.cancel", &params).await?);
    let answer = door.call("weldkit.workflows.wait", &params).await?;
    parsed(&answer)
}

/// Completes when a signal asks to stop.
async fn stop(signals: &mut Signals) {
    while signals.next().await != Signal::Stop {}
}

/// Starts a workflow where it can go on without this process.
pub(super) async fn start(session: &Session, with: &RunWorkflow) -> Result<u8, Failure> {
    let input = read_json(&with.input)?;
    let documents = documents(with)?;
    let mut door = HostDoor::open(session.load()).await?;
    if matches!(door, HostDoor::Own(..)) {
        door.close().await?;
        let why = "no host runs here that the workflow could be started in; `serve` starts one, `workflow run` needs none";
        return Err(CallError::unavailable(why).into());
    }
    let status = begin(&mut door, with, &documents, input).await?;
    shown(session, &status)?;
    Ok(0)
}

/// Makes the documents known, and starts the first.
async fn begin(
    door: &mut HostDoor,
    with: &RunWorkflow,
    documents: &[(String, String)],
    input: Value,
) -> Result<Status, Failure> {
    let mut first: Option<Registered> = None;
    for (file, text) in documents {
        let params = json!({"document": text, "file": file, "keep": !with.volatile});
        let answer = door.call("weldkit.workflows.register", &params).await?;
        first.get_or_insert(parsed(&answer)?);
    }
    let workflow = first.map(|first| first.workflow).unwrap_or_default();
    let mut params = json!({"workflow": workflow, "input": input, "durable": !with.volatile});
    if let Some(id) = &with.id {
        params["run"] = json!(id);
    }
    let answer = door.call("weldkit.workflows.start", &params).await?;
    parsed(&answer)
}

/// The document to run and those that it runs, with their files.
fn documents(with: &RunWorkflow) -> Result<Vec<(String, String)>, Failure> {
    let files = std::iter::once(&with.file).chain(&with.others);
    files.map(|file| Ok((file.clone(), read(file)?))).collect()
}
