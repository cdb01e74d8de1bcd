//! Every bound of this plugin.

use std::time::Duration;

/// Data points of one request: one of a histogram takes about a kilobyte, and collectors refuse bodies of 20 MB.
pub(crate) const POINTS: usize = 4_000;
/// Requests that wait to be sent; the oldest goes first, since a later one tells all that it told.
pub(crate) const QUEUE: usize = 64;
/// Bytes of all of them.
pub(crate) const QUEUE_BYTES: usize = 64 * 1024 * 1024;
/// Times that one request is sent.
pub(crate) const TRIES: u32 = 6;
/// The pause after the first time; it doubles.
pub(crate) const PAUSE: Duration = Duration::from_secs(1);
/// The longest such pause.
pub(crate) const PAUSE_MAX: Duration = Duration::from_secs(30);
/// The longest pause that a receiver may ask for.
pub(crate) const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 3_600);
/// Bytes of an answer that are read.
pub(crate) const ANSWER_BYTES: usize = 64 * 1024;
/// Characters of a receiver's own words that are shown.
pub(crate) const QUOTE: usize = 200;
/// How long what waits has to be sent, once each, when the instance stops.
pub(crate) const DRAIN: Duration = Duration::from_secs(1);
/// Headers, and attributes of the resource, that the settings may name.
pub(crate) const NAMED: usize = 64;
