//! Tables as CSV that a spreadsheet opens without running any of it.

use serde_json::Value;
use weldkit_report::{SetAside, Table};

/// A table as CSV, its numbers unformatted.
pub(crate) fn table(table: &Table) -> String {
    let header = table
        .columns
        .iter()
        .map(|column| text_cell(&column.title))
        .collect();
    let rows = table.rows.iter().map(|row| row.iter().map(cell).collect());
    write(header, rows)
}

/// The rows set aside as CSV.
pub(crate) fn set_aside(rows: &[SetAside]) -> String {
    let header = ["source", "line", "reason", "text"]
        .map(str::to_owned)
        .to_vec();
    let rows = rows.iter().map(|row| {
        vec![
            text_cell(&row.source),
            row.line.to_string(),
            text_cell(&row.reason),
            text_cell(&row.text),
        ]
    });
    write(header, rows)
}

fn write(header: Vec<String>, rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut text = String::new();
    for record in std::iter::once(header).chain(rows) {
        let cells: Vec<_> = record.iter().map(|cell| quoted(cell)).collect();
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

/// The cell as RFC 4180 writes it.
fn quoted(cell: &str) -> String {
    let plain = !cell.contains([',', '"', '\r', '\n']) && cell.trim() == cell;
    if plain {
        cell.to_owned()
    } else {
        format!("\"{}\"", cell.replace('"', "\"\""))
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        // Only text can be a formula: a negative number is a number, with or without its sign.
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::String(text) => text_cell(text),
        Value::Array(_) | Value::Object(_) => text_cell(&value.to_string()),
    }
}

/// Text with an apostrophe before it if a spreadsheet would take it for a formula (OWASP: CSV injection).
fn text_cell(text: &str) -> String {
    let risky = |character: char| {
        matches!(
            character,
            '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠' | '|' | '%'
        )
    };
    // Some spreadsheets trim a cell before they look at it.
    let first = text
        .trim_start_matches([' ', '\u{a0}', '\u{feff}', '\'', '"'])
        .chars()
        .next();
    if text.starts_with(risky) || first.is_some_and(risky) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use weldkit_report::Column;

    use super::*;

    #[test]
    fn a_formula_becomes_text_and_a_number_stays_one() {
        let cells = [
            json!("=HYPERLINK(\"http://example.invalid\",\"x\")"),
            json!("@SUM(1)"),
            json!("+1"),
            json!("-1+cmd|' /C calc'!A0"),
            json!("\t=1"),
            json!("  =1"),
            json!("'=1"),
            json!("＝1"),
            json!("B-737"),
            json!(-5),
            json!(null),
            json!("a \"b\", c\nd"),
        ];
        let columns = cells
            .iter()
            .map(|_| Column {
                title: "=x".to_owned(),
                format: Default::default(),
            })
            .collect();
        let given = Table {
            name: "t".into(),
            title: String::new(),
            note: String::new(),
            columns,
            rows: vec![cells.to_vec()],
            plots: vec![],
            terminal_rows: 0,
        };
        let text = table(&given);
        let (header, row) = text.split_once("\r\n").unwrap();
        assert!(header.split(',').all(|title| title == "'=x"), "{header}");
        let expected = [
            r#""'=HYPERLINK(""http://example.invalid"",""x"")""#,
            "'@SUM(1)",
            "'+1",
            "'-1+cmd|' /C calc'!A0",
            "'\t=1",
            "'  =1",
            "''=1",
            "'＝1",
            "B-737",
            "-5",
            "",
            "\"a \"\"b\"\", c\nd\"",
        ];
        assert_eq!(row, format!("{}\r\n", expected.join(",")));
    }
}
