//! How a branch ends: the vote, the outcome, and what is asked when an answer was lost.
//!
//! Each step marks the branch before it sends anything, so that a future that is dropped half-way leaves a branch that
//! says what is not known of it.

use std::time::Duration;

use weldkit::transaction::{Fault as Unfinished, Heuristic, Vote};

use crate::PostgresStorage;
use crate::branch::{Branch, State};
use crate::fault::{Fault, Kind};
use crate::outcomes::{self, End, Ended, Fate};

/// How often the end of a server process is waited for.
const GONE_MAX: u32 = 40;
/// The pause in between.
const GONE_AGAIN: Duration = Duration::from_millis(50);

impl PostgresStorage {
    /// The first phase. After an error nothing is left of the branch, or [`undo`](Self::undo) finds it.
    pub(crate) async fn vote(&self, branch: &mut Branch) -> Result<Vote, Fault> {
        if let Err(fault) = branch.check() {
            roll_back(branch, &fault).await;
            return Err(fault);
        }
        let (command, vote) = match branch.xid {
            Some(_) => {
                branch.state = State::Preparing;
                (
                    format!("PREPARE TRANSACTION '{}'", branch.gid),
                    Vote::Prepared,
                )
            }
            // It has no outcome. Its end can fail all the same: at `serializable`, what it has read is checked here.
            None => ("COMMIT".to_owned(), Vote::ReadOnly),
        };
        match branch.command(&command).await {
            Ok(()) => {
                branch.is_idle();
                if vote == Vote::Prepared {
                    branch.state = State::Prepared;
                }
                Ok(vote)
            }
            Err(fault) if fault.is_lost() && vote == Vote::Prepared => {
                // Prepared or not: whoever undoes it finds out.
                branch.lease = None;
                Err(fault)
            }
            Err(fault) => {
                roll_back(branch, &fault).await;
                Err(fault)
            }
        }
    }

    /// The only phase of a branch that decides by its commit.
    pub(crate) async fn commit_alone(&self, branch: &mut Branch) -> Result<(), Unfinished> {
        if branch.state != State::Committing {
            if let Err(fault) = branch.check() {
                roll_back(branch, &fault).await;
                return Err(Unfinished::Retry(fault.call()));
            }
            branch.state = State::Committing;
            match branch.command("COMMIT").await {
                Ok(()) => {
                    branch.is_idle();
                    return Ok(());
                }
                Err(fault) if fault.is_lost() => branch.lease = None,
                Err(fault) => {
                    roll_back(branch, &fault).await;
                    return Err(Unfinished::Retry(fault.call()));
                }
            }
        }
        match self.fate(branch).await {
            Ok(Fate::Committed) => Ok(()),
            Ok(Fate::Aborted) => {
                let fault = not_committed();
                branch.undone(fault.clone());
                Err(Unfinished::Retry(fault.call()))
            }
            Ok(Fate::Unknown) => Err(Unfinished::Unknown(unanswered().call())),
            Err(fault) => Err(Unfinished::Unknown(fault.call())),
        }
    }

    /// The second phase of a branch that voted here.
    pub(crate) async fn finish(&self, branch: &mut Branch, end: End) -> Result<(), Unfinished> {
        let own = branch.lease.take().filter(|lease| lease.is_clean());
        let answer = match &own {
            Some(lease) => outcomes::finish(lease, end, &branch.gid).await,
            None => Err(Fault::new(Kind::Lost, "it has no connection")),
        };
        let answer = match answer {
            Err(fault) if fault.is_lost() => self.outcomes.finish(end, &branch.gid).await,
            answered => answered,
        };
        match answer {
            Ok(Ended::Now) => Ok(()),
            Ok(Ended::Before) => self.check_outcome(branch, end).await,
            Err(fault) => Err(Unfinished::Retry(fault.call())),
        }
    }

    /// The second phase of a branch that a restart has left.
    pub(crate) async fn finish_found(&self, gid: &str, end: End) -> Result<(), Unfinished> {
        match self.outcomes.finish(end, gid).await {
            Ok(Ended::Now | Ended::Before) => Ok(()),
            Err(fault) => Err(Unfinished::Retry(fault.call())),
        }
    }

    /// A prepared branch that is not there any more has its outcome: ours, unless an operator gave it the other one.
    async fn check_outcome(&self, branch: &mut Branch, end: End) -> Result<(), Unfinished> {
        match (self.fate(branch).await, end) {
            (Ok(Fate::Aborted), End::Commit) => Err(Unfinished::Heuristic(Heuristic::RolledBack)),
            (Ok(Fate::Committed), End::Abort) => Err(Unfinished::Heuristic(Heuristic::Committed)),
            (Ok(Fate::Committed | Fate::Aborted | Fate::Unknown), _) => Ok(()),
            (Err(fault), _) => Err(Unfinished::Retry(fault.call())),
        }
    }

    /// Aborts a branch, wherever it stands.
    pub(crate) async fn undo(&self, branch: &mut Branch) -> Result<(), Unfinished> {
        match branch.state {
            State::Open | State::Failed(_) => {
                roll_back(branch, &aborted()).await;
                Ok(())
            }
            State::Undone(_) => Ok(()),
            State::Prepared => self.finish(branch, End::Abort).await,
            State::Preparing => {
                self.see_it_gone(branch).await?;
                self.finish_found(&branch.gid, End::Abort).await
            }
            State::Committing => match self.fate(branch).await {
                Ok(Fate::Aborted) => Ok(()),
                Ok(Fate::Committed) => Err(Unfinished::Heuristic(Heuristic::Committed)),
                Ok(Fate::Unknown) => Err(Unfinished::Heuristic(Heuristic::Hazard)),
                Err(fault) => Err(Unfinished::Retry(fault.call())),
            },
        }
    }

    /// Waits until the server process of the branch has ended: before that it may still prepare what is to be undone.
    async fn see_it_gone(&self, branch: &mut Branch) -> Result<(), Unfinished> {
        if let Some(lease) = branch.lease.take() {
            lease.end().await;
        }
        let Some(peer) = &branch.peer else {
            return Ok(());
        };
        for _ in 0..GONE_MAX {
            match self.outcomes.is_gone(peer.backend).await {
                Ok(true) => return Ok(()),
                Ok(false) => tokio::time::sleep(GONE_AGAIN).await,
                Err(fault) => return Err(Unfinished::Retry(fault.call())),
            }
        }
        let busy = Fault::new(
            Kind::Busy,
            "the server still works on a connection that was lost",
        );
        Err(Unfinished::Retry(busy.call()))
    }

    /// What became of a branch whose end was not answered.
    async fn fate(&self, branch: &mut Branch) -> Result<Fate, Fault> {
        if let Some(lease) = branch.lease.take() {
            lease.end().await;
        }
        match (branch.xid, &branch.peer) {
            (Some(xid), Some(peer)) => self.outcomes.fate(xid, &peer.incarnation).await,
            // It changed nothing, so there is nothing that could be committed.
            _ => Ok(Fate::Aborted),
        }
    }
}

/// Rolls a branch back whose end was not sent. What the server does not do at once, it does when the connection ends.
async fn roll_back(branch: &mut Branch, why: &Fault) {
    let lease = branch.lease.take();
    branch.undone(why.clone());
    let Some(lease) = lease else {
        return;
    };
    if lease.is_closed() || lease.is_given_up() || lease.command("ROLLBACK").await.is_err() {
        lease.end().await;
    } else {
        lease.set_in_transaction(false);
    }
}

fn aborted() -> Fault {
    Fault::new(Kind::Refused, "the transaction is aborted")
}

fn not_committed() -> Fault {
    Fault::new(
        Kind::Lost,
        "the connection was lost during the commit, and the server has rolled the transaction back; begin it again",
    )
}

fn unanswered() -> Fault {
    Fault::new(
        Kind::Lost,
        "the connection was lost during the commit, and the server cannot say any more what became of it",
    )
}
