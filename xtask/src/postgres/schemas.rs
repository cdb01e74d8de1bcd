//! What a program has left in a database goes again.

use std::ffi::OsString;
use std::process::Command;

use super::programs;
use crate::cargo;
use crate::error::{Error, Result};

/// Statements of one call of `psql`, each a transaction of its own.
const STATEMENTS: usize = 100;

/// Removes every schema whose name begins so. What is prepared in it is rolled back first: it holds locks on it.
///
/// # Errors
/// Fails without `psql`, and with what the server said.
pub fn drop_schemas(url: &str, prefix: &str) -> Result<()> {
    let schemas = format!("pg_namespace WHERE starts_with(nspname, '{prefix}')");
    let mark = "(SELECT oid FROM pg_database WHERE datname = current_database()) || '.' || oid";
    let queries = [
        format!(
            "SELECT format('ROLLBACK PREPARED %L', gid) FROM pg_prepared_xacts WHERE EXISTS
                (SELECT FROM {schemas} AND gid LIKE 'weldkit:%:' || {mark})"
        ),
        format!("SELECT format('DROP SCHEMA %I CASCADE', nspname) FROM {schemas}"),
    ];
    for query in queries {
        let found = psql(url, [query.as_str()])?;
        let statements: Vec<&str> = found.lines().collect();
        for some in statements.chunks(STATEMENTS) {
            psql(url, some.iter().copied())?;
        }
    }
    Ok(())
}

/// What `psql` prints for some statements.
fn psql<'s>(url: &str, statements: impl IntoIterator<Item = &'s str>) -> Result<String> {
    let program = programs::named("psql").ok_or_else(|| {
        Error::failed("there is no `psql`, which removes schemas")
            .help("install it: cargo xtask postgres install")
    })?;
    let mut command = Command::new(program);
    let fixed = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", url];
    command.args(fixed.map(OsString::from));
    // The server process of a client that was killed is gone in a moment.
    command.env(
        "PGOPTIONS",
        "-c lock_timeout=20s -c client_min_messages=warning",
    );
    for statement in statements {
        command.args(["-c", statement]);
    }
    cargo::output(&mut command)
}
