//! The same small write, made durable by what others take for it today.

use std::path::Path;

use redb::{Database, Durability, TableDefinition};

use super::durable::{Way, small};

const TABLE: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("map");
const KEY: &[u8] = b"account/17";

/// What is written the next time: SQLite finds out that a row stays as it is, and forces nothing.
fn values() -> impl FnMut() -> Vec<u8> {
    let mut written = 0_u64;
    move || {
        let mut value = small();
        value[..8].copy_from_slice(&written.to_le_bytes());
        written += 1;
        value
    }
}

pub(super) fn ways(folder: &Path) -> [Way<'static>; 3] {
    [redb(folder), fjall(folder), sqlite(folder)]
}

fn redb(folder: &Path) -> Way<'static> {
    let database = Database::create(folder.join("peer.redb")).expect("the folder can be written");
    let mut value = values();
    let once = move || {
        let mut writer = database.begin_write().expect("nobody else writes");
        writer
            .set_durability(Durability::Immediate)
            .expect("nothing was written yet");
        {
            let mut table = writer.open_table(TABLE).expect("it is of that type");
            table.insert(KEY, &value()[..]).expect("there is room");
        }
        writer.commit().expect("the disk takes it");
    };
    Way {
        name: "redb, Durability::Immediate",
        once: Box::new(once),
    }
}

fn fjall(folder: &Path) -> Way<'static> {
    let database = fjall::Database::builder(folder.join("peer.fjall"))
        .open()
        .expect("the folder can be written");
    let map = database
        .keyspace("map", fjall::KeyspaceCreateOptions::default)
        .expect("the folder can be written");
    let mut value = values();
    let once = move || {
        map.insert(KEY, value()).expect("there is room");
        let forced = database.persist(fjall::PersistMode::SyncData);
        forced.expect("the disk takes it");
    };
    Way {
        name: "fjall, insert and SyncData",
        once: Box::new(once),
    }
}

pub(crate) fn sqlite(folder: &Path) -> Way<'static> {
    let connection =
        rusqlite::Connection::open(folder.join("peer.sqlite")).expect("the folder can be written");
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
             CREATE TABLE map (key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID",
        )
        .expect("the statements are well formed");
    let mut value = values();
    let once = move || {
        let mut put = connection
            .prepare_cached("INSERT OR REPLACE INTO map VALUES (?1, ?2)")
            .expect("the statement is well formed");
        put.execute((KEY, value())).expect("the disk takes it");
    };
    Way {
        name: "SQLite, WAL, synchronous=FULL",
        once: Box::new(once),
    }
}
