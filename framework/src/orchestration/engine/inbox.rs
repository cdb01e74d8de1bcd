//! What comes to a run from outside. Made for many that are empty: a run that waits has hardly more than this.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::sync::{Notify, oneshot};

use super::lock;
use crate::error::CallError;
use crate::limit;
use crate::orchestration::run::Event;

/// What is told to a run, and who waits until it is kept.
pub(super) enum Message {
    /// Somebody wants something of it.
    Told(Event, oneshot::Sender<Result<(), CallError>>),
    /// An event, and who wants to know whether it was wanted.
    Offered(Arc<Value>, oneshot::Sender<Result<bool, CallError>>),
}

/// Holds at most [`limit::RUN_INBOX`] messages; each sender waits for an answer.
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
    /// Puts a message in, unless it is full (`false`); once it is closed, the sender's answer is that there is none.
    pub(super) fn put(&self, message: Message) -> bool {
        let mut inside = lock(&self.inside);
        if inside.messages.len() >= limit::RUN_INBOX {
            return false;
        }
        if !inside.is_closed {
            inside.messages.push_back(message);
            drop(inside);
            self.comes.notify_one();
        }
        true
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_more_than_its_bound_is_refused_and_none_once_it_is_closed() {
        let inbox = Inbox::default();
        let mut answers = Vec::new();
        let mut put = || {
            let (done, answer) = oneshot::channel();
            answers.push(answer);
            inbox.put(Message::Offered(Arc::new(Value::Null), done))
        };
        assert!((0..limit::RUN_INBOX).all(|_| put()));
        assert!(!put());
        assert!(inbox.take().is_some());
        assert!(put());

        inbox.close();
        assert!(inbox.take().is_none());
        assert!(
            answers
                .into_iter()
                .all(|mut answer| answer.try_recv().is_err())
        );
    }
}
