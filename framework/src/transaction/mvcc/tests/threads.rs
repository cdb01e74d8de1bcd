//! The same under real threads: whatever the order is, the sums are right.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::super::{Container, Local, Store};
use super::stage::{DEADLINE, Stage, key, text};
use crate::clock::Clock;
use crate::error::CallError;
use crate::transaction::{Isolation, Vote};

const ACCOUNTS: u32 = 8;
const EACH: i64 = 100;
const TRANSFERS: u32 = 300;

async fn add(rows: &Container, local: &Local, account: u32, amount: i64) -> Result<(), CallError> {
    let change = |before: &Option<Arc<[u8]>>| {
        let before: i64 = text(before).unwrap().parse().unwrap();
        let after: Arc<[u8]> = (before + amount).to_string().into_bytes().into();
        Ok((Some(after), ()))
    };
    rows.update(local, key(&account.to_string()), change).await
}

async fn transfer(
    store: &Arc<Store>,
    rows: &Container,
    local: &Local,
    n: u32,
) -> Result<(), CallError> {
    let (from, to) = (n % ACCOUNTS, n * 5 / 3 % ACCOUNTS);
    add(rows, local, from, -1).await?;
    add(rows, local, to, 1).await?;
    match store.prepare(local)? {
        Vote::Prepared => store
            .commit(local, None)
            .await
            .map_err(|failure| CallError::internal(format!("{failure:?}"))),
        Vote::ReadOnly => Ok(()),
    }
}

async fn sum(rows: &Container, local: &Local) -> i64 {
    let mut sum = 0;
    for account in 0..ACCOUNTS {
        let found = rows
            .get(Some(local), key(&account.to_string()).as_ref())
            .await
            .unwrap();
        sum += text(&found).unwrap().parse::<i64>().unwrap();
    }
    sum
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(future)
}

#[test]
fn transfers_lose_nothing_and_every_snapshot_sees_the_same_sum() {
    for level in Isolation::ALL {
        let stage = Stage::new();
        let rows = stage.volatile("t/rows");
        for account in 0..ACCOUNTS {
            stage.write(&rows, &account.to_string(), Some(&EACH.to_string()));
        }
        let (store, ended) = (&stage.store, &AtomicBool::new(false));
        let deadline = Clock::Manual(stage.clock.clone()).now() + DEADLINE;
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                while !ended.load(Relaxed) {
                    let local = store.begin(Isolation::RepeatableRead, deadline);
                    assert_eq!(block_on(sum(&rows, &local)), i64::from(ACCOUNTS) * EACH);
                }
            });
            let writers = [1, 2].map(|seed| {
                let rows = &rows;
                scope.spawn(move || {
                    for n in 0..TRANSFERS {
                        // The conflict of one is the commit of another: this ends.
                        while block_on(async {
                            let local = store.begin(level, deadline);
                            transfer(store, rows, &local, n * seed).await
                        })
                        .is_err()
                        {
                            std::thread::yield_now();
                        }
                    }
                })
            });
            let writers = writers.map(|writer| writer.join());
            ended.store(true, Relaxed);
            assert!(writers.iter().all(Result::is_ok) && reader.join().is_ok());
        });
        let local = store.begin(Isolation::RepeatableRead, deadline);
        assert_eq!(block_on(sum(&rows, &local)), i64::from(ACCOUNTS) * EACH);
        assert_eq!(rows.order().len(), ACCOUNTS as usize);
    }
}
