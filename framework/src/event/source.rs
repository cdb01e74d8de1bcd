//! What a monitoring system is told of events.

use std::collections::BTreeMap;

use super::{Events, SubscriberCounts};
use crate::metrics::{Family, Kind, Labels, Snapshot, Source};

const DELIVERED: &str = "Events that a subscriber has taken";
const DROPPED: &str = "Events that a subscriber wanted and goes without, for want of room";
const FAILED: &str = "Events that a handler failed on or panicked over";
const WAITING: &str = "Events in the queue of a subscriber";

impl Source for Events {
    fn tell(&self, into: &mut Snapshot) {
        let counts = self.counts();
        into.counter(
            "weldkit_events_published",
            "Events that were published",
            counts.published,
        );
        into.counter(
            "weldkit_events_unheard",
            "Events that no subscriber wanted",
            counts.unheard,
        );
        // Two may have one name.
        let mut by_name: BTreeMap<String, SubscriberCounts> = BTreeMap::new();
        for one in counts.subscribers {
            let all = by_name.entry(one.name).or_default();
            all.delivered += one.delivered;
            all.dropped += one.dropped;
            all.failed += one.failed;
            all.waiting += one.waiting;
        }
        let counter = |name, help| Family::new(Kind::Counter, name, "", help);
        let mut delivered = counter("weldkit_events_delivered", DELIVERED);
        let mut dropped = counter("weldkit_events_dropped", DROPPED);
        let mut failed = counter("weldkit_events_failed", FAILED);
        let mut waiting = Family::new(Kind::Gauge, "weldkit_events_waiting", "", WAITING);
        for (name, counts) in by_name {
            let labels = Labels::new([("subscriber", name.as_str())]);
            delivered.add(labels.clone(), counts.delivered);
            dropped.add(labels.clone(), counts.dropped);
            failed.add(labels.clone(), counts.failed);
            waiting.add(labels, counts.waiting as f64);
        }
        into.families.extend([delivered, dropped, failed, waiting]);
    }
}
