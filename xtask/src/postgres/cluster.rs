//! A server of our own: made, started, stopped.

use std::ffi::OsString;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use super::account::Account;
use super::programs::Programs;
use crate::error::{Error, Result};
use crate::file;

/// The superuser of the cluster, whom the loopback trusts.
const SUPERUSER: &str = "weldkit";
/// Seconds that a start or a stop may take.
const WAIT_S: u32 = 60;
/// How often another port is tried when somebody takes the free one first.
const PORTS_MAX: usize = 3;
/// The path of a socket has at most 107 bytes; without a socket there is still the port.
const SOCKET_FOLDER_LEN: usize = 90;
/// Our part of the configuration, written anew at every start.
const SETTINGS: &str = "weldkit.conf";

/// How a server is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Sessions are ended, what is committed is written out.
    Fast,
    /// As by a crash: the next start recovers.
    Immediate,
}

/// A PostgreSQL cluster in a folder of its own.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// What was asked for; holds the file `url` while the server runs.
    folder: PathBuf,
    /// Where the data are: the same, unless the server's account cannot enter it.
    place: PathBuf,
    programs: Programs,
    account: Account,
}

impl Cluster {
    /// The cluster of a folder, which need not exist yet.
    ///
    /// # Errors
    /// Fails when PostgreSQL is not installed, or nobody may run it.
    pub fn at(folder: &Path) -> Result<Self> {
        let (programs, account) = (Programs::expect()?, Account::choose()?);
        make(folder)?;
        let place = match account.reaches(folder) {
            true => folder.to_owned(),
            // One folder a working copy, so that two of them never meet.
            false => {
                std::env::temp_dir().join(format!("weldkit-postgres-{:016x}", fingerprint(folder)))
            }
        };
        let cluster = Self {
            folder: folder.to_owned(),
            place,
            programs,
            account,
        };
        Ok(cluster)
    }

    /// Where its data are.
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// Starts it, makes it first where there is none, and gives its URL. One that runs is left alone.
    ///
    /// `settings` stand over ours, such as `("max_prepared_transactions", "0")`.
    ///
    /// # Errors
    /// Fails with the end of the server's log.
    pub fn start(&self, settings: &[(&str, &str)]) -> Result<String> {
        if let Some(url) = self.url()? {
            return Ok(url);
        }
        self.init()?;
        let mut last = Error::failed("no port was tried");
        let kept = self.port().filter(|port| is_free(*port));
        for attempt in 0..PORTS_MAX {
            let port = match kept.filter(|_| attempt == 0) {
                Some(port) => port,
                None => free_port()?,
            };
            match self.launch(port, settings) {
                Ok(()) => {
                    let url = url(port);
                    file::write(&self.folder.join("url"), &format!("{url}\n"))?;
                    return Ok(url);
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Stops it; one that does not run is left alone.
    ///
    /// # Errors
    /// Fails with what `pg_ctl` said.
    pub fn stop(&self, how: Stop) -> Result<()> {
        if self.is_running() {
            let how = match how {
                Stop::Fast => "fast",
                Stop::Immediate => "immediate",
            };
            self.control("stop", &["-w", "-t", &WAIT_S.to_string(), "-m", how])?;
        }
        // Tests must not look for a server that has gone; where there is no file, none do.
        drop(std::fs::remove_file(self.folder.join("url")));
        Ok(())
    }

    /// Its URL while it runs.
    ///
    /// # Errors
    /// Fails when it runs without saying where.
    pub fn url(&self) -> Result<Option<String>> {
        if !self.is_running() {
            return Ok(None);
        }
        let port = self.port().ok_or_else(|| {
            Error::failed(format!("{} names no port", self.settings_file().display()))
                .help("stop the server and start it again: cargo xtask postgres stop")
        })?;
        Ok(Some(url(port)))
    }

    fn data(&self) -> PathBuf {
        self.place.join("data")
    }

    fn log(&self) -> PathBuf {
        self.place.join("log")
    }

    fn settings_file(&self) -> PathBuf {
        self.data().join(SETTINGS)
    }

    fn is_running(&self) -> bool {
        self.data().is_dir() && self.control("status", &[]).is_ok()
    }

    /// Makes the cluster: trust on the loopback, and nowhere else to come from.
    fn init(&self) -> Result<()> {
        if self.data().join("PG_VERSION").is_file() {
            return Ok(());
        }
        make(&self.place)?;
        self.account.own(&self.place)?;
        let mut arguments: Vec<OsString> = vec!["--pgdata".into(), self.data().into()];
        let fixed = [
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-instructions",
            "--username",
            SUPERUSER,
        ];
        arguments.extend(fixed.map(OsString::from));
        self.programs
            .run("initdb", &self.account, &self.place, &arguments)?;
        let main = self.data().join("postgresql.conf");
        let text = file::read(&main)?;
        // Not through a neighbour: the file must stay the server's own.
        std::fs::write(&main, format!("{text}\ninclude '{SETTINGS}'\n"))
            .map_err(|e| Error::failed(format!("write {}: {e}", main.display())))
    }

    fn launch(&self, port: u16, settings: &[(&str, &str)]) -> Result<()> {
        let (port, place) = (port.to_string(), self.place.display().to_string());
        let socket = if place.len() < SOCKET_FOLDER_LEN {
            place.as_str()
        } else {
            ""
        };
        let ours = [
            ("listen_addresses", "127.0.0.1"),
            ("port", &port),
            ("unix_socket_directories", socket),
            ("max_connections", "200"),
            ("max_prepared_transactions", "64"),
            ("fsync", "on"),
            ("shared_buffers", "64MB"),
        ];
        let lines = ours
            .iter()
            .chain(settings)
            .map(|(name, value)| format!("{name} = '{value}'\n"));
        let path = self.settings_file();
        std::fs::write(&path, lines.collect::<String>())
            .map_err(|e| Error::failed(format!("write {}: {e}", path.display())))?;
        self.account.own(&path)?;
        let log = self.log();
        let started = self.control(
            "start",
            &[
                "-w",
                "-t",
                &WAIT_S.to_string(),
                "-l",
                &log.to_string_lossy(),
            ],
        );
        started.map(drop).map_err(|error| match tail(&log) {
            Some(tail) => error.help(format!("the end of {}:\n{tail}", log.display())),
            None => error,
        })
    }

    fn control(&self, what: &str, arguments: &[&str]) -> Result<String> {
        let mut all: Vec<OsString> =
            vec![what.into(), "-s".into(), "-D".into(), self.data().into()];
        all.extend(arguments.iter().map(OsString::from));
        self.programs
            .run("pg_ctl", &self.account, &self.place, &all)
    }

    /// The port that its settings name.
    fn port(&self) -> Option<u16> {
        let text = std::fs::read_to_string(self.settings_file()).ok()?;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("port = '"))?;
        line.trim_end_matches('\'').parse().ok()
    }
}

fn url(port: u16) -> String {
    format!("postgres://{SUPERUSER}@127.0.0.1:{port}/postgres")
}

fn make(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)
        .map_err(|e| Error::failed(format!("make {}: {e}", folder.display())))
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    listener
        .map(|address| address.port())
        .map_err(|e| Error::failed(format!("find a free port: {e}")))
}

fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

/// FNV-1a over a path.
pub(crate) fn fingerprint(path: &Path) -> u64 {
    let bytes = path.as_os_str().as_encoded_bytes();
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The last lines of a log.
fn tail(path: &Path) -> Option<String> {
    const LINES: usize = 10;
    let text = std::fs::read_to_string(path).ok()?;
    let lines: Vec<&str> = text.lines().collect();
    Some(lines[lines.len().saturating_sub(LINES)..].join("\n"))
}
