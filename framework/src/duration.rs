//! Lengths of time as people write them: `250ms`, `5s`, `1m30s`, `2h`.

use std::time::Duration;

/// Reads a duration: whole numbers, each with its unit (`h`, `m`, `s`, `ms`), largest unit first.
///
/// # Errors
///
/// Says what a duration looks like.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let refused = || {
        format!(
            "`{}` is not a duration: write it like 250ms, 5s or 1m30s",
            shown(text)
        )
    };
    let mut total = Duration::ZERO;
    let mut rest = text;
    let mut last_rank = None;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .ok_or_else(refused)?;
        let (number, after) = rest.split_at(digits);
        let unit_len = after
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_len);
        let rank = UNITS
            .iter()
            .position(|(name, _)| *name == unit)
            .ok_or_else(refused)?;
        if last_rank.is_some_and(|last| rank <= last) {
            return Err(refused());
        }
        let millis = number
            .parse::<u64>()
            .ok()
            .and_then(|number| number.checked_mul(UNITS[rank].1));
        let part = Duration::from_millis(millis.ok_or_else(refused)?);
        total = total.checked_add(part).ok_or_else(refused)?;
        last_rank = Some(rank);
        rest = after;
    }
    if last_rank.is_none() {
        Err(refused())
    } else {
        Ok(total)
    }
}

/// Short enough for a message.
fn shown(text: &str) -> String {
    const SHOWN_CHARS_MAX: usize = 40;
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Writes a duration so that [`parse_duration`] reads it; parts below a millisecond are cut off.
pub fn format_duration(duration: Duration) -> String {
    let mut millis = duration.as_millis();
    let mut text = String::new();
    for (unit, size) in UNITS {
        let count = millis / u128::from(size);
        if count > 0 {
            text.push_str(&format!("{count}{unit}"));
        }
        millis %= u128::from(size);
    }
    if text.is_empty() {
        "0s".to_owned()
    } else {
        text
    }
}

/// Units in milliseconds, largest first.
const UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// The rule for editors; looser than [`parse_duration`], since theirs know no look-ahead.
pub(crate) const PATTERN: &str = "^([0-9]+(h|ms|m|s))+$";
