//! Waiting for what comes by itself, and an end to it when it does not come.

use std::time::Duration;

/// Waits until it holds.
///
/// # Panics
/// When it does not within a minute: a test that hangs says where.
#[track_caller]
pub(crate) fn until(mut holds: impl AsyncFnMut() -> bool) -> impl Future<Output = ()> {
    let place = std::panic::Location::caller();
    async move {
        let wait = async {
            while !holds().await {
                tokio::task::yield_now().await;
            }
        };
        if tokio::time::timeout(Duration::from_secs(60), wait)
            .await
            .is_err()
        {
            panic!("what {place} waits for does not come");
        }
    }
}
