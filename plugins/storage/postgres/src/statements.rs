//! The SQL of the contract, with the schema in its place.

use tokio_postgres::{Client, Error, Statement};

/// The texts of the statements for one schema.
#[derive(Debug, Clone)]
pub(crate) struct Sql {
    get: String,
    put: String,
    put_all: String,
    insert_all: String,
    delete: String,
    scan: String,
    count: String,
    collections: String,
    export: String,
}

/// The statements as one connection knows them.
pub(crate) struct Statements {
    /// collection, key -> body
    pub(crate) get: Statement,
    /// collection, key, body -> transaction
    pub(crate) put: Statement,
    /// collections, keys, bodies -> transaction
    pub(crate) put_all: Statement,
    /// collections, keys, bodies -> transaction, or the collection and the key of the first that is there
    pub(crate) insert_all: Statement,
    /// collection, key -> transaction, when there was one
    pub(crate) delete: Statement,
    /// collection, start, end, rows, bytes -> key, body
    pub(crate) scan: Statement,
    /// collection, start, end -> count
    pub(crate) count: Statement,
    /// after, limit -> collection
    pub(crate) collections: Statement,
    /// first collection, last collection or none -> collection, key, body
    pub(crate) export: Statement,
}

impl Sql {
    /// The texts. The name of the schema is checked by the settings and needs no escapes.
    ///
    /// What writes gives the number of its transaction: it says that there is something to prepare, and finds the
    /// outcome of a commit whose answer was lost.
    pub(crate) fn new(schema: &str) -> Self {
        let documents = format!("\"{schema}\".documents");
        let this = "pg_current_xact_id()::text::bigint";
        let given = "unnest($1::text[], $2::bytea[], $3::text[]) AS given (collection, key, body)";
        let upsert = "ON CONFLICT (collection, key) DO UPDATE SET body = excluded.body";
        Self {
            get: format!("SELECT body FROM {documents} WHERE collection = $1 AND key = $2"),
            put: format!(
                "INSERT INTO {documents} (collection, key, body) VALUES ($1, $2, $3) {upsert} RETURNING {this}"
            ),
            put_all: format!(
                "WITH written AS (INSERT INTO {documents} (collection, key, body) SELECT * FROM {given} {upsert} RETURNING 1)
                SELECT {this} FROM (SELECT count(*) FROM written) AS counted"
            ),
            // One that comes in between is not seen by `taken`, and makes the statement fail.
            insert_all: format!(
                "WITH taken AS (SELECT collection, key FROM {documents} JOIN {given} USING (collection, key)
                    ORDER BY collection, key LIMIT 1),
                written AS (INSERT INTO {documents} (collection, key, body)
                    SELECT * FROM {given} WHERE NOT EXISTS (SELECT FROM taken) RETURNING 1)
                SELECT CASE WHEN collection IS NULL THEN {this} END, collection, key
                    FROM (SELECT count(*) FROM written) AS counted LEFT JOIN taken ON true"
            ),
            delete: format!("DELETE FROM {documents} WHERE collection = $1 AND key = $2 RETURNING {this}"),
            // The lengths of documents are known without reading them, so that those beyond a page of bytes are not
            // sent: of the first one, only the key.
            scan: format!(
                "SELECT key, CASE WHEN before < $5::bigint THEN body END AS body FROM (
                    SELECT key, body,
                        coalesce(sum(octet_length(body)) OVER (ORDER BY key ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before,
                        coalesce(sum(octet_length(body)) OVER (ORDER BY key ROWS BETWEEN UNBOUNDED PRECEDING AND 2 PRECEDING), 0) AS before_last
                    FROM (SELECT key, body FROM {documents} WHERE collection = $1 AND key >= $2 AND key < $3
                        ORDER BY key LIMIT $4::bigint) AS page
                ) AS sized WHERE before_last < $5::bigint ORDER BY key"
            ),
            count: format!("SELECT count(*) FROM {documents} WHERE collection = $1 AND key >= $2 AND key < $3"),
            // From collection to collection, without walking their documents.
            collections: format!(
                "WITH RECURSIVE names AS (
                    (SELECT collection, 1 AS number FROM {documents} WHERE collection > $1 ORDER BY collection LIMIT 1)
                    UNION ALL
                    SELECT (SELECT collection FROM {documents} WHERE collection > names.collection
                        ORDER BY collection LIMIT 1), number + 1
                    FROM names WHERE collection IS NOT NULL AND number < $2::bigint
                ) SELECT collection FROM names WHERE collection IS NOT NULL ORDER BY number"
            ),
            export: format!(
                "SELECT collection, key, body FROM {documents}
                    WHERE collection >= $1 AND ($2::text IS NULL OR collection <= $2) ORDER BY collection, key"
            ),
        }
    }

    /// Prepares all of them in one go.
    pub(crate) async fn prepare(&self, client: &Client) -> Result<Statements, Error> {
        let (get, put, put_all, insert_all, delete, scan, count, collections, export) = tokio::try_join!(
            client.prepare(&self.get),
            client.prepare(&self.put),
            client.prepare(&self.put_all),
            client.prepare(&self.insert_all),
            client.prepare(&self.delete),
            client.prepare(&self.scan),
            client.prepare(&self.count),
            client.prepare(&self.collections),
            client.prepare(&self.export),
        )?;
        Ok(Statements {
            get,
            put,
            put_all,
            insert_all,
            delete,
            scan,
            count,
            collections,
            export,
        })
    }
}
