//! The hand-off once more, on primitives that try every interleaving.

use loom::sync::Arc;
use loom::thread;

mod primitives {
    pub(super) use loom::sync::{Condvar, Mutex, MutexGuard};
}

#[path = "../handoff.rs"]
#[expect(clippy::duplicate_mod, reason = "against other primitives")]
mod handoff;

use handoff::Handoff;

/// Takes until it is closed.
fn drain(handoff: &Handoff<u32>) -> Vec<u32> {
    let (mut all, mut taken) = (Vec::new(), Vec::new());
    while handoff.take(&mut taken) {
        all.append(&mut taken);
    }
    all
}

/// Every item is taken once, those of one producer in order, and the consumer never sleeps on.
#[test]
fn everything_pushed_is_taken_once_and_in_order() {
    loom::model(|| {
        let handoff = Arc::new(Handoff::new());
        let producers = [[1, 2], [11, 12]].map(|items| {
            let handoff = Arc::clone(&handoff);
            thread::spawn(move || {
                // The first is not urgent: the second brings it along.
                handoff.push(items[0], false).unwrap();
                handoff.push(items[1], true).unwrap();
            })
        });
        let (mut all, mut taken) = (Vec::new(), Vec::new());
        while all.len() < 4 {
            assert!(handoff.take(&mut taken));
            all.append(&mut taken);
        }
        for producer in producers {
            producer.join().unwrap();
        }
        let (first, second): (Vec<u32>, Vec<u32>) = all.into_iter().partition(|item| *item < 10);
        assert_eq!((first, second), (vec![1, 2], vec![11, 12]));
    });
}

/// What was taken into the queue before the end comes out of it; what was not is given back.
#[test]
fn nothing_is_lost_at_the_end() {
    loom::model(|| {
        let handoff = Arc::new(Handoff::new());
        let producer = {
            let handoff = Arc::clone(&handoff);
            thread::spawn(move || [handoff.push(1, false), handoff.push(2, true)])
        };
        let closer = {
            let handoff = Arc::clone(&handoff);
            thread::spawn(move || handoff.close(Some(9)))
        };
        let all = drain(&handoff);
        closer.join().unwrap();
        let pushed = producer.join().unwrap();
        let mut expected: Vec<u32> = (1..)
            .zip(pushed)
            .filter_map(|(n, p)| p.ok().map(|()| n))
            .collect();
        expected.push(9);
        assert_eq!(all, expected);
        assert_eq!(handoff.push(3, true), Err(3));
    });
}

/// What is taken beside the wait is neither lost nor taken twice, and leaves nobody asleep.
#[test]
fn what_is_taken_without_waiting_is_taken_once_and_in_order() {
    loom::model(|| {
        let handoff = Arc::new(Handoff::new());
        let producer = {
            let handoff = Arc::clone(&handoff);
            thread::spawn(move || {
                handoff.push(1, true).unwrap();
                handoff.push(2, true).unwrap();
                handoff.close(Some(9));
            })
        };
        let (mut all, mut taken) = (Vec::new(), Vec::new());
        while handoff.take(&mut taken) {
            thread::yield_now();
            handoff.take_more(&mut taken);
            all.append(&mut taken);
        }
        producer.join().unwrap();
        assert_eq!(all, [1, 2, 9]);
        assert_eq!(handoff.len(), 0);
    });
}
