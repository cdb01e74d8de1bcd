//! Two runtimes: plugins run on one, doors wait on the other.
//!
//! A handler may hold a worker for as long as it likes; signals, deadlines and the control socket are
//! looked after on the main thread, which no plugin ever has in its hands.

use std::future::Future;

use tokio::runtime::{Builder, Runtime};

use super::failure::Failure;
use super::platform::{Signal, Signals};
use crate::error::{Error, ErrorKind};
use crate::host::{Host, HostBuilder};

/// Fewer workers than this leave no one to run timers when a handler blocks.
const WORKERS_MIN: usize = 2;

/// The runtime that plugins run on. Dropping it waits for nobody.
#[derive(Debug)]
pub(super) struct Workers(Option<Runtime>);

impl Workers {
    pub(super) fn new() -> Result<Self, Failure> {
        let cores = std::thread::available_parallelism().map_or(WORKERS_MIN, usize::from);
        let runtime = Builder::new_multi_thread()
            .worker_threads(cores.max(WORKERS_MIN))
            .thread_name("weldkit-worker")
            .enable_all()
            .build()
            .map_err(no_runtime)?;
        Ok(Self(Some(runtime)))
    }

    /// Runs something there and waits for it here.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Failure> {
        let runtime = self
            .0
            .as_ref()
            .ok_or_else(|| Error::internal("the runtime has ended"))?;
        let ended =
            |ended: tokio::task::JoinError| Error::internal(format!("a task ended early: {ended}"));
        Ok(runtime.spawn(work).await.map_err(ended)?)
    }

    /// Starts the plugins. A first signal lets them start, so that they can be stopped: then the flag is set. A second
    /// one leaves them alone: `None`.
    pub(super) async fn start(
        &self,
        builder: HostBuilder,
        signals: &mut Signals,
        say: impl Fn(&str),
    ) -> Result<Option<(Host, bool)>, Failure> {
        let starting = self.run(builder.start());
        tokio::pin!(starting);
        let mut stop_now = false;
        loop {
            tokio::select! {
                host = &mut starting => return Ok(Some((host??, stop_now))),
                signal = signals.next() => match signal {
                    Signal::Reload => {}
                    Signal::Stop if stop_now => return Ok(None),
                    Signal::Stop => {
                        stop_now = true;
                        say("stopping as soon as the plugins have started; another signal stops at once");
                    }
                },
            }
        }
    }

    /// Where to spawn.
    pub(super) fn handle(&self) -> Result<tokio::runtime::Handle, Failure> {
        let runtime = self
            .0
            .as_ref()
            .ok_or_else(|| Error::internal("the runtime has ended"))?;
        Ok(runtime.handle().clone())
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // A thread that a handler blocks is not waited for.
            runtime.shutdown_background();
        }
    }
}

/// Waits on the main thread.
pub(super) fn wait<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(no_runtime)?;
    let outcome = runtime.block_on(work);
    runtime.shutdown_background();
    outcome
}

fn no_runtime(fault: std::io::Error) -> Failure {
    Error::new(
        ErrorKind::Internal,
        format!("cannot start the runtime: {fault}"),
    )
    .into()
}
