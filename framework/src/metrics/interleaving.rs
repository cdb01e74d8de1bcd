//! The tallies once more, on atomics that try every interleaving.

use loom::sync::Arc;
use loom::thread;

mod primitives {
    pub(super) use loom::sync::atomic::AtomicU64;
}

#[path = "tally.rs"]
#[expect(clippy::duplicate_mod, reason = "against other primitives")]
mod tally;

use tally::{Tally, bump, read};

/// Two threads call on lanes of their own while a third reads: what it reads is in order, and at the end nothing is lost.
#[test]
fn every_snapshot_is_in_order_and_nothing_is_lost() {
    loom::model(|| {
        let lanes = Arc::new([Tally::default(), Tally::default()]);
        let callers = [0, 1].map(|own| {
            let lanes = Arc::clone(&lanes);
            thread::spawn(move || {
                for _ in 0..2 {
                    bump(&lanes[own].started);
                    bump(&lanes[own].finished);
                }
            })
        });
        let (started, finished) = read(0, lanes.iter());
        assert!(
            finished <= started && started <= 4,
            "{finished} of {started}"
        );
        for caller in callers {
            caller.join().unwrap();
        }
        assert_eq!(read(0, lanes.iter()), (4, 4));
    });
}

/// A failure is noted after the end of its call and may be seen before it.
#[test]
fn a_failure_is_never_ahead_of_its_call() {
    loom::model(|| {
        let (lane, failed) = (
            Arc::new(Tally::default()),
            Arc::new(loom::sync::Mutex::new(0)),
        );
        let caller = {
            let (lane, failed) = (Arc::clone(&lane), Arc::clone(&failed));
            thread::spawn(move || {
                bump(&lane.started);
                bump(&lane.finished);
                *failed.lock().unwrap() += 1;
            })
        };
        let seen = *failed.lock().unwrap();
        let (started, finished) = read(seen, [&*lane].into_iter());
        assert!(seen <= finished && finished <= started);
        caller.join().unwrap();
        assert_eq!(read(1, [&*lane].into_iter()), (1, 1));
    });
}
