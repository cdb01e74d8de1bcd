//! Prepared transactions whose host does not come back: they hold their locks, and hinder the server's housekeeping,
//! until somebody gives them an outcome.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, mpsc};
use std::time::Duration;

use tokio::runtime::{Handle, RuntimeFlavor};
use weldkit::transaction::HostId;

use crate::fault::Fault;
use crate::outcomes::Outcomes;

/// From this age on a prepared transaction of another host is worth a word: the second phase takes milliseconds.
const AGE: Duration = Duration::from_secs(60);
/// How long a question about health waits for the server; the host waits for it no longer than 2 seconds.
const LOOK: Duration = Duration::from_secs(1);
/// How many of them a message names.
const NAMED: usize = 3;

/// A prepared transaction that a host has left at the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orphan {
    /// Its name: `weldkit:HOST:TRANSACTION:SCHEMA`.
    pub gid: String,
    /// How long it has been prepared.
    pub age: Duration,
    /// Its database.
    pub database: String,
    /// The role that prepared it.
    pub owner: String,
}

impl fmt::Display for Orphan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            gid,
            age,
            database,
            owner,
        } = self;
        write!(
            f,
            "`{gid}` of {owner} in {database}, prepared {} ago",
            told(*age)
        )
    }
}

/// Looks for them, and remembers what was seen last: health is asked for where not everybody can wait.
#[derive(Debug)]
pub(crate) struct Watch {
    outcomes: Arc<Outcomes>,
    /// The mark of our schema.
    mark: String,
    /// The host that we belong to, once it has said so.
    host: OnceLock<HostId>,
    seen: Mutex<Vec<Orphan>>,
    is_looking: AtomicBool,
}

impl Watch {
    pub(crate) fn new(outcomes: Arc<Outcomes>, mark: &str) -> Arc<Self> {
        Arc::new(Self {
            outcomes,
            mark: mark.to_owned(),
            host: OnceLock::new(),
            seen: Mutex::default(),
            is_looking: AtomicBool::new(false),
        })
    }

    /// Keeps the host that we belong to.
    pub(crate) fn is_known_as(&self, host: HostId) {
        self.host.get_or_init(|| host);
    }

    /// Asks the server.
    pub(crate) async fn look(&self) -> Result<Vec<Orphan>, Fault> {
        let all = self.outcomes.all_prepared().await?;
        let own = self.host.get().map(|host| format!("weldkit:{host}:"));
        let is_ours = |gid: &str| {
            let mark = gid.rsplit_once(':').map(|(_, mark)| mark);
            own.as_ref().is_some_and(|own| gid.starts_with(own)) && mark == Some(self.mark.as_str())
        };
        let others = all.into_iter().filter(|(gid, ..)| !is_ours(gid));
        let orphans: Vec<Orphan> = others
            .map(|(gid, age_s, database, owner)| Orphan {
                gid,
                age: Duration::from_secs(age_s.unsigned_abs()),
                database,
                owner,
            })
            .collect();
        self.seen().clone_from(&orphans);
        Ok(orphans)
    }

    /// What an operator should know of them. Waits a moment for the server, where waiting holds up nobody else; else what
    /// was seen last is told, and the next time what is there now.
    pub(crate) fn advice(self: &Arc<Self>, runtime: &Handle) -> Option<String> {
        if !self.is_looking.swap(true, Relaxed) {
            let (done, looked) = mpsc::sync_channel(1);
            let watch = Arc::clone(self);
            runtime.spawn(async move {
                // A server that does not answer is told of by the pool, and nobody may be waiting.
                drop(watch.look().await);
                watch.is_looking.store(false, Relaxed);
                let _ = done.try_send(());
            });
            if runtime.runtime_flavor() == RuntimeFlavor::MultiThread {
                // Late or not, what is known is told.
                let _ = looked.recv_timeout(LOOK);
            }
        }
        advice(&self.seen())
    }

    fn seen(&self) -> MutexGuard<'_, Vec<Orphan>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an operator should know of them; nothing when all of them are young.
fn advice(orphans: &[Orphan]) -> Option<String> {
    let old: Vec<&Orphan> = orphans.iter().filter(|orphan| orphan.age >= AGE).collect();
    let first = old.first()?;
    let named: Vec<String> = old
        .iter()
        .take(NAMED)
        .map(|orphan| orphan.to_string())
        .collect();
    let more = match old.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!(
        "prepared transactions of other hosts hold their locks: {}{more}; start those hosts, or, if one is gone for good: ROLLBACK PREPARED '{}'",
        named.join(", "),
        first.gid
    ))
}

fn told(age: Duration) -> String {
    let seconds = age.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orphan(number: u64, seconds: u64) -> Orphan {
        Orphan {
            gid: format!("weldkit:0a:00000001-{number}:1.2"),
            age: Duration::from_secs(seconds),
            database: "shop".into(),
            owner: "ada".into(),
        }
    }

    #[test]
    fn only_old_ones_are_worth_a_word() {
        assert_eq!(advice(&[]), None);
        assert_eq!(advice(&[orphan(1, 59)]), None);
        let text = advice(&[orphan(1, 7_500), orphan(2, 59)]).expect("an old one");
        assert!(
            text.contains("`weldkit:0a:00000001-1:1.2` of ada in shop, prepared 2 h 5 min ago;"),
            "{text}"
        );
        assert!(
            text.ends_with("ROLLBACK PREPARED 'weldkit:0a:00000001-1:1.2'"),
            "{text}"
        );
        let many: Vec<Orphan> = (0..5).map(|number| orphan(number, 60)).collect();
        let text = advice(&many).expect("old ones");
        assert!(text.contains(" and 2 more;"), "{text}");
    }

    #[test]
    fn an_age_is_told_as_people_say_it() {
        for (seconds, expected) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3_660, "1 h 1 min"),
            (172_800, "2 days"),
        ] {
            assert_eq!(told(Duration::from_secs(seconds)), expected);
        }
    }
}
