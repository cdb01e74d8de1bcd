//! From a backup to a state folder that a host starts on.

use std::fs::{self, File};
use std::path::Path;

use super::about::{self, About, Sum};
use super::{Backup, CONTAINERS, blocking, failed, unusable};
use crate::clock::{self, Clock};
use crate::error::{Error, ErrorKind, Problem, Result};
use crate::limit;
use crate::transaction::durable::{Durable, Named};
use crate::transaction::ground::Ground;
use crate::transaction::mvcc::Store;
use crate::transaction::opening::open;
use crate::transaction::{HostId, Transactions};

/// Stands in a state folder until everything of a restore is in it.
const UNFINISHED: &str = "restoring";

/// Refuses a folder in which a restore was cut off: half of a backup opens as well as all of it.
pub(in crate::transaction) fn whole(folder: &Path) -> Result<()> {
    if !folder.join(UNFINISHED).exists() {
        return Ok(());
    }
    Err(failed(format!(
        "`{}` holds a part of a backup: a restore was cut off; restore it again with `restore DIR`",
        folder.display()
    )))
}

/// Puts a backup into a state folder that the caller has locked and that holds nothing else. All of it, or nothing.
///
/// The host keeps its id, so that participants outside of it know it again. Its starts are counted from elsewhere: what
/// the original has done since the backup is never taken for something of the restored one.
///
/// # Errors
///
/// No backup, one of a later version, every file that is damaged, or a state folder that is in use.
pub(crate) async fn restore(from: &Path, state: &Path) -> Result<Backup> {
    let (source, target) = (from.to_owned(), state.to_owned());
    let about = blocking(move || {
        let about = About::read(&source)?;
        claim(&target)?;
        Ok(about)
    })
    .await?;
    let restored = put(from, state, about).await;
    let target = state.to_owned();
    if restored.is_err() {
        // One that stays refuses to be opened.
        drop(blocking(move || clear(&target)).await);
        return restored;
    }
    blocking(move || {
        let finished = fs::remove_file(target.join(UNFINISHED)).and_then(|()| about::sync(&target));
        finished.map_err(|fault| unusable(&target, &fault))
    })
    .await?;
    restored
}

async fn put(from: &Path, state: &Path, about: About) -> Result<Backup> {
    let (source, target) = (from.to_owned(), state.to_owned());
    let (about, mut durable, named) = blocking(move || {
        copy(&source, &target, &about.files)?;
        let (durable, named) = opened(&target, &about)?;
        Ok((about, durable, named))
    })
    .await?;
    let renamed = rename(&mut durable, named).await;
    durable.let_go();
    renamed?;
    Ok(Backup {
        commit: about.commit,
        bytes: about.bytes(),
        left_out: Vec::new(),
    })
}

/// Counts the starts from elsewhere: nobody has the ids that follow, whatever the original has done since.
async fn rename(durable: &mut Durable, named: Named) -> Result<()> {
    const SPREAD: u32 = 1 << 24;
    let further = u32::try_from(clock::random() % u64::from(SPREAD)).unwrap_or(0);
    durable.named = Named {
        run: named.run.wrapping_add(limit::RESTORED_STARTS + further),
        ..named
    };
    durable.write_name().await?;
    let closed = durable.journal.close().await;
    closed.map_err(|failure| failed(failure.to_string()))
}

/// Marks a folder as being restored, after a restore that was cut off as well.
fn claim(state: &Path) -> Result<()> {
    let marker = state.join(UNFINISHED);
    let is_second = marker.exists();
    if is_second {
        about::empty(state).map_err(|fault| unusable(state, &fault))?;
    }
    let left = about::left_out(state)?;
    let names = [CONTAINERS, Transactions::JOURNAL].into_iter();
    let held = names.filter(|name| state.join(name).exists());
    let mut there = held.chain(left.iter().map(String::as_str));
    if let Some(first) = there.find(|name| *name != UNFINISHED) {
        return Err(failed(format!(
            "the state folder `{}` is not empty, `{first}` is in it; restore into another one with `--state DIR`",
            state.display()
        )));
    }
    let made = File::create(&marker).and_then(|file| file.sync_all());
    made.and_then(|()| about::sync(state))
        .map_err(|fault| unusable(&marker, &fault))
}

fn clear(state: &Path) -> Result<()> {
    let cleared = about::empty(state).and_then(|()| about::sync(state));
    let cleared = cleared.and_then(|()| fs::remove_file(state.join(UNFINISHED)));
    cleared.map_err(|fault| unusable(state, &fault))
}

/// Copies every file, and adds up what was read: what is not as it was written is named, all of it at once.
fn copy(from: &Path, state: &Path, files: &[Sum]) -> Result<()> {
    let journal = state.join(Transactions::JOURNAL);
    fs::create_dir_all(&journal).map_err(|fault| unusable(&journal, &fault))?;
    let mut problems = Vec::new();
    for expected in files {
        let path = from.join(&expected.name);
        let problem = match copy_one(&path, &state.join(&expected.name), &expected.name) {
            Ok(found) if found == *expected => continue,
            Ok(found) if found.bytes != expected.bytes => {
                format!("has {} bytes, not {}", found.bytes, expected.bytes)
            }
            Ok(_) => "is not what was written to it".to_owned(),
            Err(fault) => format!("cannot be copied: {fault}"),
        };
        let problem = Problem::new("damaged", format!("`{}` {problem}", expected.name));
        problems.push(problem.place(path.display().to_string()));
    }
    if !problems.is_empty() {
        let what = format!("the backup `{}` is damaged; take another", from.display());
        return Err(Error::problems(ErrorKind::State, what, problems));
    }
    let synced = about::sync(&journal).and_then(|()| about::sync(state));
    synced.map_err(|fault| unusable(state, &fault))
}

fn copy_one(from: &Path, to: &Path, name: &str) -> std::io::Result<Sum> {
    let mut target = File::create(to)?;
    let sum = about::sum(name, &mut File::open(from)?, &mut target)?;
    target.sync_all()?;
    Ok(sum)
}

/// Opens it as a start does, and compares with what the backup says of itself.
fn opened(state: &Path, about: &About) -> Result<(Durable, Named)> {
    let store = Store::new(Clock::System);
    let ground = Ground::new(state.to_owned(), None);
    let (durable, found) = open(&store, &ground)?;
    let commit = store.visible();
    let host = found.named.map(|named| HostId(named.host).to_string());
    match found.named {
        Some(named) if commit == about.commit && host.as_ref() == Some(&about.host) => {
            Ok((durable, named))
        }
        _ => {
            durable.let_go();
            Err(failed(format!(
                "the backup says that it holds commit {} of host {}, and holds commit {commit} of host {}; take another",
                about.commit,
                about.host,
                host.unwrap_or_else(|| "-".to_owned())
            )))
        }
    }
}
