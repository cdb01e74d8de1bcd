use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::histogram::middle;

/// What a histogram has recorded, in the unit that was recorded.
///
/// A percentile is off by at most 6.25 % to either side, and whole numbers below 16 are exact.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Distribution {
    /// Values recorded.
    pub count: u64,
    /// Their sum.
    pub sum: u64,
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
    /// How many values lie in each bucket that holds any, by the largest value that it could hold.
    pub buckets: Vec<(u64, u64)>,
}

impl Distribution {
    /// Of buckets in ascending order.
    pub(super) fn new(buckets: Vec<(u64, u64)>, sum: u64, max: u64) -> Self {
        let count = buckets.iter().map(|(_, count)| count).sum();
        #[expect(clippy::cast_precision_loss, reason = "a mean")]
        let mean = if count == 0 {
            0.0
        } else {
            sum as f64 / count as f64
        };
        let mut read = Self {
            count,
            sum,
            mean,
            max,
            buckets,
            ..Self::default()
        };
        [read.p50, read.p90, read.p99, read.p999] =
            [0.5, 0.9, 0.99, 0.999].map(|share| read.percentile(share));
        read
    }

    /// The value that this share of all values does not exceed; `share` is between 0 and 1. Zero where there is none.
    pub fn percentile(&self, share: f64) -> u64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a rank between 1 and count"
        )]
        let rank = ((self.count as f64 * share).ceil() as u64).clamp(1, self.count.max(1));
        let mut seen = 0;
        for (largest, in_bucket) in &self.buckets {
            seen += in_bucket;
            if seen >= rank {
                return middle(*largest).min(self.max);
            }
        }
        0
    }

    /// What was recorded after `earlier` was read. The largest is that of its bucket, as nobody has noted it.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        if earlier.count > self.count {
            // It was made anew in between.
            return self.clone();
        }
        let mut former = earlier.buckets.iter().peekable();
        let mut buckets = Vec::new();
        for (largest, count) in &self.buckets {
            while former.next_if(|(other, _)| other < largest).is_some() {}
            let before = former.next_if(|(other, _)| other == largest);
            let more = count.saturating_sub(before.map_or(0, |(_, count)| *count));
            if more > 0 {
                buckets.push((*largest, more));
            }
        }
        let largest = buckets.last().map_or(0, |(largest, _)| *largest);
        Self::new(
            buckets,
            self.sum.saturating_sub(earlier.sum),
            self.max.min(largest),
        )
    }

    /// Both together.
    #[must_use]
    pub fn with(&self, other: &Self) -> Self {
        if other.count == 0 {
            return self.clone();
        }
        let mut all: std::collections::BTreeMap<u64, u64> = self.buckets.iter().copied().collect();
        for (largest, count) in &other.buckets {
            *all.entry(*largest).or_default() += count;
        }
        Self::new(
            all.into_iter().collect(),
            self.sum.wrapping_add(other.sum),
            self.max.max(other.max),
        )
    }
}

#[cfg(test)]
mod tests {
    use crate::metrics::Histogram;

    #[test]
    fn what_came_later_is_told_apart() {
        let histogram = Histogram::default();
        (1..=100).for_each(|value| histogram.record(value));
        let first = histogram.read();
        (1_000..1_100).for_each(|value| histogram.record(value));
        let later = histogram.read().since(&first);
        assert_eq!((later.count, later.sum), (100, (1_000..1_100).sum()));
        assert!(later.p50.abs_diff(1_050) <= 66, "{later:?}");
        assert_eq!(first.with(&later), histogram.read());
    }

    proptest::proptest! {
        /// Whatever comes: values of one kind, of two, and of every size.
        #[test]
        fn a_percentile_is_within_its_error(
            mut values in proptest::prop_oneof![
                proptest::collection::vec(proptest::prelude::any::<u64>().prop_map(|value| value >> 1), 1..200),
                proptest::collection::vec(0u64..40, 1..200),
                proptest::collection::vec(proptest::prop_oneof![proptest::prelude::Just(1u64), proptest::prelude::Just(u64::MAX >> 1)], 1..200),
                proptest::collection::vec((0u32..63, 0u64..3).prop_map(|(shift, off)| (1u64 << shift).saturating_sub(1) + off), 1..200),
            ],
            share in 0.0f64..=1.0,
        ) {
            let histogram = Histogram::default();
            values.iter().for_each(|value| histogram.record(*value));
            values.sort_unstable();
            let rank = ((values.len() as f64 * share).ceil() as usize).clamp(1, values.len());
            let exact = values[rank - 1];
            let read = histogram.read().percentile(share);
            let error = read.abs_diff(exact) as f64;
            proptest::prop_assert!(error <= exact as f64 * 0.0625 + 0.5, "{exact} read as {read}");
        }
    }

    use proptest::strategy::Strategy;
}
