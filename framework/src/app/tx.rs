//! `tx`: the transactions of the running host, or those that wait in the state folder.

use serde_json::{Value, json};

use super::args::Tx;
use super::failure::Failure;
use super::host_door::HostDoor;
use super::output::{envelope, list, table};
use super::session::{Loaded, Session};
use super::workers;
use crate::error::CallError;
use crate::transaction::{State, Status, TransactionId};

pub(super) fn run(session: &Session, tx: &Tx) -> Result<u8, Failure> {
    let (method, transaction) = match tx {
        Tx::List(_) => ("list", None),
        Tx::Show(one) => ("state", Some(one.command.id.parse::<TransactionId>()?)),
        Tx::Resolve(one) => ("resolve", Some(one.command.id.parse::<TransactionId>()?)),
        Tx::Forget(one) => ("forget", Some(one.command.id.parse::<TransactionId>()?)),
    };
    let method = format!("weldkit.transactions.{method}");
    let params = transaction.map_or_else(|| json!({}), |id| json!({ "transaction": id }));
    let loaded = session.load();
    let answer = workers::wait(ask(loaded, &method, params))?;
    let unreadable = |fault: serde_json::Error| {
        CallError::internal(format!("`{method}` answered something else: {fault}"))
    };
    if transaction.is_none() {
        let all: Vec<Status> = serde_json::from_slice(&answer).map_err(unreadable)?;
        let text = || overview(&all);
        session
            .output
            .either(text, || envelope([("transactions", json!(all))]))?;
    } else {
        let one: Status = serde_json::from_slice(&answer).map_err(unreadable)?;
        let text = || details(&one);
        session
            .output
            .either(text, || envelope([("transaction", json!(one))]))?;
    }
    Ok(0)
}

/// Asks the running host if there is one, else a host in this process: it recovers what waits first.
async fn ask(loaded: Loaded, method: &str, params: Value) -> Result<Vec<u8>, Failure> {
    let mut door = HostDoor::open(loaded).await?;
    let answer = door.call(method, &params).await;
    door.close().await?;
    answer
}

fn overview(all: &[Status]) -> String {
    if all.is_empty() {
        return "no transaction is open, and none waits\n".to_owned();
    }
    let row = |status: &Status| {
        [
            status.transaction.to_string(),
            status.state.as_str().to_owned(),
            status.principal.clone().unwrap_or_else(|| "-".to_owned()),
            left(status),
            participants(status),
            status.reason.clone().unwrap_or_default(),
        ]
    };
    table(
        ["ID", "STATE", "PRINCIPAL", "LEFT", "PARTICIPANTS", "REASON"],
        all.iter().map(row),
    )
}

fn details(status: &Status) -> String {
    let mut rows = vec![
        ["transaction".to_owned(), status.transaction.to_string()],
        ["state".to_owned(), status.state.as_str().to_owned()],
        ["left".to_owned(), left(status)],
        ["participants".to_owned(), participants(status)],
        ["savepoints".to_owned(), list(&status.savepoints)],
    ];
    if let Some(principal) = &status.principal {
        rows.push(["principal".to_owned(), principal.clone()]);
    }
    if let Some(isolation) = status.isolation {
        rows.push(["isolation".to_owned(), isolation.to_string()]);
    }
    if let Some(reason) = &status.reason {
        rows.push(["reason".to_owned(), reason.clone()]);
    }
    let advice = match status.state {
        state if state.is_heuristic() => "\nwhen its data is put right: tx forget ID\n",
        State::Committing | State::Aborting => {
            "\na participant has not answered yet; to try at once: tx resolve ID\n"
        }
        _ => "",
    };
    format!("{}{advice}", table(["WHAT", "VALUE"], rows))
}

fn left(status: &Status) -> String {
    status.remaining_ms.map_or_else(
        || "-".to_owned(),
        |left| format!("{:.1} s", left as f64 / 1e3),
    )
}

fn participants(status: &Status) -> String {
    let shown: Vec<String> = status
        .participants
        .iter()
        .map(|part| match (part.heuristic, part.is_waiting) {
            (Some(heuristic), _) => format!("{} ({heuristic:?})", part.instance),
            (None, true) => format!("{} (waits)", part.instance),
            (None, false) => part.instance.clone(),
        })
        .collect();
    list(&shown)
}
