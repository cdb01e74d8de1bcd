//! What comes to a run from outside. Made for many that are empty: a run that waits has hardly more than this.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::sync::{Notify, oneshot};

use super::lock;
use crate::error::CallError;
use crate::orchestration::run::Event;

/// What is told to a run, and who waits until it is kept.
pub(super) enum Message {
    /// Somebody wants something of it.
    Told(Event, oneshot::Sender<Result<(), CallError>>),
    /// An event, and who wants to know whether it was wanted.
    Offered(Arc<Value>, oneshot::Sender<Result<bool, CallError>>),
}

/// As long as what its senders hold: each waits for an answer.
#[derive(Default)]
pub(super) struct Inbox {
    inside: Mutex<Inside>,
    comes: Notify,
}

#[derive(Default)]
struct Inside {
    messages: VecDeque<Message>,
    is_closed: bool,
}

impl Inbox {
    /// Puts a message in; once it is closed, the sender's answer is that there is none.
    pub(super) fn put(&self, message: Message) {
        let mut inside = lock(&self.inside);
        if !inside.is_closed {
            inside.messages.push_back(message);
            drop(inside);
            self.comes.notify_one();
        }
    }

    /// The next message, if there is one.
    pub(super) fn take(&self) -> Option<Message> {
        let mut inside = lock(&self.inside);
        let message = inside.messages.pop_front();
        if inside.messages.is_empty() {
            inside.messages = VecDeque::new();
        }
        message
    }

    /// Waits for the next message.
    pub(super) async fn next(&self) -> Message {
        loop {
            if let Some(message) = self.take() {
                return message;
            }
            self.comes.notified().await;
        }
    }

    /// Takes nothing any more: whoever waits for an answer hears that there is none.
    pub(super) fn close(&self) {
        let mut inside = lock(&self.inside);
        inside.is_closed = true;
        let left = std::mem::take(&mut inside.messages);
        drop(inside);
        drop(left);
    }
}
