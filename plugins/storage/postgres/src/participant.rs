//! Two-phase commit: what the coordinator asks, in the words of PostgreSQL.

use weldkit::CallError;
use weldkit::transaction::{
    Branch as Terms, Capabilities, Durability, Fault as Unfinished, HostId, Isolation, Participant,
    Phase, TransactionId, Vote,
};

use crate::PostgresStorage;
use crate::branch::{Branch, State, unknown};
use crate::fault::Fault;
use crate::outcomes::End;
use crate::pool::Lease;

impl Participant for PostgresStorage {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            isolation: Isolation::ALL.to_vec(),
            savepoints: true,
            // With fsync off too, which health tells of: a branch outlives this process, and needs a decision that does.
            durability: Durability::Durable,
            prepare: self.server.prepared_max > 0,
        }
    }

    async fn begin(&self, terms: &Terms) -> Result<(), CallError> {
        self.watch.is_known_as(terms.host);
        // Before a connection is there, so that aborting a branch that could not begin asks nobody.
        let held = self
            .branches
            .insert(terms.transaction, Branch::new(self.gid(terms)));
        let mut branch = held.lock().await;
        branch.open(self.open(terms).await.map_err(Fault::call)?);
        Ok(())
    }

    async fn prepare(&self, terms: &Terms) -> Result<Vote, CallError> {
        let id = terms.transaction;
        let mut branch = self.branches.enter(id).await?;
        if branch.state == State::Prepared {
            return Ok(Vote::Prepared);
        }
        let vote = self.vote(&mut branch).await.map_err(Fault::call)?;
        if vote == Vote::ReadOnly {
            self.branches.remove(id);
        }
        Ok(vote)
    }

    async fn commit(&self, terms: &Terms, phase: Phase) -> Result<(), Unfinished> {
        let id = terms.transaction;
        let held = self.branches.find(id);
        let done = match (held, phase) {
            (Some(held), Phase::One) => self.commit_alone(&mut *held.lock().await).await,
            (Some(held), Phase::Two) => self.finish(&mut *held.lock().await, End::Commit).await,
            (None, Phase::One) => Err(Unfinished::Unknown(unknown(id))),
            (None, Phase::Two) => self.finish_found(&self.gid(terms), End::Commit).await,
        };
        done.inspect(|()| self.branches.remove(id))
    }

    async fn abort(&self, terms: &Terms) -> Result<(), Unfinished> {
        let id = terms.transaction;
        let done = match self.branches.find(id) {
            Some(held) => self.undo(&mut *held.lock().await).await,
            None => self.finish_found(&self.gid(terms), End::Abort).await,
        };
        done.inspect(|()| self.branches.remove(id))
    }

    async fn recover(&self, host: HostId) -> Result<Vec<TransactionId>, CallError> {
        self.watch.is_known_as(host);
        let prefix = format!("weldkit:{host}:");
        // The host that has crashed may have sent a PREPARE that the server still works on.
        let quiet = self.outcomes.quiet(&self.name(host)).await;
        quiet.map_err(Fault::call)?;
        let found = self.outcomes.prepared(&prefix).await.map_err(Fault::call)?;
        let own = found.iter().filter_map(|gid| {
            let (transaction, mark) = gid.strip_prefix(&prefix)?.split_once(':')?;
            (mark == self.mark).then(|| transaction.parse().ok())?
        });
        Ok(own.collect())
    }

    async fn savepoint(&self, terms: &Terms, mark: u32) -> Result<(), CallError> {
        self.step(terms, &format!("SAVEPOINT m{mark}")).await
    }

    async fn rollback_to(&self, terms: &Terms, mark: u32) -> Result<(), CallError> {
        self.branches.enter(terms.transaction).await?.forgive();
        self.step(terms, &format!("ROLLBACK TO SAVEPOINT m{mark}"))
            .await
    }

    async fn release(&self, terms: &Terms, mark: u32) -> Result<(), CallError> {
        self.step(terms, &format!("RELEASE SAVEPOINT m{mark}"))
            .await
    }
}

impl PostgresStorage {
    /// The name of a branch at the server. A host may keep documents in several schemas of one server and change them in
    /// one transaction, so the mark of the schema is part of the name.
    fn gid(&self, terms: &Terms) -> String {
        format!("{}:{}", terms.gid(), self.mark)
    }

    /// The name of connections that work for a host in our schema.
    fn name(&self, host: HostId) -> String {
        format!("weldkit:{host}:{}", self.mark)
    }

    /// A connection in a transaction.
    async fn open(&self, terms: &Terms) -> Result<Lease, Fault> {
        let level = match terms.isolation {
            Isolation::ReadCommitted => "READ COMMITTED",
            Isolation::RepeatableRead => "REPEATABLE READ",
            Isolation::Serializable => "SERIALIZABLE",
        };
        let name = self.name(terms.host);
        loop {
            let lease = self.pool.lease().await?;
            match lease.begin(level, &name).await {
                Ok(()) => return Ok(lease),
                // An idle connection that the server has ended meanwhile. They run out.
                Err(fault) if fault.is_lost() && !lease.is_new() => lease.end().await,
                Err(fault) => return Err(fault),
            }
        }
    }

    /// A command of an open branch.
    async fn step(&self, terms: &Terms, command: &str) -> Result<(), CallError> {
        let mut branch = self.branches.enter(terms.transaction).await?;
        branch.check().map_err(Fault::call)?;
        let answer = branch.command(command).await;
        branch.note(answer).map_err(Fault::call)
    }
}
