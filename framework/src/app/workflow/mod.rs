//! `workflow`: documents and their runs, in the running host or in one of this process.

mod examine;
mod run;

use serde_json::{Value, json};

use super::args::{DrawWorkflow, WorkflowCommand};
use super::failure::{Failure, Refusal};
use super::host_door::HostDoor;
use super::output::{envelope, list, table};
use super::session::Session;
use super::workers;
use crate::error::{CallError, Problem};
use crate::orchestration::{Status, definition, graph};

pub(super) fn run(session: &Session, what: &WorkflowCommand) -> Result<u8, Failure> {
    match what {
        WorkflowCommand::Check(with) => examine::run(session, &with.command),
        WorkflowCommand::Run(with) => workers::wait(run::to_its_end(session, &with.command)),
        WorkflowCommand::Start(with) => workers::wait(run::start(session, &with.command)),
        WorkflowCommand::List(_) => {
            let all: Vec<Status> = ask(session, "list", json!({}))?;
            let text = || overview(&all);
            let json = || envelope([("runs", json!(all))]);
            session.output.either(text, json)?;
            Ok(0)
        }
        WorkflowCommand::History(with) => {
            let run = &with.command.run;
            let all: Vec<Value> = ask(session, "history", json!({ "run": run }))?;
            let text = || history(&all);
            let json = || envelope([("history", json!(all))]);
            session.output.either(text, json)?;
            Ok(0)
        }
        WorkflowCommand::Show(with) => one(session, "status", &with.command.run),
        WorkflowCommand::Pause(with) => one(session, "pause", &with.command.run),
        WorkflowCommand::Resume(with) => one(session, "resume", &with.command.run),
        WorkflowCommand::Cancel(with) => one(session, "cancel", &with.command.run),
        WorkflowCommand::Signal(with) => {
            let event = read_json(&with.command.event)?;
            let run = &with.command.run;
            let taken: bool = ask(session, "signal", json!({"run": run, "event": event}))?;
            let text = || if taken { "taken" } else { "no task wanted it" }.to_owned();
            let json = || envelope([("taken", json!(taken))]);
            session.output.either(text, json)?;
            Ok(0)
        }
        WorkflowCommand::Forget(with) => {
            ask::<()>(session, "forget", json!({ "run": &with.command.run }))?;
            Ok(0)
        }
        WorkflowCommand::Graph(with) => draw(session, &with.command),
    }
}

/// Prints a workflow as a picture in text.
fn draw(session: &Session, with: &DrawWorkflow) -> Result<u8, Failure> {
    let document = definition::read(&read(&with.file)?, &with.file).map_err(|problems| {
        let mut refusal = Refusal::default();
        refusal.graph.extend(problems);
        Failure::Refused(refusal)
    })?;
    let picture = graph(&document.definition).text(with.to.into());
    let text = || picture.clone();
    let json = || envelope([("graph", json!(picture))]);
    session.output.either(text, json)?;
    Ok(0)
}

fn one(session: &Session, method: &str, run: &str) -> Result<u8, Failure> {
    let status: Status = ask(session, method, json!({ "run": run }))?;
    shown(session, &status)?;
    Ok(0)
}

fn shown(session: &Session, status: &Status) -> Result<(), Failure> {
    let text = || details(status);
    let json = || envelope([("run", json!(status))]);
    session.output.either(text, json)
}

fn ask<T: serde::de::DeserializeOwned>(
    session: &Session,
    method: &str,
    params: Value,
) -> Result<T, Failure> {
    let method = format!("weldkit.workflows.{method}");
    let answer = workers::wait(async {
        let mut door = HostDoor::open(session.load()).await?;
        let answer = door.call(&method, &params).await;
        door.close().await?;
        answer
    })?;
    parsed(&answer)
}

fn parsed<T: serde::de::DeserializeOwned>(answer: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(answer).map_err(|fault| {
        CallError::internal(format!(
            "`weldkit.workflows` answered something else: {fault}"
        ))
        .into()
    })
}

fn read(file: &str) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|fault| {
        let mut refusal = Refusal::default();
        let problem = Problem::new("unreadable", format!("`{file}` cannot be read: {fault}"));
        refusal.graph.push(problem.place(file));
        Failure::Refused(refusal)
    })
}

/// JSON, or the content of `@FILE`.
fn read_json(text: &str) -> Result<Value, Failure> {
    let text = match text.strip_prefix('@') {
        Some(file) => read(file)?,
        None => text.to_owned(),
    };
    serde_json::from_str(&text)
        .map_err(|fault| Failure::usage(&format!("the input is no JSON: {fault}")))
}

fn overview(all: &[Status]) -> String {
    if all.is_empty() {
        return "no run is kept here\n".to_owned();
    }
    let row = |status: &Status| {
        [
            status.run.clone(),
            status.workflow.clone(),
            status.state.clone(),
            status.tasks_done.to_string(),
            list(&status.waiting),
        ]
    };
    table(
        ["RUN", "WORKFLOW", "STATE", "DONE", "WAITS FOR"],
        all.iter().map(row),
    )
}

fn details(status: &Status) -> String {
    let mut rows = vec![
        ["run".to_owned(), status.run.clone()],
        ["workflow".to_owned(), status.workflow.clone()],
        ["state".to_owned(), status.state.clone()],
        ["principal".to_owned(), status.principal.clone()],
        ["tasks done".to_owned(), status.tasks_done.to_string()],
        ["waits for".to_owned(), list(&status.waiting)],
    ];
    if let Some(progress) = status.progress {
        let said = status.message.clone().unwrap_or_default();
        rows.push([
            "progress".to_owned(),
            format!("{:.0} % {said}", progress * 100.0),
        ]);
    }
    if let Some(output) = &status.output {
        rows.push(["output".to_owned(), output.to_string()]);
    }
    if let Some(error) = &status.error {
        rows.push(["error".to_owned(), error.to_string()]);
    }
    table(["WHAT", "VALUE"], rows)
}

fn history(all: &[Value]) -> String {
    let rows = all.iter().map(|entry| {
        let cell = |name: &str| match &entry[name] {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        let what = match entry.get("key") {
            Some(_) => cell("key"),
            None => cell("keys"),
        };
        [cell("at_ms"), cell("is"), what]
    });
    table(["AT MS", "WHAT", "TASK"], rows)
}
