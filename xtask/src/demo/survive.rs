//! The same job, killed in the middle: nothing is lost, and nothing is done twice.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::work::{CONFIG, files, is_changed, job, run};
use crate::app::App;
use crate::error::{Error, Result};
use crate::{file, talk};

/// A state folder of its own, new each time.
const STATE: &str = "dist/survive";
/// The run.
const RUN: &str = "bird-strikes";
/// The process is killed when so many rows are stored: 60 batches of 100.
const KILL_AT: u64 = 6_000;
/// Between two looks at how many there are.
const LOOK: Duration = Duration::from_millis(5);
/// The host serves, and the rows are there, within this time.
const PATIENCE: Duration = Duration::from_secs(120);

/// Kills the job at the 60th batch, lets it go on, and compares it with the run that nobody disturbed.
pub(super) fn survive(app: &App, binary: &Path, undisturbed: &Value) -> Result<()> {
    let state = app.root.join(STATE);
    if state.exists() {
        std::fs::remove_dir_all(&state)
            .map_err(|e| Error::failed(format!("clear {}: {e}", state.display())))?;
    }
    let shown = file::relative(binary, &app.root);
    talk::command(format_args!(
        "{shown} --config {CONFIG} --state {STATE} serve & kill -9 $!"
    ));
    let mut host = Host::serve(app, binary)?;
    run(
        app,
        binary,
        &job(STATE, "start", &["--id", RUN, "--format", "json"]),
        Stdio::inherit(),
    )?;
    let stored = host.kill_in_the_middle(app, binary)?;
    let expected = undisturbed["rows"]["stored"].as_u64().unwrap_or_default();
    if stored >= expected {
        return Err(Error::failed("the job was over before it could be killed"));
    }
    talk::step(
        "Killed",
        format_args!("with kill -9, when {stored} of {expected} rows were stored"),
    );
    talk::command(format_args!(
        "{shown} --config {CONFIG} --state {STATE} workflow run … --id {RUN}"
    ));
    let outcome = run(
        app,
        binary,
        &job(STATE, "run", &["--id", RUN]),
        Stdio::inherit(),
    )?;
    let kept = count(app, binary)?;
    let counted = outcome["rows"]["stored"].as_u64().unwrap_or_default();
    let (lost, doubled) = (expected.abs_diff(kept), counted.abs_diff(kept));
    let same = ["finding", "rows", "cost_total", "table"]
        .iter()
        .all(|part| outcome[part] == undisturbed[part])
        && !files(&outcome).any(is_changed);
    if lost > 0 || doubled > 0 || !same {
        return Err(Error::failed(format!(
            "the job that was killed lost {lost} rows and doubled {doubled}; its report is {}",
            if same { "the same" } else { "another" }
        )));
    }
    talk::step(
        "Survived",
        format_args!("lost {lost}, doubled {doubled}; the same report to the last byte"),
    );
    Ok(())
}

/// A host that serves, killed when it goes out of sight.
struct Host(Child);

impl Host {
    fn serve(app: &App, binary: &Path) -> Result<Self> {
        let child = Command::new(binary)
            .current_dir(&app.root)
            .args(["--config", CONFIG, "--state", STATE, "serve"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| Error::failed(format!("run {}: {e}", binary.display())))?;
        let socket = app.root.join(STATE).join("control.sock");
        let mut host = Self(child);
        host.wait_for("its control socket", || Ok(socket.exists().then_some(())))?;
        Ok(host)
    }

    /// How many rows were stored when it was killed.
    fn kill_in_the_middle(&mut self, app: &App, binary: &Path) -> Result<u64> {
        let stored = self.wait_for("60 batches", || {
            Ok(Some(count(app, binary)?).filter(|stored| *stored >= KILL_AT))
        })?;
        let killed = self.0.kill().and_then(|()| self.0.wait());
        killed.map_err(|e| Error::failed(format!("kill the host: {e}")))?;
        Ok(stored)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "another process is waited for, in real time"
    )]
    fn wait_for<T>(&mut self, what: &str, look: impl Fn() -> Result<Option<T>>) -> Result<T> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if let Some(found) = look()? {
                return Ok(found);
            }
            if let Ok(Some(status)) = self.0.try_wait() {
                return Err(Error::failed(format!(
                    "the host ended before {what} came ({status})"
                )));
            }
            sleep(LOOK);
        }
        Err(Error::failed(format!(
            "{what} did not come within {} s",
            PATIENCE.as_secs()
        )))
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn count(app: &App, binary: &Path) -> Result<u64> {
    let line = [
        "--state",
        STATE,
        "call",
        "storage.count",
        "--collection",
        "strikes",
    ];
    let answer = run(app, binary, &line.map(str::to_owned), Stdio::inherit())?;
    answer
        .as_u64()
        .ok_or_else(|| Error::failed(format!("{answer} is no count of documents")))
}
