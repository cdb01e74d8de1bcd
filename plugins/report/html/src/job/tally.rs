//! What was counted, and the one sentence that says it.

use serde::Deserialize;
use serde_json::Value;
use weldkit_data_processing::Table as Counted;
use weldkit_report::{Counts, RowCounts};

use crate::text::{money, share, thousands};

/// A count, or dollars. Tables can come from anybody, and a million groups of this still make a sum.
const COUNTED: std::ops::RangeInclusive<i64> = 0..=1 << 42;

/// What was counted.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) all: All,
    pub(super) species: Vec<Group>,
    pub(super) airports: Vec<Group>,
    pub(super) phases: Vec<Group>,
    pub(super) seasons: Vec<Group>,
    pub(super) months: Vec<Group>,
}

/// The figures of all strikes.
#[derive(Debug, Deserialize)]
pub(super) struct All {
    pub(super) strikes: i64,
    pub(super) cost: i64,
    pub(super) speeds: i64,
    different: i64,
    pub(super) first: Option<String>,
    pub(super) last: Option<String>,
}

/// The figures of one group.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) strikes: i64,
    pub(super) cost: i64,
    pub(super) speed: Option<f64>,
}

impl Tally {
    /// Read the tables of [`groupings`](super::strike::groupings).
    ///
    /// # Errors
    /// They are not those tables, or count what cannot be.
    pub(super) fn new(tables: Vec<Counted>) -> Result<Self, String> {
        let Ok([all, species, airports, phases, seasons, months]) =
            <[Counted; 6]>::try_from(tables)
        else {
            return Err(
                "`data_processing` gave another number of tables than were asked for".to_owned(),
            );
        };
        let all = all
            .rows
            .into_iter()
            .next()
            .ok_or("`data_processing` gave no total")?;
        let all = All::deserialize(all).map_err(|error| {
            format!("`data_processing` gave another total than was asked for: {error}")
        })?;
        let part = 0..=all.strikes;
        let is_sound = COUNTED.contains(&all.strikes)
            && COUNTED.contains(&all.cost)
            && part.contains(&all.speeds)
            && part.contains(&all.different);
        if !is_sound {
            return Err("the total counts more than there is".to_owned());
        }
        Ok(Self {
            all,
            species: costliest(groups(species, "species")?),
            airports: costliest(groups(airports, "airport")?),
            phases: costliest(groups(phases, "phase")?),
            seasons: groups(seasons, "season")?,
            months: groups(months, "month")?,
        })
    }

    pub(super) fn cost(&self) -> i64 {
        self.all.cost
    }

    pub(super) fn counts(&self, run: &Counts) -> RowCounts {
        RowCounts {
            read: run.read,
            stored: self.all.strikes.unsigned_abs(),
            set_aside: run.set_aside.len() as u64,
            repeated: self.all.strikes.abs_diff(self.all.different),
        }
    }

    /// The one sentence: the costliest species, its share of strikes against its share of cost.
    ///
    /// Strikes whose species nobody identified are no species. They are left out of the ranking and named, because
    /// together they may cost more than the first.
    pub(super) fn finding(&self) -> String {
        let All { strikes, cost, .. } = self.all;
        if strikes == 0 {
            return "There are no strikes to report on.".to_owned();
        }
        let Some(first) = self
            .species
            .iter()
            .find(|group| !is_unknown(&group.name))
            .filter(|first| first.cost > 0)
        else {
            return format!(
                "None of the {} strikes has both an identified species and a cost.",
                thousands(strikes)
            );
        };
        let unknown = || self.species.iter().filter(|group| is_unknown(&group.name));
        let unknown_strikes: i64 = unknown().map(|group| group.strikes).sum();
        let unknown_cost: i64 = unknown().map(|group| group.cost).sum();
        let mut sentence = format!(
            "{} is the costliest identified species: {} of the strikes ({} of {}), but {} of the cost ({} of {})",
            first.name,
            share(part(first.strikes, strikes)),
            thousands(first.strikes),
            thousands(strikes),
            share(part(first.cost, cost)),
            money(first.cost as f64),
            money(cost as f64),
        );
        if unknown_strikes > 0 {
            sentence.push_str(&format!(
                "; the {} of strikes whose species nobody identified make {} of the cost",
                share(part(unknown_strikes, strikes)),
                share(part(unknown_cost, cost)),
            ));
        }
        sentence.push('.');
        sentence
    }
}

/// Whether a species is none: nobody identified it.
pub(super) fn is_unknown(species: &str) -> bool {
    species.to_lowercase().starts_with("unknown")
}

fn groups(table: Counted, key: &str) -> Result<Vec<Group>, String> {
    let counted = |row: &Value, name: &str| {
        let figure = row.get(name)?.as_i64()?;
        COUNTED.contains(&figure).then_some(figure)
    };
    let group = |row: Value| {
        Some(Group {
            name: row.get(key)?.as_str()?.to_owned(),
            strikes: counted(&row, "strikes")?,
            cost: counted(&row, "cost")?,
            speed: row.get("speed").and_then(|speeds| speeds.get(0)?.as_f64()),
        })
    };
    let groups: Option<Vec<_>> = table.rows.into_iter().map(group).collect();
    groups.ok_or_else(|| {
        format!("`data_processing` gave another table by `{key}` than was asked for")
    })
}

fn costliest(mut groups: Vec<Group>) -> Vec<Group> {
    groups.sort_by(|left, right| {
        (right.cost, right.strikes, &left.name).cmp(&(left.cost, left.strikes, &right.name))
    });
    groups
}

pub(super) fn part(of: i64, whole: i64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        of as f64 / whole as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(species: &[(&str, i64, i64)]) -> Tally {
        let group = |(name, strikes, cost): &(&str, i64, i64)| Group {
            name: (*name).to_owned(),
            strikes: *strikes,
            cost: *cost,
            speed: None,
        };
        let species: Vec<_> = species.iter().map(group).collect();
        let strikes = species.iter().map(|group| group.strikes).sum();
        let cost = species.iter().map(|group| group.cost).sum();
        let all = All {
            strikes,
            cost,
            speeds: 0,
            different: strikes,
            first: None,
            last: None,
        };
        Tally {
            all,
            species: costliest(species),
            airports: vec![],
            phases: vec![],
            seasons: vec![],
            months: vec![],
        }
    }

    #[test]
    fn the_finding_names_the_costliest_identified_species() {
        let finding = tally(&[
            ("Unknown bird - large", 60, 500),
            ("Gull", 30, 100),
            ("Canada goose", 10, 400),
        ])
        .finding();
        assert_eq!(
            finding,
            "Canada goose is the costliest identified species: 10.0% of the strikes (10 of 100), but 40.0% of the cost ($400 of $1,000); \
             the 60.0% of strikes whose species nobody identified make 50.0% of the cost."
        );
    }

    #[test]
    fn there_is_a_sentence_for_every_case() {
        for (species, part) in [
            (&[][..], "no strikes"),
            (&[("Gull", 3, 0)], "None of the 3 strikes"),
            (&[("unknown bird", 3, 5)], "None of the 3 strikes"),
            (&[("Gull", 3, 5)], "100.0% of the strikes (3 of 3)"),
        ] {
            let finding = tally(species).finding();
            assert!(
                finding.contains(part) && finding.ends_with('.'),
                "{finding}"
            );
        }
    }
}
