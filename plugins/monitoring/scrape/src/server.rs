//! Connections: how many, how long, and how they end. One answer each: a reader comes every few seconds, and a connection
//! that is not kept cannot be left open.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use weldkit::Cancel;

use crate::desk::Desk;

/// Most bytes of a request's head; a longer one is refused with 431. Browsers and proxies stay below.
const HEAD_BYTES: usize = 16 * 1_024;
/// Most header fields of a request.
const HEADERS: usize = 64;
/// How long a request's head may take.
const HEAD_TIME: Duration = Duration::from_secs(5);
/// How long a connection may take as a whole, so that a reader who does not read ends: more than the 10 s that Prometheus gives
/// a scrape, and than the host gives its plugins to say how they are.
const CONNECTION_TIME: Duration = Duration::from_secs(30);
/// How long answers that are under way have when the instance stops.
const DRAIN: Duration = Duration::from_secs(1);
/// The pause after a connection could not be accepted, as when the process has no more file descriptors.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// Answers on every connection. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    desk: Desk,
    room: Arc<Semaphore>,
    /// Not tasks of the host's `Background`: those are cut when the instance stops, and these end their answer.
    connections: Arc<Mutex<JoinSet<()>>>,
    closing: Cancel,
}

impl Server {
    pub(crate) fn new(desk: Desk, connections: u32) -> Self {
        Self {
            desk,
            room: Arc::new(Semaphore::new(connections as usize)),
            connections: Arc::default(),
            closing: Cancel::new(),
        }
    }

    /// Accepts while there is room; whoever comes further waits with the system.
    pub(crate) async fn accept(self, listener: TcpListener) {
        while let Ok(room) = self.room.clone().acquire_owned().await {
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(ACCEPT_AGAIN).await;
                continue;
            };
            let (desk, closing) = (self.desk.clone(), self.closing.clone());
            let mut connections = self.connections();
            while connections.try_join_next().is_some() {}
            connections.spawn(async move {
                serve(stream, desk, closing).await;
                drop(room);
            });
        }
    }

    fn connections(&self) -> std::sync::MutexGuard<'_, JoinSet<()>> {
        let connections = self.connections.lock();
        connections.unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends every connection, once it is answered or its time is over.
    pub(crate) async fn close(&self) {
        self.closing.cancel();
        let mut connections = std::mem::take(&mut *self.connections());
        let all = async { while connections.join_next().await.is_some() {} };
        // What is left is cut when the set is dropped.
        tokio::time::timeout(DRAIN, all).await.ok();
    }
}

/// Answers one request. What goes wrong on the way is the reader's, and told to it where it can be.
async fn serve(stream: TcpStream, desk: Desk, closing: Cancel) {
    let service = service_fn(move |request| {
        let desk = desk.clone();
        async move { Ok::<_, Infallible>(desk.answer(&request).await) }
    });
    let connection = http1::Builder::new()
        .keep_alive(false)
        .max_buf_size(HEAD_BYTES)
        .max_headers(HEADERS)
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let answered = async {
        tokio::select! {
            _ = connection.as_mut() => {}
            () = closing.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await.ok();
            }
        }
    };
    tokio::time::timeout(CONNECTION_TIME, answered).await.ok();
}
