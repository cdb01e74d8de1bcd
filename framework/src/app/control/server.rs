use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::connection::Connection;
use super::{DOCTOR, LIST, RELOAD, SOCKET, STOP};
use crate::app::platform::{self, Listener};
use crate::app::reload::Reloader;
use crate::clock;
use crate::error::{CallError, Error, ErrorKind, Result};
use crate::host::{Host, InstanceStatus};
use crate::limit;

/// What the control socket speaks for.
#[derive(Debug)]
pub(in crate::app) struct Desk {
    pub(in crate::app) host: Host,
    pub(in crate::app) reloader: Reloader,
    /// Where plugins run.
    pub(in crate::app) workers: tokio::runtime::Handle,
    /// Turns true when somebody asks the host to stop.
    pub(in crate::app) stop: watch::Sender<bool>,
}

/// One instance as `doctor` sees it.
#[derive(Debug, Serialize)]
struct Examined {
    #[serde(flatten)]
    status: InstanceStatus,
    /// Times that a handler held a worker for too long.
    blocked: u64,
}

impl Desk {
    /// Answers one control verb.
    pub(super) async fn control(&self, verb: &str) -> Result<Value, CallError> {
        match verb {
            LIST => Ok(json!(self.host.overview())),
            DOCTOR => Ok(json!(self.examine().await)),
            RELOAD => Ok(json!(self.reloader.reload(&self.host, &self.workers).await)),
            STOP => {
                self.stop.send_replace(true);
                Ok(json!("stopping"))
            }
            _ => Err(CallError::invalid_parameter(
                "no call is under way on this connection",
            )),
        }
    }

    /// Every instance with its health; one that does not say it in time is not well.
    async fn examine(&self) -> Vec<Examined> {
        let counts = self.host.counts();
        let mut examined = Vec::new();
        for mut status in self.host.overview_with_builtin() {
            let (host, name) = (self.host.clone(), status.instance.clone());
            let asking = self.workers.spawn_blocking(move || host.health(&name));
            status.health = match clock::until(clock::now() + limit::HEALTH, asking).await {
                Some(Ok(health)) => health,
                Some(Err(_)) => Some("failed: its health check ended early".to_owned()),
                None => Some(format!(
                    "failed: its health check took longer than {:?}",
                    limit::HEALTH
                )),
            };
            let methods = counts
                .get(&status.instance)
                .into_iter()
                .flat_map(|methods| methods.values());
            let blocked = methods.flatten().map(|counts| counts.blocked).sum();
            examined.push(Examined { status, blocked });
        }
        examined
    }
}

/// The open socket. It goes with the server.
#[derive(Debug)]
pub(in crate::app) struct Server {
    listener: Listener,
    path: PathBuf,
}

impl Server {
    /// Opens the socket in a state folder that this process has locked: what stands there is stale.
    ///
    /// # Errors
    ///
    /// When it cannot be made.
    pub(in crate::app) fn open(state: &Path) -> Result<Self> {
        let path = state.join(SOCKET);
        let refused = |fault: std::io::Error| {
            let message = format!(
                "cannot open the control socket `{}`: {fault}",
                path.display()
            );
            Error::new(ErrorKind::State, message)
        };
        let listener = platform::bind(state, SOCKET).map_err(refused)?;
        Ok(Self { listener, path })
    }

    pub(in crate::app) fn path(&self) -> &Path {
        &self.path
    }

    /// Serves until dropped. At most [`limit::CONNECTIONS`] connections at once; a further one is told so.
    pub(in crate::app) async fn serve(&self, desk: Arc<Desk>) {
        let places = Arc::new(Semaphore::new(limit::CONNECTIONS));
        let mut connections = JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            let Ok((stream, _)) = self.listener.accept().await else {
                // Out of file descriptors: some come back when connections end.
                clock::moment().await;
                continue;
            };
            let mut connection = Connection::new(stream);
            match Arc::clone(&places).try_acquire_owned() {
                Ok(place) => {
                    let desk = Arc::clone(&desk);
                    connections.spawn(async move {
                        connection.serve(&desk).await;
                        drop(place);
                    });
                }
                Err(_) => connection.refuse().await,
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The next host replaces a socket that stays behind.
        drop(std::fs::remove_file(&self.path));
    }
}
