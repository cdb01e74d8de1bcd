//! What the plugin is told: where the server is, which schema is ours, how many connections.

use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use weldkit::{Error, ErrorKind, Secret};

/// Where PostgreSQL listens unless told otherwise.
const PORT: u16 = 5432;
/// How long a silent connection may stay before the system asks whether the other side is there.
const KEEPALIVE: Duration = Duration::from_secs(30);
/// How long what was sent may stay unacknowledged before the connection counts as lost.
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

/// Settings of `storage-postgres`.
#[weldkit::data]
#[derive(Debug, Clone, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct PostgresSettings {
    /// Where the server is: `postgres://USER:PASSWORD@HOST:PORT/DATABASE`. A role, a password and a database given beside it
    /// count more.
    #[serde(default)]
    pub url: Option<Secret<String>>,
    /// The host: a name, an address, or the folder of a Unix socket; `localhost` unless given.
    #[serde(default)]
    pub host: Option<String>,
    /// The port; 5432 unless given.
    #[serde(default)]
    #[garde(range(min = 1))]
    pub port: Option<u16>,
    /// The role.
    #[serde(default)]
    pub user: Option<String>,
    /// Its password.
    #[serde(default)]
    pub password: Option<Secret<String>>,
    /// The database; the one named as the role unless given.
    #[serde(default)]
    pub database: Option<String>,
    /// The schema that holds the tables; made at the first start. Instances with the same schema share their documents.
    #[serde(default = "default_schema")]
    #[garde(pattern(r"^[a-z_][a-z0-9_]{0,62}$"))]
    pub schema: String,
    /// Most connections at once. An open transaction holds one from its first call to its end.
    #[serde(default = "connections")]
    #[garde(range(min = 1, max = 1_000))]
    pub connections: u32,
    /// How long a call or a new transaction waits for a free connection, in milliseconds.
    #[serde(default = "wait_ms")]
    #[garde(range(min = 1, max = 600_000))]
    pub wait_ms: u64,
    /// How long a new connection may take to be made, in milliseconds.
    #[serde(default = "connect_timeout_ms")]
    #[garde(range(min = 1, max = 600_000))]
    pub connect_timeout_ms: u64,
}

fn default_schema() -> String {
    "weldkit".into()
}

fn connections() -> u32 {
    16
}

fn wait_ms() -> u64 {
    5_000
}

fn connect_timeout_ms() -> u64 {
    5_000
}

impl Default for PostgresSettings {
    fn default() -> Self {
        Self {
            url: None,
            host: None,
            port: None,
            user: None,
            password: None,
            database: None,
            schema: default_schema(),
            connections: connections(),
            wait_ms: wait_ms(),
            connect_timeout_ms: connect_timeout_ms(),
        }
    }
}

impl PostgresSettings {
    pub(crate) fn wait(&self) -> Duration {
        Duration::from_millis(self.wait_ms)
    }

    pub(crate) fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout_ms)
    }

    /// How to connect.
    pub(crate) fn config(&self) -> Result<Config, Error> {
        let mut config = match &self.url {
            Some(_) if self.host.is_some() || self.port.is_some() => {
                return Err(refuse("`url` says where the server is, and so do `host` and `port`; leave one of the two out"));
            }
            // The text may hold a password, so the message does not repeat it.
            Some(url) => url.reveal().parse().map_err(|error| {
                refuse(format!(
                    "`url` is no address of PostgreSQL ({error}); write postgres://USER:PASSWORD@HOST:PORT/DATABASE"
                ))
            })?,
            None => {
                let mut config = Config::new();
                config.host(self.host.as_deref().unwrap_or("localhost"));
                config.port(self.port.unwrap_or(PORT));
                config
            }
        };
        // What is prepared at one server is found at no other.
        if config.get_hosts().len().max(config.get_hostaddrs().len()) != 1 {
            return Err(refuse("`url` must name one host"));
        }
        if let Some(user) = &self.user {
            config.user(user);
        }
        if let Some(password) = &self.password {
            config.password(password.reveal());
        }
        if let Some(database) = &self.database {
            config.dbname(database);
        }
        if config.get_ssl_mode() == SslMode::Require {
            return Err(refuse(
                "`url` asks for TLS (sslmode=require), which storage-postgres does not speak; leave it out on a trusted network, or go through a tunnel",
            ));
        }
        if config.get_application_name().is_none() {
            config.application_name("weldkit");
        }
        config
            .ssl_mode(SslMode::Disable)
            .connect_timeout(self.connect_timeout())
            .keepalives_idle(KEEPALIVE)
            .tcp_user_timeout(UNACKNOWLEDGED);
        Ok(config)
    }
}

/// The server as messages name it: without the password.
pub(crate) fn place(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        #[cfg(unix)]
        Some(Host::Unix(folder)) => folder.display().to_string(),
        None => config
            .get_hostaddrs()
            .first()
            .map_or_else(String::new, ToString::to_string),
    };
    let port = config.get_ports().first().unwrap_or(&PORT);
    let user = config.get_user().unwrap_or("the user of the process");
    let database = config.get_dbname().unwrap_or(user);
    format!("PostgreSQL at {host}:{port}, database `{database}`, role `{user}`")
}

fn refuse(reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::Configuration, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: &str) -> PostgresSettings {
        PostgresSettings {
            url: Some(Secret::new(url.into())),
            ..PostgresSettings::default()
        }
    }

    #[test]
    fn a_server_is_named_without_its_password() {
        let check = |settings: PostgresSettings, expected: &str| {
            assert_eq!(
                place(&settings.config().unwrap()),
                format!("PostgreSQL at {expected}")
            );
        };
        let url = settings("postgres://ada:canary@db.example:5433/shop");
        check(url.clone(), "db.example:5433, database `shop`, role `ada`");
        let over = PostgresSettings {
            user: Some("bob".into()),
            database: Some("other".into()),
            ..url
        };
        check(over, "db.example:5433, database `other`, role `bob`");
        let parts = PostgresSettings {
            host: Some("10.0.0.1".into()),
            user: Some("ada".into()),
            ..PostgresSettings::default()
        };
        check(parts, "10.0.0.1:5432, database `ada`, role `ada`");
    }

    #[test]
    fn what_cannot_be_is_refused_and_no_password_shown() {
        let both = PostgresSettings {
            port: Some(1),
            ..settings("postgres://a:canary@h/d")
        };
        for (bad, expected) in [
            (settings("canary://"), "is no address of PostgreSQL"),
            (
                settings("postgres://a:canary@h:port/d"),
                "is no address of PostgreSQL",
            ),
            (settings("postgres://a:canary@h,i/d"), "must name one host"),
            (
                settings("postgres://a:canary@h/d?sslmode=require"),
                "does not speak",
            ),
            (both, "leave one of the two out"),
        ] {
            let error = bad.config().expect_err(expected).to_string();
            assert!(
                error.contains(expected) && !error.contains("canary"),
                "{error}"
            );
        }
    }
}
