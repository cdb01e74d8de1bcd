//! Lengths of time: an object, ISO 8601 or an expression.

use std::time::Duration;

use super::super::model::Span;
use super::Reader;
use super::cursor::Cursor;
use super::template::is_expression;
use crate::error::Problem;

const UNITS: [(&str, u64); 5] = [
    ("days", 86_400_000),
    ("hours", 3_600_000),
    ("minutes", 60_000),
    ("seconds", 1_000),
    ("milliseconds", 1),
];

impl<'d> Reader<'d, '_, '_> {
    pub(super) fn span(&mut self, at: &Cursor<'d>) -> Span {
        if is_expression(at) {
            return Span::Computed(self.expression(at));
        }
        Span::Fixed(match at.text() {
            Some(text) => self.iso_8601(at, text),
            None if at.is_object() => self.units(at),
            None => {
                let expected =
                    "a length of time: an object such as `seconds: 3`, or ISO 8601 such as `PT3S`";
                self.wrong_type(at, expected);
                Duration::ZERO
            }
        })
    }

    fn units(&mut self, at: &Cursor<'d>) -> Duration {
        let fields = self.fields(at, &UNITS.map(|(unit, _)| unit));
        if at.properties().is_empty() {
            self.invalid(at, "names no unit; write for example `seconds: 3`");
        }
        let mut sum = Duration::ZERO;
        for (unit, milliseconds) in UNITS {
            if let Some(at) = fields.get(unit) {
                let count = self.integer(&at, 0, u64::MAX / 86_400_000);
                sum = sum.saturating_add(Duration::from_millis(count * milliseconds));
            }
        }
        sum
    }

    fn iso_8601(&mut self, at: &Cursor<'d>, text: &str) -> Duration {
        match parse(text) {
            Ok(duration) => duration,
            Err(Refused::Calendar) => {
                let message =
                    format!("`{text}` counts years or months, which have no fixed length");
                let problem = Problem::new("unsupported", message);
                self.fault(at, problem.help("count days, for example `P30D`"));
                Duration::ZERO
            }
            Err(Refused::Malformed) => {
                let message = format!("`{text}` is no length of time");
                let problem = Problem::new("invalid_value", message);
                self.fault(
                    at,
                    problem.help("write ISO 8601, for example `PT1M30S` or `P1DT12H`"),
                );
                Duration::ZERO
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refused {
    /// Years or months.
    Calendar,
    /// Anything else.
    Malformed,
}

const NANOS: u128 = 1_000_000_000;

/// A duration of ISO 8601, if it has a fixed length.
pub(in crate::orchestration) fn parse_duration(text: &str) -> Option<Duration> {
    parse(text).ok()
}

/// A duration of ISO 8601 with a fixed length.
fn parse(text: &str) -> Result<Duration, Refused> {
    let rest = text.strip_prefix('P').ok_or(Refused::Malformed)?;
    let (date, time) = match rest.split_once('T') {
        Some((_, "")) => return Err(Refused::Malformed),
        Some((date, time)) => (date, time),
        None if rest.is_empty() => return Err(Refused::Malformed),
        None => (rest, ""),
    };
    let date = parts(date, &[('Y', 0), ('M', 0), ('W', 604_800), ('D', 86_400)]);
    let time = parts(time, &[('H', 3_600), ('M', 60), ('S', 1)]);
    let nanos = date?.checked_add(time?).ok_or(Refused::Malformed)?;
    let seconds = u64::try_from(nanos / NANOS).map_err(|_| Refused::Malformed)?;
    let rest = u32::try_from(nanos % NANOS).expect("a rest of a division by 10^9 fits");
    Ok(Duration::new(seconds, rest))
}

/// Numbers, each with one of the letters, in this order; a letter of 0 seconds has no fixed length.
fn parts(mut text: &str, letters: &[(char, u128)]) -> Result<u128, Refused> {
    let mut sum = 0_u128;
    let mut calendar = false;
    let mut letters = letters.iter();
    while !text.is_empty() {
        let end = text
            .find(|c: char| c.is_ascii_alphabetic())
            .ok_or(Refused::Malformed)?;
        let (number, rest) = text.split_at(end);
        let letter = rest.chars().next().ok_or(Refused::Malformed)?;
        let found = letters.find(|(known, _)| *known == letter);
        let (_, seconds) = found.ok_or(Refused::Malformed)?;
        calendar |= *seconds == 0;
        let nanos = nanos(number)?
            .checked_mul(*seconds)
            .ok_or(Refused::Malformed)?;
        sum = sum.checked_add(nanos).ok_or(Refused::Malformed)?;
        text = &rest[letter.len_utf8()..];
    }
    if calendar {
        Err(Refused::Calendar)
    } else {
        Ok(sum)
    }
}

/// A decimal number in units of 10^-9; finer digits are cut off.
fn nanos(number: &str) -> Result<u128, Refused> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) {
        return Err(Refused::Malformed);
    }
    let whole: u64 = whole.parse().map_err(|_| Refused::Malformed)?;
    let digits = fraction.bytes().chain(std::iter::repeat(b'0')).take(9);
    let fraction = digits.fold(0, |sum, digit| sum * 10 + u128::from(digit - b'0'));
    Ok(u128::from(whole) * NANOS + fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_exact() {
        for (text, nanos) in [
            ("PT30S", 30 * NANOS),
            ("PT1M30S", 90 * NANOS),
            ("P1DT12H", 129_600 * NANOS),
            ("P2W", 1_209_600 * NANOS),
            ("PT0.5H", 1_800 * NANOS),
            ("PT0.000000001S", 1),
            ("PT0S", 0),
        ] {
            assert_eq!(parse(text).map(|d| d.as_nanos()), Ok(nanos), "{text}");
        }
        for text in [
            "",
            "P",
            "PT",
            "P1DT",
            "30S",
            "PT1S1M",
            "P1H",
            "PT1",
            "P-1D",
            "pt1s",
            "PT1.S",
            "PT99999999999999999999S",
        ] {
            assert_eq!(parse(text), Err(Refused::Malformed), "{text}");
        }
        for text in ["P1Y", "P3M", "P1Y2M3DT4H"] {
            assert_eq!(parse(text), Err(Refused::Calendar), "{text}");
        }
    }
}
