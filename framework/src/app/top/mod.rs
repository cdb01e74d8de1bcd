//! `top`: what the running host does, live: methods, plugins, runs, transactions, metrics.
//!
//! ```text
//! control socket ──> Sight ──> State (pure: keys, rows) ──> screen
//! ```

mod rows;
mod screen;
mod state;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use ratatui::crossterm::event::{self, Event, KeyEventKind};
use serde::de::DeserializeOwned;
use serde_json::json;

use super::args::Top;
use super::failure::Failure;
use super::host_door::HostDoor;
use super::metrics;
use super::session::Session;
use super::workers;
use crate::clock;
use crate::error::CallError;
use state::{Sight, State};

/// How long a key waits at most until it is seen.
const KEYS: Duration = Duration::from_millis(50);

pub(super) fn run(session: &Session, wish: &Top) -> Result<u8, Failure> {
    let door = HostDoor::open(session.load());
    workers::wait(async {
        let mut door = door.await?;
        if let HostDoor::Own(..) = door {
            door.close().await?;
            return Err(CallError::unavailable(
                "no host serves on this state folder; start one with `serve`",
            )
            .into());
        }
        let first = look(&mut door).await?;
        let mut terminal = ratatui::try_init()?;
        let shown = show(&mut terminal, &mut door, State::new(first), wish.every).await;
        ratatui::restore();
        shown
    })?;
    Ok(0)
}

async fn show(
    terminal: &mut ratatui::DefaultTerminal,
    door: &mut HostDoor,
    mut state: State,
    every: Duration,
) -> Result<(), Failure> {
    let mut next: Instant = clock::now() + every;
    loop {
        terminal.draw(|frame| screen::draw(frame, &state))?;
        clock::sleep(KEYS).await;
        while event::poll(Duration::ZERO)? {
            if let Event::Key(key) = event::read()?
                && key.kind != KeyEventKind::Release
                && state.key(key)
            {
                return Ok(());
            }
        }
        if clock::now() >= next {
            state.see(look(door).await?);
            next = clock::now() + every;
        }
    }
}

/// Everything that is shown, at this moment.
async fn look(door: &mut HostDoor) -> Result<Sight, Failure> {
    Ok(Sight {
        snapshot: metrics::snapshot(door).await?,
        #[cfg(feature = "orchestration")]
        runs: ask(door, "weldkit.workflows.list").await?,
        #[cfg(feature = "transaction")]
        transactions: ask(door, "weldkit.transactions.list").await?,
    })
}

async fn ask<T: DeserializeOwned>(door: &mut HostDoor, method: &str) -> Result<T, Failure> {
    let answer = door.call(method, &json!({})).await?;
    let unreadable = |fault: serde_json::Error| {
        CallError::internal(format!("`{method}` answered something else: {fault}"))
    };
    Ok(serde_json::from_slice(&answer).map_err(unreadable)?)
}
