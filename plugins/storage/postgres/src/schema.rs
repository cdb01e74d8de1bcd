//! What must be at the server before the first call: a version that we know, our tables, their format.

use tokio_postgres::Client;
use weldkit::{Error, ErrorKind};

use crate::fault::Fault;

/// The format that this version writes. Tables of a later one are refused.
const FORMAT: i64 = 1;
/// The table that says whose the schema is, and in which format.
const MARK: &str = "weldkit_storage";
/// PostgreSQL 13 brought `pg_current_xact_id`.
const VERSION_MIN: i32 = 13_00_00;
/// Two hosts that start at once make the tables one after the other. The number is ours: "weldkit" in ASCII.
const LOCK: i64 = 0x0077_656c_646b_6974;

/// What the server says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Server {
    /// Such as 150014.
    version: i32,
    version_text: String,
    encoding: String,
    /// Branches that it can hold prepared; at 0 none.
    pub(crate) prepared_max: i32,
    /// Off: what it has committed may not survive a crash.
    pub(crate) fsync: bool,
}

/// Checks the server, and makes the tables where they are missing. Gives what the server is, and a mark of the schema
/// that no other schema of the whole server has.
pub(crate) async fn open(
    client: &Client,
    place: &str,
    schema: &str,
) -> Result<(Server, String), Error> {
    let explain = |fault: tokio_postgres::Error| {
        refuse(format!(
            "{place}: schema `{schema}`: {}",
            Fault::from(fault).reason
        ))
    };
    let server = ask(client).await.map_err(explain)?;
    check(&server, place)?;
    if !is_there(client, schema, MARK).await.map_err(explain)?
        && !make(client, schema).await.map_err(explain)?
    {
        return Err(refuse(format!(
            "{place}: the table `documents` in schema `{schema}` is of another program; choose another `schema`"
        )));
    }
    check_format(client, place, schema).await?;
    let mark = client
        .query_one(
            "SELECT (SELECT oid FROM pg_database WHERE datname = current_database()) || '.' || $1::text::regnamespace::oid",
            &[&format!("\"{schema}\"")],
        )
        .await
        .map_err(explain)?;
    Ok((server, mark.try_get(0).map_err(explain)?))
}

async fn ask(client: &Client) -> Result<Server, tokio_postgres::Error> {
    let row = client
        .query_one(
            "SELECT current_setting('server_version_num')::int, current_setting('server_version'),
                current_setting('server_encoding'), current_setting('max_prepared_transactions')::int,
                current_setting('fsync')::bool",
            &[],
        )
        .await?;
    Ok(Server {
        version: row.try_get(0)?,
        version_text: row.try_get(1)?,
        encoding: row.try_get(2)?,
        prepared_max: row.try_get(3)?,
        fsync: row.try_get(4)?,
    })
}

fn check(server: &Server, place: &str) -> Result<(), Error> {
    if server.version < VERSION_MIN {
        return Err(refuse(format!(
            "{place} is version {}, and storage-postgres needs 13 or later; upgrade the server",
            server.version_text
        )));
    }
    if server.encoding != "UTF8" {
        return Err(refuse(format!(
            "{place} has the encoding {}, which cannot hold every document; choose a database made with ENCODING 'UTF8'",
            server.encoding
        )));
    }
    Ok(())
}

/// Reads the catalogue as a table: what `to_regclass` remembers of a moment ago may be wrong once the lock is held.
async fn is_there(
    client: &Client,
    schema: &str,
    table: &str,
) -> Result<bool, tokio_postgres::Error> {
    let sql =
        "SELECT EXISTS (SELECT FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE nspname = $1 AND relname = $2)";
    client.query_one(sql, &[&schema, &table]).await?.try_get(0)
}

/// Makes the tables, unless another host has made them meanwhile; `false` when a table of somebody else is in the way.
/// A schema that is there already is used: the role may not be allowed to make one.
async fn make(client: &Client, schema: &str) -> Result<bool, tokio_postgres::Error> {
    let lock = format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SELECT pg_advisory_xact_lock({LOCK})"
    );
    client.batch_execute(&lock).await?;
    if is_there(client, schema, MARK).await? {
        return client.batch_execute("ROLLBACK").await.map(|()| true);
    }
    if is_there(client, schema, "documents").await? {
        return client.batch_execute("ROLLBACK").await.map(|()| false);
    }
    let schemas = client
        .query_opt("SELECT FROM pg_namespace WHERE nspname = $1", &[&schema])
        .await?;
    if schemas.is_none() {
        client
            .batch_execute(&format!("CREATE SCHEMA \"{schema}\""))
            .await?;
    }
    let tables = format!(
        "CREATE TABLE \"{schema}\".{MARK} (name text PRIMARY KEY, value bigint NOT NULL);
        INSERT INTO \"{schema}\".{MARK} VALUES ('format', {FORMAT});
        CREATE TABLE \"{schema}\".documents (
            collection text COLLATE \"C\" NOT NULL,
            key bytea NOT NULL,
            body text NOT NULL,
            PRIMARY KEY (collection, key)
        );
        COMMIT"
    );
    client.batch_execute(&tables).await.map(|()| true)
}

async fn check_format(client: &Client, place: &str, schema: &str) -> Result<(), Error> {
    let refuse = |reason: String| Err(refuse(format!("{place}: schema `{schema}` {reason}")));
    let sql = format!("SELECT value FROM \"{schema}\".{MARK} WHERE name = 'format'");
    let found = client.query_opt(&sql, &[]).await;
    let format = found.and_then(|row| row.map(|row| row.try_get::<_, i64>(0)).transpose());
    match format {
        Ok(Some(FORMAT)) => Ok(()),
        Ok(Some(newer)) if newer > FORMAT => refuse(format!(
            "has storage format {newer} and this version of storage-postgres reads up to {FORMAT}; use the version that wrote it"
        )),
        Ok(Some(unknown)) => refuse(format!(
            "has storage format {unknown}, which no version has written"
        )),
        Ok(None) => refuse("does not name its storage format; choose another `schema`".into()),
        Err(error) => refuse(format!("cannot be read: {}", Fault::from(error).reason)),
    }
}

fn refuse(reason: String) -> Error {
    Error::new(ErrorKind::State, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_server_and_a_narrow_encoding_are_refused_by_name() {
        let server = |version: i32, encoding: &str| Server {
            version,
            version_text: "12.22".into(),
            encoding: encoding.into(),
            prepared_max: 0,
            fsync: true,
        };
        assert!(check(&server(13_00_00, "UTF8"), "x").is_ok());
        for (bad, expected) in [
            (
                server(12_00_22, "UTF8"),
                "x is version 12.22, and storage-postgres needs 13 or later",
            ),
            (
                server(15_00_00, "SQL_ASCII"),
                "x has the encoding SQL_ASCII",
            ),
        ] {
            let error = check(&bad, "x").expect_err(expected).to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
