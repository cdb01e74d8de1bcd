//! What a restart has left: decisions that not every participant has carried out, and branches nobody decided.

use std::sync::Arc;

use super::coordinator::{Action, Coordinator, Recovery, Resumed, delay};
use super::drive::perform;
use super::engine::{Engine, Seat};
use super::handle::jittered;
use super::live::{Enlisted, Live, Terms};
use super::tell::contained;
use super::{AnyParticipant, Capabilities, Durability, Isolation, TransactionId};
use crate::clock;
use crate::error::{CallError, Code};
use crate::limit;
use crate::security::Principal;

/// Takes in a transaction that was decided and not ended. Nobody is told before its participant has started.
pub(super) fn take_in(engine: &Arc<Engine>, resumed: Resumed<String>, why: &str) {
    let live = recovered(
        engine,
        resumed.transaction,
        resumed.coordinator,
        &resumed.parties,
    );
    live.note(why);
    let live = Arc::new(live);
    engine.take_in(live.clone());
    let is_told = |action: &Action| matches!(action, Action::Commit { .. } | Action::Abort { .. });
    let (pending, rest): (Vec<Action>, Vec<Action>) =
        resumed.actions.into_iter().partition(is_told);
    live.inner().pending = pending;
    tokio::spawn(perform(live, rest));
}

fn recovered(
    engine: &Arc<Engine>,
    transaction: TransactionId,
    coordinator: Coordinator,
    parties: &[String],
) -> Live {
    let terms = Terms {
        principal: Principal::operator(),
        isolation: Isolation::default(),
        began: None,
        deadline: engine.clock.now(),
        allow_volatile: true,
    };
    let live = Live::new(engine.clone(), transaction, terms, coordinator);
    for instance in parties {
        live.inner().enlisted.push(Enlisted {
            instance: instance.as_str().into(),
            participant: None,
            capabilities: Arc::new(Capabilities {
                isolation: Isolation::ALL.to_vec(),
                savepoints: false,
                durability: Durability::Durable,
                prepare: true,
            }),
        });
    }
    live
}

/// Tells a participant that has just started what was decided about the branches that it has in doubt: what the journal
/// says, or else that they are aborted. What does not succeed at once goes on while the host runs.
///
/// # Errors
///
/// When the participant cannot say what it has in doubt: it is to be asked again.
pub(super) async fn decide(engine: &Arc<Engine>, asked: &Asked) -> Result<(), CallError> {
    for live in engine.all() {
        let actions = asked.linked(&live);
        tell(live, actions).await;
    }
    ask(engine, asked).await
}

/// Who is asked what it has in doubt.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) instance: Arc<str>,
    pub(super) participant: Arc<dyn AnyParticipant>,
    pub(super) capabilities: Arc<Capabilities>,
}

impl Asked {
    fn linked(&self, live: &Live) -> Vec<Action> {
        live.linked(&self.instance, &self.participant, &self.capabilities)
    }

    /// Whether it takes part still: a new instance of the name may have taken its place.
    fn is_seated(&self, engine: &Engine) -> bool {
        let seat = engine.seat(&self.instance);
        matches!(seat, Some(Seat::Participant(now, _)) if Arc::ptr_eq(&now, &self.participant))
    }
}

/// Asks again, with ever longer pauses, a participant that takes part and could not say what it has in doubt.
pub(super) async fn ask_again(engine: Arc<Engine>, asked: Asked) {
    for attempt in 1.. {
        let until = engine.clock.now() + jittered(delay(attempt));
        tokio::select! {
            () = engine.clock.sleep_until(until) => {}
            () = engine.closed.cancelled() => return,
        }
        if !asked.is_seated(&engine) {
            return;
        }
        let answer = ask(&engine, &asked).await;
        if asked.is_seated(&engine) {
            engine.note_asked(&asked.instance, answer.as_ref().err());
        }
        if answer.is_ok() {
            return;
        }
    }
}

async fn ask(engine: &Arc<Engine>, asked: &Asked) -> Result<(), CallError> {
    let asking = contained(asked.participant.recover(engine.host_id())).await;
    let in_doubt = asking.map_err(|panic| CallError::new(Code::Panicked, panic))??;
    let mut presumed = Recovery::new();
    // Those that are known are told what was decided, or are being decided just now.
    for transaction in in_doubt {
        if engine.find(transaction).is_none() && !engine.has_begun(transaction) {
            presumed.branch(transaction, asked.instance.to_string());
        }
    }
    for resumed in presumed.resume() {
        let transaction = resumed.transaction;
        take_in(engine, resumed, "the host stopped before it was decided");
        if let Some(live) = engine.find(transaction) {
            let actions = asked.linked(&live);
            tell(live, actions).await;
        }
    }
    Ok(())
}

/// Performs the first attempt, as long as that takes within bounds; the rest goes on in the background.
async fn tell(live: Arc<Live>, actions: Vec<Action>) {
    if actions.is_empty() {
        return;
    }
    let telling = tokio::spawn(perform(live, actions));
    let until = clock::now() + limit::GIVEN_UP;
    // One that fails is tried again for as long as the host runs.
    drop(clock::until(until, telling).await);
}
