//! The figures of the report: tables, plots, notes.

use serde_json::{Value, json};
use weldkit_report::{Column, Counts, Fact, Figures, Format, Plot, PlotKind, Table};

use super::tally::{All, Group, Tally, is_unknown, part};
use crate::text::{money, share, thousands};

/// Rows of a plot of bars, and of a table in the terminal.
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

impl Tally {
    /// The whole report.
    pub(super) fn figures(&self, run: Counts) -> Figures {
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
        let strikes = thousands(*strikes);
        let airports = thousands(self.airports.len() as u64);
        let days = match (first, last) {
            (Some(first), Some(last)) => format!(", {first} to {last}"),
            _ => String::new(),
        };
        format!(
            "{strikes} strikes at {airports} airports{days}, from {}",
            sources.join(" and ")
        )
    }

    fn facts(&self, run: &Counts) -> Vec<Fact> {
        let counts = self.counts(run);
        let named = self
            .species
            .iter()
            .filter(|group| !is_unknown(&group.name))
            .count();
        let unknown = self.species.iter().filter(|group| is_unknown(&group.name));
        let unknown: i64 = unknown.map(|group| group.strikes).sum();
        let count = |label: &str, value: Value| Fact {
            label: label.to_owned(),
            value,
            format: Format::Count,
        };
        vec![
            count("Strikes", json!(self.all.strikes)),
            Fact {
                label: "Total cost".to_owned(),
                value: json!(self.all.cost),
                format: Format::Money,
            },
            count("Strikes with a cost", json!(run.paid)),
            count("Identified species", json!(named)),
            Fact {
                label: "Species not identified".to_owned(),
                value: json!(part(unknown, self.all.strikes)),
                format: Format::Share,
            },
            count("Airports", json!(self.airports.len())),
            count("Equal rows, counted", json!(counts.repeated)),
            count("Rows set aside", json!(counts.set_aside)),
        ]
    }

    fn notes(&self, run: &Counts) -> Vec<String> {
        let All {
            strikes, speeds, ..
        } = self.all;
        let mut notes = vec![
            "The cost of a strike is its reported cost of repair plus its other cost; shares are of all strikes and of the whole cost."
                .to_owned(),
            format!("{} of {} strikes report no cost at all.", thousands(strikes.unsigned_abs().saturating_sub(run.paid)), thousands(strikes)),
            format!("{} strikes report no speed; the median speeds are of the others.", thousands(strikes - speeds)),
        ];
        let repeated = self.counts(run).repeated;
        if repeated > 0 {
            notes.push(format!("{} rows equal an earlier row. Each line is a strike of its own, so they are counted.", thousands(repeated)));
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
        self.table(
            "species",
            ["Species", "Species"],
            note,
            &self.species,
            plots,
        )
    }

    fn by_airport(&self) -> Table {
        let plots = vec![self.shares_plot(
            "The costliest airports: share of strikes against share of cost",
            "airports",
            &self.airports,
        )];
        self.table(
            "airport",
            ["Airports", "Airport"],
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
            ["Phases of flight", "Phase of flight"],
            "Costliest first, with the median indicated airspeed in knots.",
            &self.phases,
            plots,
        );
        table.columns.push(Column {
            title: "Median knots".to_owned(),
            format: Format::Count,
        });
        for (row, group) in table.rows.iter_mut().zip(&self.phases) {
            // Speeds are reported in whole knots, and a median from a sketch is not known closer.
            row.push(
                group
                    .speed
                    .map_or(Value::Null, |speed| json!(speed.round() as i64)),
            );
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
            ["Months of the year", "Month of the year"],
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
        let note = "Every month with a strike.";
        let mut table = self.table(
            "month",
            ["Month by month", "Month"],
            note,
            &self.months,
            plots,
        );
        table.terminal_rows = 0;
        table
    }

    fn table(
        &self,
        name: &str,
        [title, first]: [&str; 2],
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
                json!(part(group.cost, self.all.cost)),
            ]
        };
        Table {
            name: name.to_owned(),
            title: title.to_owned(),
            note: note.to_owned(),
            columns: vec![
                column(first, Format::Text),
                column("Strikes", Format::Count),
                column("% of strikes", Format::Share),
                column("Cost", Format::Money),
                column("% of cost", Format::Share),
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
                part(group.cost, self.all.cost),
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
            group.strikes
        } else {
            group.cost
        }
    };
    let description = match groups.iter().max_by_key(figure) {
        Some(group) if column == 1 => format!(
            "Most strikes: {} in {}.",
            thousands(group.strikes),
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
