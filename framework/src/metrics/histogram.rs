use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::distribution::Distribution;

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

impl Default for Buckets {
    fn default() -> Self {
        Self((0..BUCKETS).map(|_| AtomicU64::new(0)).collect())
    }
}

impl fmt::Debug for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.read().fmt(f)
    }
}

impl Histogram {
    /// Records one value.
    pub fn record(&self, value: u64) {
        self.buckets.count(value);
        self.sum.fetch_add(value, Relaxed);
        self.max.fetch_max(value, Relaxed);
    }

    /// Records a duration in nanoseconds: what a histogram of the unit `seconds` holds.
    pub fn record_duration(&self, duration: Duration) {
        self.record(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Reads what has been recorded so far.
    pub fn read(&self) -> Distribution {
        self.buckets
            .read(self.sum.load(Relaxed), self.max.load(Relaxed))
    }
}

impl Buckets {
    pub(super) fn count(&self, value: u64) {
        self.0[index(value)].fetch_add(1, Relaxed);
    }

    pub(super) fn read(&self, sum: u64, max: u64) -> Distribution {
        let counts = self.0.iter().map(|bucket| bucket.load(Relaxed));
        let filled = counts.enumerate().filter(|(_, count)| *count > 0);
        let buckets = filled.map(|(bucket, count)| (largest(bucket), count));
        Distribution::new(buckets.collect(), sum, max)
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

/// The largest value of a bucket: what it is known by.
fn largest(bucket: usize) -> u64 {
    if bucket < 1 << (BITS + 1) {
        return bucket as u64;
    }
    let shift = (bucket >> BITS) as u32 - 1;
    let offset = (bucket & ((1 << BITS) - 1)) as u64 + (1 << BITS);
    (offset << shift) + ((1u64 << shift) - 1)
}

/// The value in the middle of the bucket whose largest value that is.
pub(super) fn middle(largest: u64) -> u64 {
    let bucket = index(largest);
    if bucket < 1 << (BITS + 1) {
        return largest;
    }
    let width = 1u64 << ((bucket >> BITS) as u32 - 1);
    largest - (width - 1) + (width >> 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_bucket_is_within_its_error(value: u64) {
            let read = middle(largest(index(value)));
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
        let read = histogram.read();
        assert_eq!((read.count, read.max), (1000, 1000));
        for (got, want) in [(read.p50, 500.0), (read.p90, 900.0), (read.p99, 990.0)] {
            assert!(
                (got as f64 - want).abs() <= want * 0.0625,
                "{got} for {want}"
            );
        }
    }
}
