//! Quantiles: exact over all values, or from a sketch of counts by bucket.
//!
//! The sketch (DDSketch) puts a number into the bucket of its logarithm; a bucket's middle is within 1 % of every
//! number in it. Its counts add, so it merges in any order, and its size follows the range of the numbers, not their count.

use std::collections::BTreeMap;

use weldkit_data_processing::{Mode, Sketch};

use crate::limit;

/// The bound of the relative error.
const ERROR: f64 = 0.01;
/// By how much each bucket is wider than the one before.
const GROWTH: f64 = (1.0 + ERROR) / (1.0 - ERROR);

/// Add one number.
///
/// # Errors
/// Mode `accurate` keeps every value and would keep too many.
pub(super) fn add(
    values: &mut Vec<f64>,
    sketch: &mut Option<Sketch>,
    number: f64,
    mode: Mode,
) -> Result<(), String> {
    match sketch {
        Some(sketch) => count(sketch, number, 1),
        None => values.push(number),
    }
    settle(values, sketch, mode)
}

/// Add what another state holds.
pub(super) fn merge(
    values: &mut Vec<f64>,
    sketch: &mut Option<Sketch>,
    other: (&[f64], Option<&Sketch>),
    mode: Mode,
) -> Result<(), String> {
    values.extend_from_slice(other.0);
    if let Some(other) = other.1 {
        let sketch = sketch.get_or_insert_default();
        let was_empty = is_empty(sketch);
        for (bucket, count) in &other.negative {
            *sketch.negative.entry(*bucket).or_default() += count;
        }
        for (bucket, count) in &other.positive {
            *sketch.positive.entry(*bucket).or_default() += count;
        }
        sketch.zero += other.zero;
        sketch.min = if was_empty {
            other.min
        } else {
            sketch.min.min(other.min)
        };
        sketch.max = if was_empty {
            other.max
        } else {
            sketch.max.max(other.max)
        };
    }
    settle(values, sketch, mode)
}

/// The quantile at `at`, from 0 to 1; `None` without any number.
pub(super) fn quantile(sorted: &[f64], sketch: Option<&Sketch>, at: f64) -> Option<f64> {
    match sketch {
        Some(sketch) => from_sketch(sketch, at),
        None => interpolate(sorted, at),
    }
}

/// Keep the values or move them into the sketch, as the mode asks for.
fn settle(values: &mut Vec<f64>, sketch: &mut Option<Sketch>, mode: Mode) -> Result<(), String> {
    let keep = match mode {
        Mode::Fast => 0,
        Mode::Balanced => limit::QUANTILE_VALUES_BALANCED,
        Mode::Accurate => limit::QUANTILE_VALUES_MAX,
    };
    if sketch.is_none() && values.len() <= keep {
        return Ok(());
    }
    if mode == Mode::Accurate {
        return Err(format!(
            "exact quantiles keep at most {keep} values a group; use `processing_mode` `balanced` or `fast`"
        ));
    }
    let sketch = sketch.get_or_insert_default();
    values.drain(..).for_each(|number| count(sketch, number, 1));
    Ok(())
}

fn is_empty(sketch: &Sketch) -> bool {
    sketch.zero == 0 && sketch.negative.is_empty() && sketch.positive.is_empty()
}

fn count(sketch: &mut Sketch, number: f64, times: u64) {
    let first = is_empty(sketch);
    sketch.min = if first {
        number
    } else {
        sketch.min.min(number)
    };
    sketch.max = if first {
        number
    } else {
        sketch.max.max(number)
    };
    if number > 0.0 {
        *sketch.positive.entry(bucket(number)).or_default() += times;
    } else if number < 0.0 {
        *sketch.negative.entry(bucket(-number)).or_default() += times;
    } else {
        sketch.zero += times;
    }
}

fn bucket(size: f64) -> i32 {
    // The logarithm of a float is below 750 in size, so the bucket is far within an i32.
    (size.ln() / GROWTH.ln()).ceil() as i32
}

fn middle(bucket: i32) -> f64 {
    2.0 * GROWTH.powi(bucket) / (GROWTH + 1.0)
}

fn from_sketch(sketch: &Sketch, at: f64) -> Option<f64> {
    let total = |counts: &BTreeMap<i32, u64>| counts.values().sum::<u64>();
    let all = total(&sketch.negative) + sketch.zero + total(&sketch.positive);
    let last = all.checked_sub(1)?;
    let rank = (at * last as f64).floor() as u64;
    let negative = sketch
        .negative
        .iter()
        .rev()
        .map(|(at, count)| (-middle(*at), *count));
    let positive = sketch
        .positive
        .iter()
        .map(|(at, count)| (middle(*at), *count));
    let mut seen = 0;
    for (number, count) in negative.chain([(0.0, sketch.zero)]).chain(positive) {
        seen += count;
        if seen > rank {
            return Some(number.clamp(sketch.min, sketch.max));
        }
    }
    Some(sketch.max)
}

/// Between the two values around the rank, as most tools do it.
fn interpolate(sorted: &[f64], at: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let rank = at * last as f64;
    let below = (rank.floor() as usize).min(last);
    let above = (below + 1).min(last);
    let share = rank - below as f64;
    // Weighted so that two equal neighbours give just themselves and nothing overflows.
    Some(if share == 0.0 {
        sorted[below]
    } else {
        sorted[below] * (1.0 - share) + sorted[above] * share
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(numbers: impl IntoIterator<Item = f64>, mode: Mode) -> (Vec<f64>, Option<Sketch>) {
        let (mut values, mut sketch) = (Vec::new(), None);
        numbers
            .into_iter()
            .for_each(|number| add(&mut values, &mut sketch, number, mode).unwrap());
        values.sort_by(f64::total_cmp);
        (values, sketch)
    }

    #[test]
    fn exact_quantiles_lie_between_their_neighbours() {
        let (values, sketch) = state([4.0, 1.0, 3.0, 2.0], Mode::Accurate);
        for (at, expected) in [(0.0, 1.0), (0.5, 2.5), (1.0, 4.0), (0.25, 1.75)] {
            assert_eq!(quantile(&values, sketch.as_ref(), at), Some(expected));
        }
        assert_eq!(quantile(&[], None, 0.5), None);
    }

    #[test]
    fn a_sketch_is_within_one_percent_of_a_value() {
        let numbers: Vec<_> = (-5_000..=5_000).map(|n| f64::from(n) * 1.7).collect();
        let (values, sketch) = state(numbers.iter().copied(), Mode::Fast);
        assert!(values.is_empty());
        for at in [0.0, 0.001, 0.1, 0.25, 0.5, 0.75, 0.9, 0.999, 1.0] {
            let exact = numbers[(at * 10_000.0_f64).floor() as usize];
            let close = quantile(&values, sketch.as_ref(), at).unwrap();
            assert!(
                (close - exact).abs() <= exact.abs() * 0.010_001,
                "{at}: {close} for {exact}"
            );
        }
    }

    #[test]
    fn balanced_is_exact_for_few_and_small_for_many() {
        let few = state((0..1_024).map(f64::from), Mode::Balanced);
        assert!(few.1.is_none());
        assert_eq!(quantile(&few.0, None, 0.5), Some(511.5));
        let many = state((0..100_000).map(f64::from), Mode::Balanced);
        assert!(many.0.is_empty());
        assert!(many.1.unwrap().positive.len() < 700);
    }

    #[test]
    fn merged_states_equal_one_state() {
        for mode in [Mode::Fast, Mode::Balanced, Mode::Accurate] {
            for split in [0, 3, 900, 1_500] {
                let numbers: Vec<_> = (0..1_500)
                    .map(|n| f64::from((n * 7_919) % 1_500 - 700))
                    .collect();
                let whole = state(numbers.iter().copied(), mode);
                let (mut values, mut sketch) = state(numbers[split..].iter().copied(), mode);
                let other = state(numbers[..split].iter().copied(), mode);
                merge(&mut values, &mut sketch, (&other.0, other.1.as_ref()), mode).unwrap();
                values.sort_by(f64::total_cmp);
                assert_eq!((values, sketch), whole, "{mode:?} split at {split}");
            }
        }
    }
}
