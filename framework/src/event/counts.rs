//! What the bus has done so far.

use serde::Serialize;

/// What the events of a host have come to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Events that were published.
    pub published: u64,
    /// Those of them that no subscriber wanted.
    pub unheard: u64,
    /// Those who subscribe at present, in the order in which they came.
    pub subscribers: Vec<SubscriberCounts>,
}

/// What one subscriber has come to: what it wanted is `delivered + waiting + dropped`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SubscriberCounts {
    /// Its name.
    pub name: String,
    /// Events that it has taken.
    pub delivered: u64,
    /// Events in its queue.
    pub waiting: usize,
    /// Events that it wanted and goes without, for want of room.
    pub dropped: u64,
    /// Events that its handler failed on or panicked over.
    pub failed: u64,
}
