//! All that is known of operating systems: the control socket, signals, free space.

pub(super) use system::{
    Listener, ReadHalf, Signals, Stream, WriteHalf, bind, connect, free_bytes,
};

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// Read the configuration again.
    Reload,
    /// Stop.
    Stop,
}

#[cfg(unix)]
mod system {
    use std::fs::{self, DirBuilder, File, Permissions};
    use std::io;
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    use std::path::{Path, PathBuf};

    use tokio::net::UnixStream;
    use tokio::signal::unix::{Signal as Source, SignalKind, signal};

    use super::Signal;

    pub(in crate::app) use tokio::net::UnixListener as Listener;
    pub(in crate::app) use tokio::net::UnixStream as Stream;
    pub(in crate::app) use tokio::net::unix::{
        OwnedReadHalf as ReadHalf, OwnedWriteHalf as WriteHalf,
    };

    /// Opens the socket for the owner of the process alone, in the place of whatever stands there.
    ///
    /// It is made in a folder that nobody else can enter and moved out with its mode set, so that there is no moment in
    /// which somebody else could connect.
    pub(in crate::app) fn bind(folder: &Path, name: &str) -> io::Result<Listener> {
        let hidden = folder.join(format!(".{name}-{}", std::process::id()));
        DirBuilder::new().mode(0o700).create(&hidden)?;
        let bound = (|| {
            let (path, _open) = short(&hidden, name)?;
            let listener = Listener::bind(path)?;
            fs::set_permissions(hidden.join(name), Permissions::from_mode(0o600))?;
            fs::rename(hidden.join(name), folder.join(name))?;
            Ok(listener)
        })();
        fs::remove_dir_all(&hidden)?;
        bound
    }

    pub(in crate::app) async fn connect(folder: &Path, name: &str) -> io::Result<Stream> {
        let (path, _open) = short(folder, name)?;
        UnixStream::connect(path).await
    }

    /// The path of a file in a folder, short enough for the address of a socket (108 bytes on Linux).
    ///
    /// The open folder must live for as long as the path is used.
    fn short(folder: &Path, name: &str) -> io::Result<(PathBuf, Option<File>)> {
        const ADDRESS_BYTES: usize = 100;
        let path = folder.join(name);
        if path.as_os_str().len() <= ADDRESS_BYTES || !cfg!(target_os = "linux") {
            return Ok((path, None));
        }
        let open = File::open(folder)?;
        let number = open.as_raw_fd();
        Ok((
            Path::new(&format!("/proc/self/fd/{number}")).join(name),
            Some(open),
        ))
    }

    /// The signals that a host heeds.
    #[derive(Debug)]
    pub(in crate::app) struct Signals {
        interrupt: Source,
        terminate: Source,
        hang_up: Source,
        /// What a lost terminal asks for.
        on_hang_up: Signal,
    }

    impl Signals {
        pub(in crate::app) fn new(on_hang_up: Signal) -> io::Result<Self> {
            Ok(Self {
                on_hang_up,
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
                hang_up: signal(SignalKind::hangup())?,
            })
        }

        /// The next one. Nothing is lost when this is dropped.
        pub(in crate::app) async fn next(&mut self) -> Signal {
            tokio::select! {
                _ = self.interrupt.recv() => Signal::Stop,
                _ = self.terminate.recv() => Signal::Stop,
                _ = self.hang_up.recv() => self.on_hang_up,
            }
        }
    }

    /// Bytes that may still be written below a folder.
    pub(in crate::app) fn free_bytes(folder: &Path) -> Option<u64> {
        let space = rustix::fs::statvfs(folder).ok()?;
        Some(space.f_bavail.saturating_mul(space.f_frsize))
    }
}

#[cfg(not(unix))]
mod system {
    use std::io;
    use std::path::Path;

    use super::Signal;

    // No socket of these is ever opened; they stand in so that the rest compiles.
    pub(in crate::app) use tokio::net::TcpListener as Listener;
    pub(in crate::app) use tokio::net::TcpStream as Stream;
    pub(in crate::app) use tokio::net::tcp::{
        OwnedReadHalf as ReadHalf, OwnedWriteHalf as WriteHalf,
    };

    pub(in crate::app) fn bind(_: &Path, _: &str) -> io::Result<Listener> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "this system has no control socket",
        ))
    }

    pub(in crate::app) async fn connect(_: &Path, _: &str) -> io::Result<Stream> {
        Err(io::ErrorKind::NotFound.into())
    }

    /// The signals that a host heeds.
    #[derive(Debug)]
    pub(in crate::app) struct Signals;

    impl Signals {
        pub(in crate::app) fn new(_: Signal) -> io::Result<Self> {
            Ok(Self)
        }

        pub(in crate::app) async fn next(&mut self) -> Signal {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
            Signal::Stop
        }
    }

    pub(in crate::app) fn free_bytes(_: &Path) -> Option<u64> {
        None
    }
}
