//! Who appends when, and who is told when.

use std::sync::Mutex;
use std::task::Waker;

use tokio::sync::oneshot;

use super::*;
use crate::journal::State;

#[tokio::test]
async fn everyone_is_told_in_the_order_of_the_records() {
    let disk = SimDisk::default();
    let (journal, _) = open(&disk).unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let mut last = None;
    for number in 0..200_u64 {
        let room = journal.reserve(8).await.unwrap();
        let (told, (done, waits)) = (Arc::clone(&told), oneshot::channel());
        let then = move |outcome: Result<Position, Failure>, _: &mut Vec<Waker>| {
            told.lock().unwrap().push((number + 1, outcome.unwrap().0));
            let _ = done.send(());
        };
        room.append_then(Kind(1), payload(number, 8), Box::new(then));
        last = Some(waits);
    }
    last.unwrap().await.unwrap();
    let told = told.lock().unwrap();
    assert_eq!(*told, (1..=200).map(|at| (at, at)).collect::<Vec<_>>());
}

#[tokio::test]
async fn lazy_records_go_with_the_next_that_is_forced() {
    let disk = SimDisk::default();
    let (journal, _) = open(&disk).unwrap();
    let mut lazy = Vec::new();
    for number in 1..=3 {
        let room = journal.reserve(10).await.unwrap();
        lazy.push(room.append_lazy(Kind(7), payload(number, 10)));
    }
    assert_eq!(journal.stats().forced(), 0);
    assert_eq!(append(&journal, 4, 10).await.unwrap(), Position(4));
    assert_eq!(
        (journal.stats().forced(), journal.stats().records()),
        (1, 4)
    );
    for (number, ticket) in (1..).zip(lazy) {
        assert_eq!(ticket.await.unwrap(), Position(number));
    }
}

#[tokio::test]
async fn lazy_records_are_written_at_the_end() {
    for clean in [true, false] {
        let disk = SimDisk::default();
        let (journal, _) = open(&disk).unwrap();
        let room = journal.reserve(10).await.unwrap();
        let ticket = room.append_lazy(Kind(7), payload(1, 10));
        if clean {
            journal.close().await.unwrap();
        }
        drop(journal);
        assert_eq!(ticket.await.unwrap(), Position(1));
        assert_eq!(reopened(&disk).len(), 1);
    }
}

/// Lazy records alone never fill the queue: half full, it is written.
#[tokio::test]
async fn who_waits_for_room_gets_it() {
    let disk = SimDisk::default();
    let (journal, _) = open(&disk).unwrap();
    let most = crate::limit::JOURNAL_RECORD_BYTES;
    for _ in 0..4 {
        let room = journal.reserve(most).await.unwrap();
        // Far too long for the quota, which costs nothing here.
        drop(room.append_lazy(Kind(1), vec![0; most]));
    }
    journal.reserve(most).await.unwrap();
}

#[tokio::test]
async fn an_unused_room_goes_back() {
    let disk = SimDisk::default();
    let (journal, _) = open(&disk).unwrap();
    for _ in 0..10 {
        drop(
            journal
                .reserve(crate::limit::JOURNAL_RECORD_BYTES)
                .await
                .unwrap(),
        );
    }
}

#[tokio::test]
async fn a_closed_journal_takes_nothing() {
    let disk = SimDisk::default();
    let (journal, _) = open(&disk).unwrap();
    let room = journal.reserve(10).await.unwrap();
    journal.close().await.unwrap();
    assert!(matches!(journal.state(), State::Closed));
    for failure in [
        room.append(Kind(1), vec![1]).await.unwrap_err(),
        append(&journal, 1, 1).await.unwrap_err(),
        journal.release(Position(1)).await.unwrap_err(),
        journal.close().await.unwrap_err(),
    ] {
        assert!(matches!(failure, Failure::Closed), "{failure}");
    }
}

/// The last owner of a journal may be what its own thread tells.
#[tokio::test]
async fn a_journal_may_go_on_its_own_thread() {
    let disk = SimDisk::default();
    let journal = Arc::new(open(&disk).unwrap().0);
    let room = journal.reserve(1).await.unwrap();
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let (done, told) = oneshot::channel();
    let held = Arc::clone(&journal);
    let then = move |_, _: &mut Vec<Waker>| {
        wait.recv().unwrap();
        drop(held);
        let _ = done.send(());
    };
    room.append_then(Kind(1), vec![1], Box::new(then));
    drop(journal);
    go.send(()).unwrap();
    told.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_clients_share_a_force() {
    let disk = SimDisk::default();
    let journal = Arc::new(open(&disk).unwrap().0);
    let clients: Vec<_> = (0..16_u64)
        .map(|client| {
            let journal = Arc::clone(&journal);
            tokio::spawn(async move {
                let mut last = Position(0);
                for number in 0..50 {
                    let position = append(&journal, client * 1000 + number, 16).await.unwrap();
                    assert!(position > last);
                    last = position;
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    assert_eq!(journal.stats().records(), 800);
    journal.close().await.unwrap();
    let mut found = reopened(&disk);
    let mut expected: Vec<_> = (0..16)
        .flat_map(|client| (0..50).map(move |number| (7, payload(client * 1000 + number, 16))))
        .collect();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
}
