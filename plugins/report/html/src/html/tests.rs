use serde_json::json;
use weldkit_report::{Plot, PlotKind};

use super::*;

const EVIL: &str = "<script>alert(1)</script>\" onload='x' &amp; \u{1b}[31m";

fn evil_figures() -> Figures {
    let column = |format| Column {
        title: EVIL.to_owned(),
        format,
    };
    let plot = |kind| Plot {
        title: EVIL.into(),
        description: EVIL.into(),
        kind,
        label: 0,
        values: vec![1, 2],
        rows: None,
        axis: EVIL.into(),
    };
    Figures {
        title: EVIL.to_owned(),
        subtitle: EVIL.to_owned(),
        finding: EVIL.to_owned(),
        facts: vec![Fact {
            label: EVIL.into(),
            value: json!(EVIL),
            format: Format::Money,
        }],
        tables: vec![Table {
            name: "species".into(),
            title: EVIL.into(),
            note: EVIL.into(),
            columns: vec![
                column(Format::Text),
                column(Format::Share),
                column(Format::Share),
            ],
            rows: vec![
                vec![json!(EVIL), json!(0.5), json!(0.25)],
                vec![json!("b"), json!(null), json!(EVIL)],
            ],
            plots: [PlotKind::Bars, PlotKind::Columns, PlotKind::Line]
                .map(plot)
                .to_vec(),
            terminal_rows: 10,
        }],
        set_aside: vec![SetAside {
            source: EVIL.into(),
            line: 7,
            reason: EVIL.into(),
            text: EVIL.into(),
        }],
        notes: vec![EVIL.to_owned()],
    }
}

/// The names of all tags, and whether an attribute begins with `on`.
fn tags(page: &str) -> (std::collections::BTreeSet<String>, bool) {
    let mut names = std::collections::BTreeSet::new();
    let mut handler = false;
    for part in page.split('<').skip(1) {
        let tag = part.split('>').next().unwrap();
        names.insert(
            tag.trim_start_matches('/')
                .split([' ', '\n'])
                .next()
                .unwrap()
                .to_owned(),
        );
        // Outside of quotes only: odd parts of a split at quotes are the values.
        handler |= tag.split('"').step_by(2).any(|outside| {
            outside
                .split_whitespace()
                .any(|name| name.starts_with("on"))
        });
    }
    (names, handler)
}

#[test]
fn no_text_becomes_markup() {
    let page = page(&evil_figures()).unwrap();
    let (names, handler) = tags(&page);
    assert!(!names.contains("script") && !handler, "{names:?}");
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(!page.contains('\u{1b}'));
    assert!(page.contains("default-src 'none'"));
    assert_eq!(page.matches("<svg role=\"img\"").count(), 3);
}

#[test]
fn the_same_figures_give_the_same_page() {
    assert_eq!(
        page(&evil_figures()).unwrap(),
        page(&evil_figures()).unwrap()
    );
}

#[test]
fn empty_figures_give_a_page() {
    let empty = Figures {
        title: "Nothing".into(),
        ..Figures::default()
    };
    assert!(page(&empty).unwrap().contains("<h1>Nothing</h1>"));
    let mut figures = evil_figures();
    figures.tables[0].rows.clear();
    page(&figures).unwrap();
}

#[test]
fn tags_open_and_close_in_order() {
    let page = page(&evil_figures()).unwrap();
    let mut open: Vec<String> = Vec::new();
    for part in page.split('<').skip(1) {
        let tag = part.split('>').next().unwrap();
        let name = tag
            .trim_start_matches('/')
            .split([' ', '\n', '/'])
            .next()
            .unwrap()
            .to_owned();
        if tag.starts_with('!') || tag.ends_with('/') || matches!(name.as_str(), "meta") {
            continue;
        }
        match tag.starts_with('/') {
            true => assert_eq!(open.pop().as_deref(), Some(name.as_str()), "at </{name}>"),
            false => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?}");
}
