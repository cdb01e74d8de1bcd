//! Sums that are rounded once, at the end, whatever the order of the terms.
//!
//! The exact form keeps a list of floats that do not overlap (Shewchuk's expansions): adding one number splits every
//! rounding error off into a term of its own. A few terms suffice, and two sums merge by adding one's terms to the
//! other, so batches in any order give the same bits.

use serde_json::{Number, Value};
use weldkit_data_processing::{Mode, Total};

use crate::order::whole;

/// Add one number.
pub(super) fn add(total: &mut Total, number: &Number, mode: Mode) {
    match number.as_f64() {
        // A whole number beyond 2^53 is not a float: add its halves, each of which is.
        _ if is_large(number) => {
            let number = whole(number).unwrap_or_default();
            let low = number & 0xFFFF_FFFF;
            add_float(&mut total.terms, (number - low) as f64, mode);
            add_float(&mut total.terms, low as f64, mode);
        }
        Some(float) => add_float(&mut total.terms, float, mode),
        None => {}
    }
    total.fractional |= whole(number).is_none();
}

/// Add a sum.
pub(super) fn merge(total: &mut Total, other: &Total, mode: Mode) {
    for term in &other.terms {
        add_float(&mut total.terms, *term, mode);
    }
    total.fractional |= other.fractional;
}

/// The sum as the nearest float.
pub(super) fn to_float(total: &Total) -> f64 {
    // From the largest term down: once a term changes nothing, all smaller ones together only decide a tie.
    let mut terms = total.terms.iter().rev();
    let Some(mut sum) = terms.next().copied() else {
        return 0.0;
    };
    let mut terms = terms.peekable();
    while let Some(term) = terms.next() {
        let before = sum;
        sum += term;
        let rest = term - (sum - before);
        if rest != 0.0 {
            // Half a unit in the last place was rounded away: the next term says on which side the sum really is.
            if let Some(next) = terms.peek()
                && (rest < 0.0) == (**next < 0.0)
            {
                let doubled = rest * 2.0;
                let up = sum + doubled;
                if doubled == up - sum {
                    sum = up;
                }
            }
            break;
        }
    }
    sum
}

/// The sum as a JSON number: whole if every number was and it fits, `None` if it left the range of floats.
pub(super) fn to_json(total: &Total) -> Option<Value> {
    if !total.fractional && total.terms.iter().all(|term| term.abs() < 1e36) {
        // Terms of whole numbers are whole, and their exact sum fits an i128 when each is small enough.
        let sum: i128 = total.terms.iter().map(|term| *term as i128).sum();
        if let Ok(sum) = i64::try_from(sum) {
            return Some(Value::from(sum));
        }
        if let Ok(sum) = u64::try_from(sum) {
            return Some(Value::from(sum));
        }
    }
    Number::from_f64(to_float(total)).map(Value::Number)
}

fn is_large(number: &Number) -> bool {
    (number.is_i64() || number.is_u64())
        && whole(number).is_some_and(|number| number.unsigned_abs() > 1 << 53)
}

fn add_float(terms: &mut Vec<f64>, number: f64, mode: Mode) {
    if mode == Mode::Fast {
        let sum = terms.first().copied().unwrap_or(0.0) + number;
        terms.clear();
        terms.push(sum);
        return;
    }
    let mut carried = number;
    let mut kept = 0;
    for at in 0..terms.len() {
        let (large, small) = if carried.abs() < terms[at].abs() {
            (terms[at], carried)
        } else {
            (carried, terms[at])
        };
        let sum = large + small;
        let lost = small - (sum - large);
        if lost != 0.0 {
            terms[kept] = lost;
            kept += 1;
        }
        carried = sum;
    }
    terms.truncate(kept);
    terms.push(carried);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(numbers: &[Number], mode: Mode) -> Total {
        let mut total = Total::default();
        numbers
            .iter()
            .for_each(|number| add(&mut total, number, mode));
        total
    }

    fn floats(numbers: &[f64]) -> Vec<Number> {
        numbers
            .iter()
            .map(|number| Number::from_f64(*number).unwrap())
            .collect()
    }

    #[test]
    fn exact_sums_are_rounded_once() {
        let tenths = floats(&[0.1; 10]);
        assert_eq!(to_float(&sum(&tenths, Mode::Accurate)), 1.0);
        assert_ne!(
            to_float(&sum(&tenths, Mode::Fast)),
            1.0,
            "a running sum rounds ten times"
        );
        assert_eq!(
            to_float(&sum(&floats(&[1e100, 1.0, -1e100]), Mode::Balanced)),
            1.0
        );
        // Ties to even, decided by what lies far below.
        assert_eq!(
            to_float(&sum(&floats(&[1e16, 1.0, 1e-16]), Mode::Accurate)),
            1e16 + 2.0
        );
        assert_eq!(to_float(&sum(&floats(&[1e16, 1.0]), Mode::Accurate)), 1e16);
    }

    #[test]
    fn whole_numbers_stay_whole_and_exact() {
        let large = [Number::from(i64::MAX), Number::from(1), Number::from(-3)];
        assert_eq!(
            to_json(&sum(&large, Mode::Accurate)),
            Some(Value::from(i64::MAX - 2))
        );
        let beyond = [
            Number::from(i64::MAX),
            Number::from(i64::MAX),
            Number::from(1),
        ];
        assert_eq!(
            to_json(&sum(&beyond, Mode::Balanced)),
            Some(Value::from(u64::MAX))
        );
        assert_eq!(to_json(&Total::default()), Some(Value::from(0)));
        assert_eq!(
            to_json(&sum(&floats(&[0.5, 0.5]), Mode::Balanced)),
            Some(Value::from(1.0))
        );
        assert_eq!(to_json(&sum(&floats(&[1e308, 1e308]), Mode::Fast)), None);
    }

    #[test]
    fn any_split_and_order_gives_the_same_bits() {
        let mut state = 42_u64;
        let numbers: Vec<_> = (0..500)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                let exponent = i32::try_from(state >> 60).unwrap() * 4 - 30;
                (f64::from(u32::try_from(state >> 33).unwrap()) - 1e9) * 2_f64.powi(exponent)
            })
            .collect();
        let expected = to_float(&sum(&floats(&numbers), Mode::Accurate));
        let mut reversed = numbers.clone();
        reversed.reverse();
        assert_eq!(to_float(&sum(&floats(&reversed), Mode::Accurate)), expected);
        for split in [1, 7, 250, 499] {
            let (left, right) = numbers.split_at(split);
            let mut merged = sum(&floats(right), Mode::Accurate);
            merge(
                &mut merged,
                &sum(&floats(left), Mode::Accurate),
                Mode::Accurate,
            );
            assert_eq!(to_float(&merged), expected, "split at {split}");
        }
    }
}
