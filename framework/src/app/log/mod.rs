//! What a serving host says on stderr: text for people, or one JSON object a line for programs.
//!
//! ```text
//! {"time":"2026-01-31T12:00:00.250Z","level":"info","message":"stopping"}
//! ```
//!
//! What the host says goes through here, and what plugins write with `tracing`: with the trace id of the call that they write it
//! in. No arguments, no results, and no settings, of which some are secret.

mod listener;

use serde_json::{Value, json};

use super::failure::Failure;
use super::output::say;
use crate::clock::Clock;
use crate::config::{Host, Level, LogFormat};

/// Where messages go: nothing less important than the configuration asks for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Log {
    level: Level,
    format: LogFormat,
}

impl Log {
    pub(super) fn new(host: &Host) -> Self {
        Self {
            level: host.log,
            format: host.log_format,
        }
    }

    /// From now on shows what plugins and their libraries write with `tracing`. A listener that the program has set before stays, and
    /// has it in place of this.
    pub(super) fn listen(self) {
        listener::set(self).ok();
    }

    pub(super) fn at(self, level: Level, text: &str) {
        if level > self.level {
            return;
        }
        match self.format {
            LogFormat::Human => say(text),
            LogFormat::Json => say(&line(level, text).to_string()),
        }
    }

    /// Tells why the host ended, where that is for programs; `None` where it is still to be told.
    pub(super) fn failed(self, failure: &Failure) -> Option<u8> {
        if self.format == LogFormat::Human {
            return None;
        }
        let error = failure.json();
        let message = error["message"].as_str().unwrap_or_default();
        let mut line = line(Level::Error, message);
        line["error"] = error;
        // As at the level `off` of the text: why a command failed is its answer, and no message.
        say(&line.to_string());
        Some(failure.code())
    }
}

/// One event. The level says what the text says with its first word.
fn line(level: Level, text: &str) -> Value {
    let prefixes = ["error: ", "warning: "];
    let message = prefixes.iter().find_map(|prefix| text.strip_prefix(prefix));
    json!({
        "time": rfc3339(Clock::System.unix_ms()),
        "level": level.as_str(),
        "message": message.unwrap_or(text),
    })
}

/// A time of day in UTC as RFC 3339 has it. Counted in years that begin in March, so that a leap day is their last.
fn rfc3339(unix_ms: u64) -> String {
    let (days, ms) = (unix_ms / 86_400_000, unix_ms % 86_400_000);
    // Days since 0000-03-01, in eras of 400 years.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    let year = era * 400 + year + next;
    let (hour, minute) = (ms / 3_600_000, ms / 60_000 % 60);
    let (second, ms) = (ms / 1_000 % 60, ms % 1_000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        for (unix_ms, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_800_000, "2000-03-01T00:00:00.000Z"),
            (1_767_225_599_001, "2025-12-31T23:59:59.001Z"),
            (1_767_225_600_000, "2026-01-01T00:00:00.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(rfc3339(unix_ms), expected);
        }
    }

    #[test]
    fn a_message_is_one_line_without_its_level() {
        let line = line(Level::Warn, "warning: one\ntwo \"three\"");
        assert_eq!(
            (&line["level"], &line["message"]),
            (&json!("warn"), &json!("one\ntwo \"three\""))
        );
        assert_eq!(line.to_string().lines().count(), 1);
    }
}
