//! A counter with two labels whose handle is bound, and one that is looked up each time.

use std::hint::black_box;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter as PeerCounter;
use prometheus_client::metrics::family::Family;
use weldkit::Meter;

use crate::{Bound, Case, Claim, Subject};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    method: String,
    code: String,
}

const PEER: &str = "prometheus-client, bound";
const OURS: &str = "Labelled<Counter, 2>, bound";
const PEER_LOOKUP: &str = "prometheus-client, get_or_create";
const OURS_LOOKUP: &str = "Labelled<Counter, 2>, with";

pub(super) fn subject() -> Subject {
    let family = Family::<Labels, PeerCounter>::default();
    let labels = Labels {
        method: "storage.get".to_owned(),
        code: "timeout".to_owned(),
    };
    let peer = family.get_or_create(&labels).clone();
    let ours = Meter::default().counters("calls", ["method", "code"]);
    let bound = ours.with(["storage.get", "timeout"]);
    Subject {
        title: "counter with labels",
        cases: vec![
            Case::new(PEER, move || black_box(&peer).inc()),
            Case::new(OURS, move || black_box(&bound).add(1)),
            Case::new(PEER_LOOKUP, move || {
                family.get_or_create(black_box(&labels)).inc()
            }),
            Case::new(OURS_LOOKUP, move || {
                ours.with(black_box(["storage.get", "timeout"])).add(1)
            }),
        ],
        claims: vec![
            Claim::new(OURS, Bound::AtMostTimes(1.2), PEER),
            Claim::new(OURS_LOOKUP, Bound::AtMostTimes(1.2), PEER_LOOKUP),
        ],
    }
}
