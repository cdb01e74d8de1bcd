//! Between the plugin and the server: everything passes, until a command comes whose answer is to be lost.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server sends when it has done what it was told and waits for more: `ReadyForQuery`, five bytes before its state.
const READY: &[u8] = b"Z\0\0\0\x05";

/// The command whose answer is lost next.
type Needle = Arc<Mutex<Option<Vec<u8>>>>;

/// A way to a server.
pub(crate) struct Proxy {
    /// The same as the server's, with another port.
    pub(crate) url: String,
    needle: Needle,
}

impl Proxy {
    pub(crate) async fn start(url: &str) -> Self {
        let server = url.split(['@', '/']).nth(3).unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().to_string();
        let needle = Needle::default();
        let proxy = Self {
            url: url.replace(&server, &own),
            needle: needle.clone(),
        };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(pass(client, server, needle.clone()));
            }
        });
        proxy
    }

    /// The next command that holds this text is carried out, and the connection is gone before its answer.
    pub(crate) fn lose_answer_to(&self, command: &str) {
        *self.needle.lock().unwrap() = Some(command.as_bytes().to_vec());
    }

    /// Whether what was to be lost is lost.
    pub(crate) fn is_done(&self) -> bool {
        self.needle.lock().unwrap().is_none()
    }
}

/// One connection, until one side has gone or an answer is lost.
async fn pass(mut client: TcpStream, mut server: TcpStream, needle: Needle) {
    let (mut from_client, mut from_server) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        tokio::select! {
            read = client.read(&mut from_client) => {
                let Ok(len @ 1..) = read else { return };
                let command = &from_client[..len];
                let is_hit = needle.lock().unwrap().take_if(|needle| holds(command, needle)).is_some();
                if server.write_all(command).await.is_err() {
                    return;
                }
                if is_hit {
                    let mut answer = Vec::new();
                    while !holds(&answer, READY) {
                        match server.read(&mut from_server).await {
                            Ok(len @ 1..) => answer.extend_from_slice(&from_server[..len]),
                            _ => return,
                        }
                    }
                    return;
                }
            }
            read = server.read(&mut from_server) => {
                let Ok(len @ 1..) = read else { return };
                if client.write_all(&from_server[..len]).await.is_err() {
                    return;
                }
            }
        }
    }
}

fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}
