//! From the tables of `data_processing` to the figures of the report.

use serde::Deserialize;
use serde_json::{Value, json};
use weldkit_data_processing::Table as Counted;
use weldkit_report::{Column, Fact, Figures, Format, Plot, PlotKind, RowCounts, SetAside, Table};

use crate::text::{money, share, thousands};

/// Rows of a plot of bars.
const BARS: u32 = 10;
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// What was counted.
#[derive(Debug)]
pub(super) struct Tally {
    all: All,
    species: Vec<Group>,
    airports: Vec<Group>,
    phases: Vec<Group>,
    seasons: Vec<Group>,
    months: Vec<Group>,
}

/// The figures of all strikes.
#[derive(Debug, Deserialize)]
struct All {
    strikes: u64,
    cost: i64,
    speeds: u64,
    different: u64,
    first: Option<String>,
    last: Option<String>,
}

/// The figures of one group.
#[derive(Debug, Clone, PartialEq)]
struct Group {
    name: String,
    strikes: u64,
    cost: i64,
    speed: Option<f64>,
}

/// What the run knows beside the counts.
pub(super) struct Run {
    pub(super) sources: Vec<String>,
    /// Strikes with a cost above zero.
    pub(super) paid: u64,
    pub(super) read: u64,
    pub(super) set_aside: Vec<SetAside>,
}

impl Tally {
    /// Read the tables of [`groupings`](super::strike::groupings).
    ///
    /// # Errors
    /// They are not those tables.
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

    pub(super) fn counts(&self, run: &Run) -> RowCounts {
        RowCounts {
            read: run.read,
            stored: self.all.strikes,
            set_aside: run.set_aside.len() as u64,
            repeated: self.all.strikes.saturating_sub(self.all.different),
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
                thousands(signed(strikes))
            );
        };
        let unknown = || self.species.iter().filter(|group| is_unknown(&group.name));
        let unknown_strikes: u64 = unknown().map(|group| group.strikes).sum();
        let unknown_cost: i64 = unknown().map(|group| group.cost).sum();
        let mut sentence = format!(
            "{} is the costliest identified species: {} of the strikes ({} of {}), but {} of the cost ({} of {})",
            first.name,
            share(part(first.strikes, strikes)),
            thousands(signed(first.strikes)),
            thousands(signed(strikes)),
            share(part_cost(first.cost, cost)),
            money(first.cost as f64),
            money(cost as f64),
        );
        if unknown_strikes > 0 {
            sentence.push_str(&format!(
                "; the {} of strikes whose species nobody identified make {} of the cost",
                share(part(unknown_strikes, strikes)),
                share(part_cost(unknown_cost, cost)),
            ));
        }
        sentence.push('.');
        sentence
    }

    /// The whole report.
    pub(super) fn figures(&self, run: Run) -> Figures {
        Figures {
            title: "Wildlife strikes and what they cost".to_owned(),
            subtitle: self.subtitle(&run.sources),
            finding: self.finding(),
            facts: self.facts(&run),
            notes: self.notes(&run),
            tables: vec![
                self.by_species(),
                self.by_airport(),
                self.by_phase(),
                self.by_season(),
                self.by_month(),
            ],
            set_aside: run.set_aside,
        }
    }

    fn subtitle(&self, sources: &[String]) -> String {
        let All {
            strikes,
            first,
            last,
            ..
        } = &self.all;
        let strikes = thousands(signed(*strikes));
        let airports = thousands(signed(self.airports.len() as u64));
        let days = match (first, last) {
            (Some(first), Some(last)) => format!(", {first} to {last}"),
            _ => String::new(),
        };
        format!(
            "{strikes} strikes at {airports} airports{days}, from {}",
            sources.join(" and ")
        )
    }

    fn facts(&self, run: &Run) -> Vec<Fact> {
        let counts = self.counts(run);
        let named = self
            .species
            .iter()
            .filter(|group| !is_unknown(&group.name))
            .count();
        let count = |label: &str, value: u64| Fact {
            label: label.to_owned(),
            value: json!(value),
            format: Format::Count,
        };
        vec![
            count("Strikes", self.all.strikes),
            Fact {
                label: "Total cost".to_owned(),
                value: json!(self.all.cost),
                format: Format::Money,
            },
            count("Strikes with a cost", run.paid),
            count("Identified species", named as u64),
            count("Airports", self.airports.len() as u64),
            count("Equal rows, counted", counts.repeated),
            count("Rows set aside", counts.set_aside),
        ]
    }

    fn notes(&self, run: &Run) -> Vec<String> {
        let All {
            strikes, speeds, ..
        } = self.all;
        let number = |number: u64| thousands(signed(number));
        let mut notes = vec![
            "The cost of a strike is its reported cost of repair plus its other cost; shares are of all strikes and of the whole cost."
                .to_owned(),
            format!("{} of {} strikes report no cost at all.", number(strikes.saturating_sub(run.paid)), number(strikes)),
            format!("{} strikes report no speed; the median speeds are of the others.", number(strikes.saturating_sub(speeds))),
        ];
        let repeated = self.counts(run).repeated;
        if repeated > 0 {
            notes.push(format!("{} rows equal an earlier row. Each line is a strike of its own, so they are counted.", number(repeated)));
        }
        if self.species.iter().any(|group| is_unknown(&group.name)) {
            notes.push(
                "Species that begin with “Unknown” are strikes whose species nobody identified."
                    .to_owned(),
            );
        }
        notes
    }

    fn by_species(&self) -> Table {
        let note = "Costliest first. Unidentified birds are listed by size, as they were reported.";
        let plots = vec![self.shares_plot(
            "The costliest species: share of strikes against share of cost",
            "species",
            &self.species,
        )];
        self.table("species", "Species", note, &self.species, plots)
    }

    fn by_airport(&self) -> Table {
        let plots = vec![self.shares_plot(
            "The costliest airports: share of strikes against share of cost",
            "airports",
            &self.airports,
        )];
        self.table(
            "airport",
            "Airport",
            "Costliest first.",
            &self.airports,
            plots,
        )
    }

    fn by_phase(&self) -> Table {
        let plots = vec![self.shares_plot(
            "Phases of flight: share of strikes against share of cost",
            "phases",
            &self.phases,
        )];
        let mut table = self.table(
            "phase",
            "Phase of flight",
            "Costliest first, with the median indicated airspeed in knots.",
            &self.phases,
            plots,
        );
        table.columns.push(Column {
            title: "Median speed".to_owned(),
            format: Format::Number,
        });
        for (row, group) in table.rows.iter_mut().zip(&self.phases) {
            row.push(group.speed.map_or(Value::Null, Value::from));
        }
        table
    }

    fn by_season(&self) -> Table {
        let named = |group: &Group| {
            let month = group
                .name
                .parse::<usize>()
                .ok()
                .and_then(|month| MONTHS.get(month.checked_sub(1)?));
            Group {
                name: month.map_or_else(|| group.name.clone(), |month| (*month).to_owned()),
                ..group.clone()
            }
        };
        let months: Vec<_> = self.seasons.iter().map(named).collect();
        let plots = vec![
            most(
                "Strikes by month of the year",
                PlotKind::Columns,
                &months,
                1,
                "Strikes",
            ),
            most(
                "Cost by month of the year",
                PlotKind::Columns,
                &months,
                3,
                "Cost",
            ),
        ];
        let mut table = self.table(
            "season",
            "Month of the year",
            "All years together.",
            &months,
            plots,
        );
        table.terminal_rows = 12;
        table
    }

    fn by_month(&self) -> Table {
        let plots = vec![
            most(
                "Strikes by month",
                PlotKind::Line,
                &self.months,
                1,
                "Strikes",
            ),
            most("Cost by month", PlotKind::Line, &self.months, 3, "Cost"),
        ];
        let note =
            "Every month with a strike. Single expensive strikes make the peaks of the cost.";
        let mut table = self.table("month", "Month", note, &self.months, plots);
        table.terminal_rows = 0;
        table
    }

    fn table(
        &self,
        name: &str,
        title: &str,
        note: &str,
        groups: &[Group],
        plots: Vec<Plot>,
    ) -> Table {
        let column = |title: &str, format| Column {
            title: title.to_owned(),
            format,
        };
        let row = |group: &Group| {
            vec![
                json!(group.name),
                json!(group.strikes),
                json!(part(group.strikes, self.all.strikes)),
                json!(group.cost),
                json!(part_cost(group.cost, self.all.cost)),
            ]
        };
        Table {
            name: name.to_owned(),
            title: title.to_owned(),
            note: note.to_owned(),
            columns: vec![
                column(title, Format::Text),
                column("Strikes", Format::Count),
                column("Share of strikes", Format::Share),
                column("Cost", Format::Money),
                column("Share of cost", Format::Share),
            ],
            rows: groups.iter().map(row).collect(),
            plots,
            terminal_rows: BARS,
        }
    }

    fn shares_plot(&self, title: &str, what: &str, groups: &[Group]) -> Plot {
        let told = groups.iter().take(BARS as usize).map(|group| {
            let (strikes, cost) = (
                part(group.strikes, self.all.strikes),
                part_cost(group.cost, self.all.cost),
            );
            format!(
                "{} with {} of strikes and {} of cost",
                group.name,
                share(strikes),
                share(cost)
            )
        });
        let description = format!(
            "Pairs of bars for the costliest {what}: {}.",
            told.collect::<Vec<_>>().join("; ")
        );
        Plot {
            title: title.to_owned(),
            description,
            kind: PlotKind::Bars,
            label: 0,
            values: vec![2, 4],
            rows: Some(BARS),
            axis: String::new(),
        }
    }
}

/// A plot of one column over time, described by its highest point.
fn most(title: &str, kind: PlotKind, groups: &[Group], column: u32, axis: &str) -> Plot {
    let figure = |group: &&Group| {
        if column == 1 {
            signed(group.strikes)
        } else {
            group.cost
        }
    };
    let description = match groups.iter().max_by_key(figure) {
        Some(group) if column == 1 => format!(
            "Most strikes: {} in {}.",
            thousands(signed(group.strikes)),
            group.name
        ),
        Some(group) => format!(
            "Highest cost: {} in {}.",
            money(group.cost as f64),
            group.name
        ),
        None => "There is nothing to show.".to_owned(),
    };
    Plot {
        title: title.to_owned(),
        description,
        kind,
        label: 0,
        values: vec![column],
        rows: None,
        axis: axis.to_owned(),
    }
}

/// Whether a species is none: nobody identified it.
fn is_unknown(species: &str) -> bool {
    species.to_lowercase().starts_with("unknown")
}

fn groups(table: Counted, key: &str) -> Result<Vec<Group>, String> {
    let group = |row: Value| {
        Some(Group {
            name: row.get(key)?.as_str()?.to_owned(),
            strikes: row.get("strikes")?.as_u64()?,
            cost: row.get("cost")?.as_i64()?,
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

fn part(of: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        of as f64 / whole as f64
    }
}

fn part_cost(of: i64, whole: i64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        of as f64 / whole as f64
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(species: &[(&str, u64, i64)]) -> Tally {
        let group = |(name, strikes, cost): &(&str, u64, i64)| Group {
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
