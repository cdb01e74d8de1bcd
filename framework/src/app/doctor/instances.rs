//! The running host, if there is one: its socket and each instance.

use std::path::Path;

use serde_json::{Value, json};

use super::{Finding, State};
use crate::app::control::{self, Client};
use crate::app::failure::Failure;
use crate::app::host_door::HostDoor;
use crate::error::CallError;
use crate::monitoring::{HealthFinding, HealthReport};

/// What is said about the socket and each instance, and the instances as the host gives them.
pub(super) async fn findings(state: &Path) -> Result<(Vec<Finding>, Vec<Value>), Failure> {
    let path = state.join(control::SOCKET);
    let shown = path.display();
    let wrong = |what: &str| {
        let finding = Finding::new("control socket", State::Wrong, format!("`{shown}`: {what}"));
        (
            vec![finding.help("end the process that holds the lock and start `app serve` again")],
            Vec::new(),
        )
    };
    let mut client = match Client::connect(state).await {
        Ok(Some(client)) => client,
        Ok(None) if path.exists() => {
            let message = format!(
                "`{shown}` was left behind by a process that is gone; the next `app serve` replaces it"
            );
            return Ok((
                vec![Finding::new("control socket", State::Note, message)],
                Vec::new(),
            ));
        }
        Ok(None) => {
            let finding = Finding::new(
                "control socket",
                State::Ok,
                "no host is running; `app serve` starts one",
            );
            return Ok((vec![finding], Vec::new()));
        }
        Err(Failure::Host(error)) => return Ok(wrong(error.message())),
        Err(other) => return Err(other),
    };
    let instances: Vec<Value> = match client.control(control::DOCTOR).await {
        Ok(instances) => instances,
        Err(Failure::Call(error)) => return Ok(wrong(error.message())),
        Err(other) => return Err(other),
    };
    let mut findings = vec![Finding::new(
        "control socket",
        State::Ok,
        format!("a host answers on `{shown}`"),
    )];
    findings.extend(instances.iter().map(instance));
    let mut door = HostDoor::Running(Box::new(client));
    findings.extend(watched(&mut door).await?);
    Ok((findings, instances))
}

/// Alerts that are raised, runs that wait for an operator, and workflows that no longer compile.
async fn watched(door: &mut HostDoor) -> Result<Vec<Finding>, Failure> {
    const HEALTH: &str = "weldkit.monitoring.health";
    let answer = match door.call(HEALTH, &json!({})).await {
        Ok(answer) => answer,
        Err(Failure::Call(error)) => {
            let message = format!("`{HEALTH}` failed: {}", error.message());
            return Ok(vec![Finding::new("health", State::Wrong, message)]);
        }
        Err(other) => return Err(other),
    };
    let report: HealthReport = serde_json::from_slice(&answer).map_err(|fault| {
        CallError::internal(format!("`{HEALTH}` answered something else: {fault}"))
    })?;
    let other = |finding: &&HealthFinding| {
        // Instances are told of above, transactions with the instance that is the host itself.
        ["run ", "alert ", "workflow "]
            .iter()
            .any(|kind| finding.subject.starts_with(kind))
    };
    let found = report.findings.iter().filter(other);
    Ok(found
        .map(|found| Finding::new(&found.subject, State::Note, &found.message))
        .collect())
}

fn instance(instance: &Value) -> Finding {
    let text = |key: &str| instance[key].as_str().unwrap_or_default();
    let count = |key: &str| instance[key].as_u64().unwrap_or_default();
    let check = format!("instance {}", text("instance"));
    let (state, health) = (text("state"), instance["health"].as_str());
    let mut words = vec![state.to_owned()];
    words.extend(health.map(str::to_owned));
    for (what, singular, plural) in [
        ("panics", "panic", "panics"),
        ("blocked", "blocked worker", "blocked workers"),
        ("in_flight", "call under way", "calls under way"),
    ] {
        match count(what) {
            0 => {}
            1 => words.push(format!("1 {singular}")),
            more => words.push(format!("{more} {plural}")),
        }
    }
    let level = match state {
        "running" if health.is_some_and(|health| health.starts_with("failed")) => State::Wrong,
        "running" if health.is_some() || count("panics") + count("blocked") > 0 => State::Note,
        "running" | "waiting" | "starting" => State::Ok,
        _ => State::Wrong,
    };
    let finding = Finding::new(&check, level, words.join(", "));
    match (state, count("blocked")) {
        ("quarantined", _) => finding.help("it panicked too often; `app reload` puts a new one in its place"),
        (_, 0) => finding,
        _ => finding.help("a handler held a worker past its deadline: move blocking work to `tokio::task::spawn_blocking`"),
    }
}
