use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde::Serialize;

/// Sub-buckets of each power of two, as a power of two: 8, so a bucket is at most 12.5 % wide.
const BITS: u32 = 3;
const BUCKETS: usize = ((64 - BITS as usize) << BITS) + (1 << BITS);

/// A log-linear histogram of whole numbers (after HdrHistogram): every bucket is at most an eighth
/// of its value wide, so a percentile is off by at most 6.25 % to either side.
#[derive(Default)]
pub struct Histogram {
    buckets: Buckets,
    sum: AtomicU64,
    max: AtomicU64,
}

/// How often each value was recorded, without the sum and the largest: these may have a writer of
/// their own for each thread.
pub(super) struct Buckets(Box<[AtomicU64]>);

/// Percentiles of a histogram, in the unit that was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Percentiles {
    /// Values recorded.
    pub count: u64,
    /// Their mean.
    pub mean: f64,
    /// Half are at most this.
    pub p50: u64,
    /// Nine in ten are at most this.
    pub p90: u64,
    /// All but one in a hundred are at most this.
    pub p99: u64,
    /// All but one in a thousand are at most this.
    pub p999: u64,
    /// The largest.
    pub max: u64,
}

impl Default for Buckets {
    fn default() -> Self {
        Self((0..BUCKETS).map(|_| AtomicU64::new(0)).collect())
    }
}

impl fmt::Debug for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.percentiles().fmt(f)
    }
}

impl Histogram {
    /// Records one value.
    pub fn record(&self, value: u64) {
        self.buckets.count(value);
        self.sum.fetch_add(value, Relaxed);
        self.max.fetch_max(value, Relaxed);
    }

    /// Reads the percentiles of what has been recorded so far.
    pub fn percentiles(&self) -> Percentiles {
        self.buckets
            .percentiles(self.sum.load(Relaxed), self.max.load(Relaxed))
    }
}

impl Buckets {
    pub(super) fn count(&self, value: u64) {
        self.0[index(value)].fetch_add(1, Relaxed);
    }

    pub(super) fn percentiles(&self, sum: u64, max: u64) -> Percentiles {
        let counts: Vec<u64> = self.0.iter().map(|bucket| bucket.load(Relaxed)).collect();
        let count: u64 = counts.iter().sum();
        let at = |share: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "a rank between 1 and count"
            )]
            let rank = ((count as f64 * share).ceil() as u64).clamp(1, count.max(1));
            let mut seen = 0;
            for (bucket, in_bucket) in counts.iter().enumerate() {
                seen += in_bucket;
                if seen >= rank {
                    return middle(bucket).min(max);
                }
            }
            0
        };
        #[expect(clippy::cast_precision_loss, reason = "a mean")]
        let mean = if count == 0 {
            0.0
        } else {
            sum as f64 / count as f64
        };
        Percentiles {
            count,
            mean,
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max,
        }
    }
}

/// The bucket of a value: exact below 2^(BITS+1), then 2^BITS buckets for each power of two.
fn index(value: u64) -> usize {
    if value < 1 << (BITS + 1) {
        return usize::try_from(value).unwrap_or(0);
    }
    let exponent = 63 - value.leading_zeros();
    let shift = exponent - BITS;
    let offset = usize::try_from(value >> shift).unwrap_or(0) - (1 << BITS);
    ((shift as usize + 1) << BITS) + offset
}

/// The value in the middle of a bucket.
fn middle(bucket: usize) -> u64 {
    if bucket < 1 << (BITS + 1) {
        return bucket as u64;
    }
    let shift = (bucket >> BITS) as u32 - 1;
    let offset = (bucket & ((1 << BITS) - 1)) as u64 + (1 << BITS);
    (offset << shift) + ((1u64 << shift) >> 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_bucket_is_within_its_error(value: u64) {
            let read = middle(index(value));
            let error = read.abs_diff(value) as f64;
            proptest::prop_assert!(error <= value as f64 / 16.0 + 0.5, "{value} read as {read}");
        }
    }

    #[test]
    fn percentiles_of_a_thousand_values() {
        let histogram = Histogram::default();
        for value in 1..=1000 {
            histogram.record(value);
        }
        let read = histogram.percentiles();
        assert_eq!((read.count, read.max), (1000, 1000));
        for (got, want) in [(read.p50, 500.0), (read.p90, 900.0), (read.p99, 990.0)] {
            assert!(
                (got as f64 - want).abs() <= want * 0.0625,
                "{got} for {want}"
            );
        }
    }
}
