//! `serve`: a host that answers calls until a signal comes.
//!
//! ```text
//! lock the state folder -> open the socket -> start the plugins -> answer -> stop the plugins
//! ```
//!
//! Whoever connects while the plugins start waits until they have.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;

use super::control::{Desk, Server};
use super::failure::{FAILED, Failure};
use super::log::Log;
use super::output::{list, table};
use super::platform::{Signal, Signals};
use super::reload::Reloader;
use super::session::{Loaded, Session};
use super::workers::{self, Workers};
use crate::clock;
use crate::config::Level;
use crate::host::{Folder, Host};
use crate::limit;

pub(super) fn run(session: &Session) -> Result<u8, Failure> {
    let loaded = session.load();
    let log = Log::new(loaded.config.host());
    log.listen();
    let served = workers::wait(serve(session, loaded, log));
    served.or_else(|failure| log.failed(&failure).ok_or(failure))
}

async fn serve(session: &Session, loaded: Loaded, log: Log) -> Result<u8, Failure> {
    let plan = loaded.plan()?;
    let folder = Folder::new(loaded.state());
    folder.open()?;
    let stop_deadline = loaded.config.host().stop_deadline;
    let server = open(&folder, log)?;
    let mut signals = Signals::new(Signal::Reload)?;
    let workers = Workers::new()?;
    let Some((host, stop_now)) = workers
        .start(loaded.builder.folder(folder), &mut signals, |text| {
            log.at(Level::Info, text)
        })
        .await?
    else {
        return Ok(FAILED);
    };
    if !stop_now {
        let (stop, mut asked) = watch::channel(false);
        let desk = Arc::new(Desk {
            host: host.clone(),
            reloader: Reloader::new(session.with(&session.globals), loaded.config),
            workers: workers.handle()?,
            stop,
        });
        log.at(Level::Info, &overview(&host));
        if let Some(server) = &server {
            let path = server.path().display();
            log.at(
                Level::Info,
                &format!(
                    "serving on {path}; `app call` and `app reload` reach it, Ctrl-C stops it"
                ),
            );
        }
        tokio::select! {
            () = answer(server.as_ref(), &desk) => {}
            () = heed(&mut signals, &desk, log) => {}
            _ = asked.wait_for(|asked| *asked) => {}
        }
    }
    log.at(Level::Info, "stopping");
    let spare = limit::BLOCKED * u32::try_from(plan.instances.len()).unwrap_or(u32::MAX);
    let latest = clock::now() + stop_deadline + spare + limit::GIVEN_UP;
    stop(host, &workers, &mut signals, latest, log).await
}

/// Stops the plugins; a signal, or time, ends the wait for them.
async fn stop(
    host: Host,
    workers: &Workers,
    signals: &mut Signals,
    latest: Instant,
    log: Log,
) -> Result<u8, Failure> {
    let stopping = workers.run(async move { host.stop().await });
    tokio::pin!(stopping);
    loop {
        tokio::select! {
            stopped = &mut stopping => {
                stopped??;
                return Ok(0);
            }
            signal = signals.next() => if signal == Signal::Stop {
                log.at(Level::Warn, "stopped at once: the plugins had not all stopped");
                return Ok(FAILED);
            },
            _ = clock::until(latest, std::future::pending::<()>()) => {
                log.at(Level::Error, "error: the plugins did not stop before the deadline and were left behind; see stop_deadline in [host]");
                return Ok(FAILED);
            }
        }
    }
}

/// The control socket; a system that has none serves without.
fn open(folder: &Folder, log: Log) -> Result<Option<Server>, Failure> {
    match Server::open(folder.path()) {
        Ok(server) => Ok(Some(server)),
        Err(error) if cfg!(unix) => Err(error.into()),
        Err(error) => {
            log.at(Level::Warn, &format!("warning: {error}"));
            Ok(None)
        }
    }
}

async fn answer(server: Option<&Server>, desk: &Arc<Desk>) {
    match server {
        Some(server) => server.serve(Arc::clone(desk)).await,
        None => std::future::pending().await,
    }
}

/// Reloads when asked to; returns when asked to stop.
async fn heed(signals: &mut Signals, desk: &Desk, log: Log) {
    loop {
        match signals.next().await {
            Signal::Stop => return,
            Signal::Reload => {
                let outcome = desk.reloader.reload(&desk.host, &desk.workers).await;
                outcome
                    .lines()
                    .iter()
                    .for_each(|(level, line)| log.at(*level, line));
            }
        }
    }
}

fn overview(host: &Host) -> String {
    let instances = host.overview();
    let row = |status: &crate::host::InstanceStatus| {
        [
            status.instance.clone(),
            status.version.to_owned(),
            status.state.as_str().to_owned(),
            list(&status.provides),
        ]
    };
    let table = table(
        ["PLUGIN", "VERSION", "STATE", "PROVIDES"],
        instances.iter().map(row),
    );
    table.trim_end().to_owned()
}
