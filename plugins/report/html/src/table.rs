//! Figures as text for a terminal of 100 columns.

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table as Grid, TableStyle};
use serde_json::Value;
use weldkit_report::{Figures, Format, Table};

use crate::text::{clean, cut, thousands, value};

const WIDTH: usize = 100;
/// A rule below the headings and nothing else: figures need no boxes.
const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
/// Characters of a cell; longer texts are cut.
const CELL: usize = 40;
/// Characters of a reason.
const REASON: usize = 70;
/// Characters of the longest bar.
const BAR: usize = 14;
/// Rows set aside that are listed; the other forms list all.
const SET_ASIDE_ROWS: usize = 10;

/// The whole report as text.
pub(crate) fn figures(figures: &Figures) -> String {
    let mut text = String::new();
    let heading = clean(&figures.title);
    line(&mut text, &heading);
    line(&mut text, &"═".repeat(heading.chars().count().min(WIDTH)));
    if !figures.finding.is_empty() {
        line(&mut text, "");
        wrap(&clean(&figures.finding))
            .iter()
            .for_each(|part| line(&mut text, part));
    }
    if !figures.facts.is_empty() {
        line(&mut text, "");
        let label_width = figures
            .facts
            .iter()
            .map(|fact| clean(&fact.label).chars().count())
            .max()
            .unwrap_or(0);
        let values: Vec<_> = figures
            .facts
            .iter()
            .map(|fact| clean(&value(&fact.value, fact.format)))
            .collect();
        let value_width = values
            .iter()
            .map(|value| value.chars().count())
            .max()
            .unwrap_or(0);
        for (fact, value) in figures.facts.iter().zip(values) {
            line(
                &mut text,
                &format!(
                    "  {:label_width$}  {value:>value_width$}",
                    clean(&fact.label)
                ),
            );
        }
    }
    for given in figures
        .tables
        .iter()
        .filter(|table| table.terminal_rows > 0 && !table.rows.is_empty())
    {
        line(&mut text, "");
        text.push_str(&table(given));
    }
    if !figures.set_aside.is_empty() {
        line(&mut text, "");
        text.push_str(&set_aside(figures));
    }
    text
}

fn table(table: &Table) -> String {
    let shown = table.rows.len().min(table.terminal_rows as usize);
    let mut text = String::new();
    line(&mut text, &clean(&table.title));
    let mut grid = grid();
    let bars = table
        .plots
        .first()
        .and_then(|plot| plot.values.last())
        .map(|at| *at as usize)
        .filter(|at| *at < table.columns.len());
    let mut header: Vec<_> = table
        .columns
        .iter()
        .map(|column| clean(&column.title))
        .collect();
    if bars.is_some() {
        header.push(String::new());
    }
    grid.set_header(header);
    let largest = bars.map_or(0.0, |at| {
        table
            .rows
            .iter()
            .take(shown)
            .filter_map(|row| row.get(at)?.as_f64())
            .fold(0.0, f64::max)
    });
    for row in table.rows.iter().take(shown) {
        let mut cells: Vec<_> = row
            .iter()
            .zip(&table.columns)
            .map(|(given, column)| cut(&clean(&value(given, column.format)), CELL))
            .collect();
        if let Some(at) = bars {
            cells.push(bar(row.get(at), largest));
        }
        grid.add_row(cells);
    }
    for (at, column) in table.columns.iter().enumerate() {
        if column.format != Format::Text
            && let Some(column) = grid.column_mut(at)
        {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    push_grid(&mut text, &grid);
    if shown < table.rows.len() {
        let more = (table.rows.len() - shown) as u64;
        line(&mut text, &format!(" … and {} more", thousands(more)));
    }
    text
}

fn set_aside(figures: &Figures) -> String {
    let mut text = String::new();
    let count = figures.set_aside.len();
    line(
        &mut text,
        &format!("Rows set aside ({})", thousands(count as u64)),
    );
    let mut grid = grid();
    grid.set_header(["Place", "Reason"]);
    for row in figures.set_aside.iter().take(SET_ASIDE_ROWS) {
        grid.add_row([
            format!("{}:{}", cut(&clean(&row.source), CELL), row.line),
            cut(&clean(&row.reason), REASON),
        ]);
    }
    push_grid(&mut text, &grid);
    if count > SET_ASIDE_ROWS {
        line(
            &mut text,
            &format!(" … and {} more", count - SET_ASIDE_ROWS),
        );
    }
    text
}

fn grid() -> Grid {
    let mut grid = Grid::new();
    grid.load_style(STYLE);
    grid.set_content_arrangement(ContentArrangement::Dynamic);
    grid.set_width(WIDTH as u16);
    grid
}

fn push_grid(text: &mut String, grid: &Grid) {
    grid.lines().for_each(|drawn| line(text, drawn.trim_end()));
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

/// A bar of eighths of a character, so that small shares can be told apart.
fn bar(given: Option<&Value>, largest: f64) -> String {
    let share = given
        .and_then(Value::as_f64)
        .filter(|_| largest > 0.0)
        .map_or(0.0, |given| (given / largest).clamp(0.0, 1.0));
    let eighths = (share * (BAR * 8) as f64).round() as usize;
    let mut bar = "█".repeat(eighths / 8);
    bar.push_str(["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]);
    bar
}

fn wrap(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("there is a line");
        if !last.is_empty() && last.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(word.to_owned());
        } else {
            last.push_str(if last.is_empty() { "" } else { " " });
            last.push_str(word);
        }
    }
    lines
}
