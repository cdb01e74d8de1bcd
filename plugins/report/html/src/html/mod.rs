//! Figures as one page: no other file, no script, no network.
//!
//! Every text goes through `escape`; markup comes from this module alone. A content security policy in the page
//! itself forbids scripts, so that a hole in the escaping would still run nothing.

mod plot;

use std::fmt::Write as _;

use weldkit_report::{Column, Fact, Figures, Format, SetAside, Table};

use crate::text::{clean, thousands, value};

const STYLE: &str = include_str!("style.css");

/// The page.
///
/// # Errors
/// A plot cannot be drawn.
pub(crate) fn page(figures: &Figures) -> Result<String, String> {
    let mut page = String::with_capacity(1 << 17);
    let title = escape(&figures.title);
    page.push_str("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.push_str("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n");
    put(
        &mut page,
        format_args!(
            "<meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n"
        ),
    );
    put(
        &mut page,
        format_args!(
            "<body>\n<a class=\"skip\" href=\"#content\">Skip to the figures</a>\n<header>\n<h1>{title}</h1>\n"
        ),
    );
    if !figures.subtitle.is_empty() {
        put(
            &mut page,
            format_args!("<p class=\"subtitle\">{}</p>\n", escape(&figures.subtitle)),
        );
    }
    if !figures.finding.is_empty() {
        put(
            &mut page,
            format_args!("<p class=\"finding\">{}</p>\n", escape(&figures.finding)),
        );
    }
    facts(&mut page, &figures.facts);
    contents(&mut page, figures);
    page.push_str("</header>\n<main id=\"content\">\n");
    for table in &figures.tables {
        section(&mut page, table)?;
    }
    set_aside(&mut page, &figures.set_aside);
    page.push_str("</main>\n<footer>\n");
    for note in &figures.notes {
        put(&mut page, format_args!("<p>{}</p>\n", escape(note)));
    }
    page.push_str("</footer>\n</body>\n</html>\n");
    Ok(page)
}

/// A text that is safe between tags and inside of quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in clean(text).chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            character => escaped.push(character),
        }
    }
    escaped
}

fn facts(page: &mut String, facts: &[Fact]) {
    if facts.is_empty() {
        return;
    }
    page.push_str("<dl class=\"facts\">\n");
    for fact in facts {
        let written = escape(&value(&fact.value, fact.format));
        put(
            page,
            format_args!(
                "<div><dt>{}</dt><dd>{written}</dd></div>\n",
                escape(&fact.label)
            ),
        );
    }
    page.push_str("</dl>\n");
}

fn contents(page: &mut String, figures: &Figures) {
    page.push_str("<nav aria-label=\"Contents\"><ul>\n");
    for table in &figures.tables {
        put(
            page,
            format_args!(
                "<li><a href=\"#{}\">{}</a></li>\n",
                escape(&table.name),
                escape(&table.title)
            ),
        );
    }
    if !figures.set_aside.is_empty() {
        page.push_str("<li><a href=\"#set-aside\">Rows set aside</a></li>\n");
    }
    page.push_str("</ul></nav>\n");
}

fn section(page: &mut String, table: &Table) -> Result<(), String> {
    let name = escape(&table.name);
    let title = escape(&table.title);
    put(
        page,
        format_args!(
            "<section id=\"{name}\" aria-labelledby=\"{name}-heading\">\n<h2 id=\"{name}-heading\">{title}</h2>\n"
        ),
    );
    if !table.note.is_empty() {
        put(
            page,
            format_args!("<p class=\"note\">{}</p>\n", escape(&table.note)),
        );
    }
    for (at, plot) in table.plots.iter().enumerate() {
        let id = format!("{name}-plot-{at}");
        let svg = plot::svg(table, plot, &id)?;
        let caption = escape(&plot.title);
        put(
            page,
            format_args!(
                "<figure>\n<figcaption>{caption}</figcaption>\n<div class=\"plot\">{svg}</div>\n</figure>\n"
            ),
        );
    }
    grid(page, table);
    page.push_str("</section>\n");
    Ok(())
}

fn grid(page: &mut String, table: &Table) {
    let rows = thousands(table.rows.len() as u64);
    let title = escape(&table.title);
    // A region that scrolls must be reachable with the keyboard.
    put(
        page,
        format_args!(
            "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{title}: table of {rows} rows\">\n<table>\n"
        ),
    );
    put(
        page,
        format_args!("<caption>{title} ({rows} rows)</caption>\n<thead><tr>"),
    );
    for column in &table.columns {
        put(
            page,
            format_args!(
                "<th scope=\"col\" class=\"{}\">{}</th>",
                class(column),
                escape(&column.title)
            ),
        );
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        page.push_str("<tr>");
        for (at, (given, column)) in row.iter().zip(&table.columns).enumerate() {
            let written = escape(&value(given, column.format));
            match (at, column.format, given.as_f64()) {
                (0, ..) => put(
                    page,
                    format_args!(
                        "<th scope=\"row\" class=\"{}\">{written}</th>",
                        class(column)
                    ),
                ),
                (_, Format::Share, Some(share)) => {
                    let share = share.clamp(0.0, 1.0);
                    put(
                        page,
                        format_args!(
                            "<td class=\"share\" style=\"--share:{share:.3}\">{written}</td>"
                        ),
                    );
                }
                _ => put(
                    page,
                    format_args!("<td class=\"{}\">{written}</td>", class(column)),
                ),
            }
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody>\n</table>\n</div>\n");
}

fn set_aside(page: &mut String, rows: &[SetAside]) {
    if rows.is_empty() {
        return;
    }
    page.push_str("<section id=\"set-aside\" aria-labelledby=\"set-aside-heading\">\n<h2 id=\"set-aside-heading\">Rows set aside</h2>\n");
    page.push_str("<p class=\"note\">These rows could not be read or do not fit. They are in none of the figures above.</p>\n");
    page.push_str("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Rows set aside\">\n<table class=\"aside\">\n");
    page.push_str("<caption>Rows set aside</caption>\n<thead><tr><th scope=\"col\" class=\"text\">File</th><th scope=\"col\" class=\"number\">Line</th>");
    page.push_str("<th scope=\"col\" class=\"text\">Reason</th><th scope=\"col\" class=\"text\">Row</th></tr></thead>\n<tbody>\n");
    for row in rows {
        let (source, line) = (escape(&row.source), row.line);
        let (reason, text) = (escape(&row.reason), escape(&row.text));
        put(
            page,
            format_args!(
                "<tr><td class=\"text\">{source}</td><th scope=\"row\" class=\"number\">{line}</th>"
            ),
        );
        put(
            page,
            format_args!(
                "<td class=\"text\">{reason}</td><td class=\"text\"><code>{text}</code></td></tr>\n"
            ),
        );
    }
    page.push_str("</tbody>\n</table>\n</div>\n</section>\n");
}

fn class(column: &Column) -> &'static str {
    match column.format {
        Format::Text => "text",
        Format::Share => "share",
        Format::Count | Format::Money | Format::Number => "number",
    }
}

fn put(page: &mut String, arguments: std::fmt::Arguments<'_>) {
    page.write_fmt(arguments).expect("memory takes every text");
}

#[cfg(test)]
mod tests;
