use std::time::Duration;

use crate::limit;

/// How long the driver waits before an attempt to commit or abort: nothing before the first, then
/// twice as long each time, up to [`limit::PHASE_TWO_DELAY_MAX`]. The driver adds jitter.
pub(crate) fn delay(attempt: u32) -> Duration {
    let Some(doublings) = attempt.checked_sub(1) else {
        return Duration::ZERO;
    };
    let factor = 2_u32.saturating_pow(doublings);
    limit::PHASE_TWO_DELAY
        .saturating_mul(factor)
        .min(limit::PHASE_TWO_DELAY_MAX)
}
