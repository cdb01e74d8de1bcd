//! Figures in every form.

use std::collections::BTreeMap;

use weldkit_report::{Figures, Rendered, ReportError};

use crate::{csv, html, table};

/// The name under which the rows set aside stand among the tables.
pub(crate) const SET_ASIDE: &str = "set-aside";

/// Check figures and render them.
///
/// # Errors
/// What contradicts itself, with its pointer.
pub(crate) fn render(figures: &Figures) -> Result<Rendered, ReportError> {
    check(figures)?;
    let html = html::page(figures).map_err(|reason| invalid("/tables".to_owned(), reason))?;
    let mut json = serde_json::to_string_pretty(figures)
        .map_err(|error| invalid(String::new(), error.to_string()))?;
    json.push('\n');
    let mut tables: BTreeMap<_, _> = figures
        .tables
        .iter()
        .map(|table| (table.name.clone(), csv::table(table)))
        .collect();
    tables.insert(SET_ASIDE.to_owned(), csv::set_aside(&figures.set_aside));
    Ok(Rendered {
        text: table::figures(figures),
        json,
        html,
        csv: tables,
    })
}

fn check(figures: &Figures) -> Result<(), ReportError> {
    let mut names = vec![SET_ASIDE];
    for (at, table) in figures.tables.iter().enumerate() {
        if names.contains(&table.name.as_str()) {
            return Err(invalid(
                format!("/tables/{at}/name"),
                format!("a second table is named `{}`", table.name),
            ));
        }
        names.push(&table.name);
        let columns = table.columns.len();
        if let Some(row) = table.rows.iter().position(|row| row.len() != columns) {
            let reason = format!(
                "the row has {} values for {columns} columns",
                table.rows[row].len()
            );
            return Err(invalid(format!("/tables/{at}/rows/{row}"), reason));
        }
        for (plot_at, plot) in table.plots.iter().enumerate() {
            let pointer = format!("/tables/{at}/plots/{plot_at}");
            let format = |column: u32| {
                table
                    .columns
                    .get(column as usize)
                    .map(|column| column.format)
            };
            if plot.values.is_empty() || plot.values.len() > 3 {
                return Err(invalid(
                    pointer,
                    "a plot draws one to three columns".to_owned(),
                ));
            }
            if std::iter::once(&plot.label)
                .chain(&plot.values)
                .any(|column| format(*column).is_none())
            {
                return Err(invalid(
                    pointer,
                    format!("a column lies beyond the {columns} there are"),
                ));
            }
            if plot
                .values
                .iter()
                .any(|column| format(*column) != format(plot.values[0]))
            {
                return Err(invalid(
                    pointer,
                    "its columns have different formats, and there is one axis".to_owned(),
                ));
            }
        }
    }
    Ok(())
}

fn invalid(pointer: String, reason: String) -> ReportError {
    ReportError::InvalidFigures {
        pointer: format!("/figures{pointer}"),
        reason,
    }
}
