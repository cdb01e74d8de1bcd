//! Tables for people, JSON for machines. A missed target is shown as missed.

use std::io::{self, Write};

use serde_json::json;

use crate::{Bound, Claim, Outcome};

/// A claim beside what was measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// The ratio, the difference or the reading that the bound is about.
    pub value: f64,
    /// Whether the bound holds.
    pub met: bool,
}

impl Outcome {
    /// The verdict on a claim; `None` when one of its cases was not measured.
    pub fn verdict(&self, claim: &Claim) -> Option<Verdict> {
        let read = |name: &str| {
            let reading = self.readings.iter().find(|reading| reading.name == name);
            reading.map(|reading| match claim.bound {
                Bound::MedianAtMostTimes(_) => reading.median,
                Bound::AtMostTimes(_)
                | Bound::AtLeastTimes(_)
                | Bound::AtMostMore(_)
                | Bound::AtMost(_) => reading.best,
            })
        };
        let case = read(&claim.case)?;
        let against = match &claim.against {
            Some(against) => read(against)?,
            None => 0.0,
        };
        let (value, met): (f64, fn(f64, f64) -> bool) = match claim.bound {
            Bound::AtMostTimes(_) | Bound::MedianAtMostTimes(_) => {
                (case / against, |value, bound| value <= bound)
            }
            Bound::AtLeastTimes(_) => (case / against, |value, bound| value >= bound),
            Bound::AtMostMore(_) | Bound::AtMost(_) => {
                (case - against, |value, bound| value <= bound)
            }
        };
        Some(Verdict {
            value,
            met: met(value, claim.bound.size()),
        })
    }

    /// Where the best round of the claim's case must stay on the same side of, in the unit of the readings; `None` where
    /// the bound is about other rounds, or nothing was measured.
    fn limit(&self, claim: &Claim) -> Option<f64> {
        let against = claim.against.as_ref().and_then(|name| {
            let reading = self.readings.iter().find(|reading| reading.name == *name);
            reading.map(|reading| reading.best)
        });
        match claim.bound {
            Bound::AtMostTimes(size) | Bound::AtLeastTimes(size) => Some(against? * size),
            Bound::AtMostMore(size) => Some(against? + size),
            Bound::AtMost(size) => Some(size),
            Bound::MedianAtMostTimes(_) => None,
        }
    }

    /// Claims that do not hold.
    pub fn missed(&self) -> usize {
        let missed = |claim: &&Claim| self.verdict(claim).is_none_or(|verdict| !verdict.met);
        self.claims.iter().filter(missed).count()
    }

    /// Writes the table.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn table(&self, out: &mut impl Write) -> io::Result<()> {
        let widest = self.readings.iter().map(|reading| reading.name.len()).max();
        let width = widest.unwrap_or(0).max(self.title.len());
        let unit = self.unit;
        writeln!(
            out,
            "\n{:width$} {:>12} {:>12} {:>8} {:>7}",
            self.title,
            format!("best {unit}"),
            format!("median {unit}"),
            "ratio",
            "rounds"
        )?;
        for reading in &self.readings {
            writeln!(
                out,
                "{:width$} {:>12} {:>12} {:>8} {:>7}",
                reading.name,
                figure(reading.best),
                figure(reading.median),
                figure(reading.best / self.readings[0].best),
                reading.rounds
            )?;
        }
        for claim in &self.claims {
            let verdict = match self.verdict(claim) {
                None => "not measured".to_owned(),
                Some(verdict) => format!(
                    "{} ({})",
                    if verdict.met { "met" } else { "MISSED" },
                    claim.bound.show(verdict.value, unit)
                ),
            };
            writeln!(out, "  {}: {verdict}", claim.show(unit))?;
        }
        Ok(())
    }

    /// The same for machines.
    pub fn json(&self) -> serde_json::Value {
        let claims = self.claims.iter().map(|claim| {
            let verdict = self.verdict(claim);
            json!({
                "claim": claim.show(self.unit),
                "case": claim.case,
                "limit": self.limit(claim),
                "value": verdict.map(|verdict| verdict.value),
                "measured": verdict.map(|verdict| claim.bound.show(verdict.value, self.unit)),
                "met": verdict.is_some_and(|verdict| verdict.met),
            })
        });
        json!({
            "title": self.title,
            "unit": self.unit,
            "readings": self.readings,
            "claims": claims.collect::<Vec<_>>(),
        })
    }
}

impl Claim {
    fn show(&self, unit: &str) -> String {
        let against = match &self.against {
            Some(against) => format!(" {against}"),
            None => String::new(),
        };
        let size = figure(self.bound.size());
        match self.bound {
            Bound::AtMostTimes(_) => format!("{} <= {size}x{against}", self.case),
            Bound::MedianAtMostTimes(_) => {
                format!("median of {} <= {size}x{against}", self.case)
            }
            Bound::AtLeastTimes(_) => format!("{} >= {size}x{against}", self.case),
            Bound::AtMostMore(_) => format!("{} <={against} + {size} {unit}", self.case),
            Bound::AtMost(_) => format!("{} <= {size} {unit}", self.case),
        }
    }
}

impl Bound {
    fn size(self) -> f64 {
        match self {
            Bound::AtMostTimes(size)
            | Bound::MedianAtMostTimes(size)
            | Bound::AtLeastTimes(size)
            | Bound::AtMostMore(size)
            | Bound::AtMost(size) => size,
        }
    }

    fn show(self, value: f64, unit: &str) -> String {
        match self {
            Bound::AtMostTimes(_) | Bound::MedianAtMostTimes(_) | Bound::AtLeastTimes(_) => {
                format!("{}x", figure(value))
            }
            Bound::AtMostMore(_) if value > 0.0 => format!("+{} {unit}", figure(value)),
            Bound::AtMostMore(_) | Bound::AtMost(_) => format!("{} {unit}", figure(value)),
        }
    }
}

/// Three digits that mean something.
fn figure(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 || size.fract() == 0.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// Writes all outcomes; says how many claims do not hold.
///
/// # Errors
///
/// When it cannot be written.
pub fn write(outcomes: &[Outcome], as_json: bool, out: &mut impl Write) -> io::Result<usize> {
    let missed = outcomes.iter().map(Outcome::missed).sum();
    if as_json {
        let subjects: Vec<_> = outcomes.iter().map(Outcome::json).collect();
        writeln!(out, "{}", json!({ "format": 1, "subjects": subjects }))?;
        return Ok(missed);
    }
    for outcome in outcomes {
        outcome.table(out)?;
    }
    let claims: usize = outcomes.iter().map(|outcome| outcome.claims.len()).sum();
    writeln!(out, "\n{} of {claims} targets met", claims - missed)?;
    Ok(missed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reading;

    #[test]
    fn a_missed_target_is_shown_as_missed() {
        let outcome = Outcome {
            title: "a call".to_owned(),
            unit: "ns",
            readings: vec![
                Reading::of("floor", vec![3.0, 2.0, 4.0]).expect("three rounds"),
                Reading::exact("ours", 9.0),
            ],
            claims: vec![
                Claim::new("ours", Bound::AtMostTimes(4.0), "floor"),
                Claim::new("ours", Bound::AtMostMore(7.5), "floor"),
                Claim::new("ours", Bound::MedianAtMostTimes(3.0), "floor"),
                Claim::new("ours", Bound::AtLeastTimes(2.0), "peer"),
            ],
        };
        let mut text = Vec::new();
        let missed =
            write(std::slice::from_ref(&outcome), false, &mut text).expect("written to memory");
        let text = String::from_utf8(text).expect("text");
        assert_eq!(missed, 2);
        for line in [
            "ours <= 4x floor: MISSED (4.50x)",
            "ours <= floor + 7.50 ns: met (+7 ns)",
            "median of ours <= 3x floor: met (3x)",
            "ours >= 2x peer: not measured",
            "2 of 4 targets met",
        ] {
            assert!(text.contains(line), "{text}");
        }
        let json = outcome.json();
        assert_eq!(json["claims"][0]["met"], false);
        assert_eq!(json["claims"][0]["measured"], "4.50x");
        assert_eq!(json["claims"][1]["limit"], 9.5);
        assert!(json["claims"][2]["limit"].is_null());
        assert!(json["claims"][3]["measured"].is_null());
    }
}
