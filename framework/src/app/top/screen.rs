//! State -> screen. Everything fits into 80 columns and 24 lines.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph, Row, Table, TableState};

use super::rows::rate;
use super::state::{State, View};
use crate::app::metrics::nanoseconds;
use crate::metrics::{MethodMetrics, Value};

const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);
const REVERSED: Style = Style::new().add_modifier(Modifier::REVERSED);

pub(super) fn draw(frame: &mut Frame<'_>, state: &State) {
    let [top, views, middle, bottom] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Min(3),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    frame.render_widget(Paragraph::new(summary(state)), top);
    frame.render_widget(Paragraph::new(tabs(state)), views);
    table(frame, state, middle);
    frame.render_widget(Paragraph::new(keys(state)), bottom);
    if state.is_open && state.view == View::Methods {
        detail(frame, state, middle);
    }
}

/// The host in one line.
fn summary(state: &State) -> String {
    let (now, delta) = (&state.sight.snapshot, &state.delta);
    let sum = |of: fn(&MethodMetrics) -> u64| delta.methods.iter().map(of).sum::<u64>();
    let calls = rate(sum(|method| method.finished), delta.span_ms);
    let errors = rate(sum(MethodMetrics::errors), delta.span_ms);
    let open = sum(|method| method.in_flight);
    let memory = match now.value("process_resident_memory_bytes", &[]) {
        Some(Value::Gauge(bytes)) => format!("   memory {:.1} MB", bytes / 1e6),
        _ => String::new(),
    };
    let up = nanoseconds(now.uptime_ms.saturating_mul(1_000_000));
    format!("up {up}   calls/s {calls:.1}   errors/s {errors:.1}   open {open}{memory}")
}

fn tabs(state: &State) -> Line<'static> {
    let tab = |view: &View| {
        let style = if *view == state.view {
            REVERSED
        } else {
            Style::new()
        };
        [
            Span::styled(format!(" {} ", view.title()), style),
            Span::raw(" "),
        ]
    };
    Line::from_iter(View::ALL.iter().flat_map(tab))
}

fn table(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let rows = state.rows();
    let header = rows.header.iter().enumerate().map(|(at, name)| {
        if at == state.sort {
            format!("{name}▾")
        } else {
            (*name).to_owned()
        }
    });
    let widths = rows.widths.iter().map(|width| match width {
        0 => Constraint::Min(10),
        width => Constraint::Length(*width),
    });
    let body = rows
        .rows
        .iter()
        .map(|row| Row::new(row.iter().map(|cell| cell.text().to_owned())));
    let table = Table::new(body, widths)
        .header(Row::new(header).style(BOLD))
        .row_highlight_style(REVERSED);
    let mut selected = TableState::default().with_selected(Some(state.selected));
    frame.render_stateful_widget(table, area, &mut selected);
    if rows.rows.is_empty() {
        let [_, below] = Layout::vertical([Constraint::Length(1), Constraint::Min(1)]).areas(area);
        let nothing = if state.filter.is_empty() {
            "nothing yet"
        } else {
            "nothing that fits the filter"
        };
        frame.render_widget(Paragraph::new(nothing), below);
    }
}

fn keys(state: &State) -> String {
    if state.is_typing {
        return format!("filter: {}▏  Enter keep  Esc clear", state.filter);
    }
    let filter = if state.filter.is_empty() {
        String::new()
    } else {
        format!(" ({})", state.filter)
    };
    format!("q quit  Tab next view  ↑↓ select  Enter details  s sort  / filter{filter}")
}

/// Everything that is known of the selected method, since the start.
fn detail(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let rows = state.rows();
    let Some(row) = rows.rows.get(state.selected) else {
        return;
    };
    let name = row[0].text();
    let all = state.sight.snapshot.methods.iter();
    let mut chosen = all.filter(|method| state.name(method) == name);
    let Some(method) = chosen.next() else {
        return;
    };
    let latency = &method.latency_ns;
    let mut lines = vec![
        format!(
            "calls {}   open {}   errors {}",
            method.started,
            method.in_flight,
            method.errors()
        ),
        format!(
            "p50 {}   p90 {}   p99 {}",
            nanoseconds(latency.p50),
            nanoseconds(latency.p90),
            nanoseconds(latency.p99)
        ),
        format!(
            "p99.9 {}   max {}",
            nanoseconds(latency.p999),
            nanoseconds(latency.max)
        ),
        format!("instance {}", method.instance),
        format!(
            "JSON: {} bytes in, {} bytes out",
            method.input_bytes, method.output_bytes
        ),
    ];
    if method.is_sampled {
        lines.push(format!("latency of a sample of {} calls", latency.count));
    }
    lines.extend(
        method
            .failed
            .iter()
            .map(|(code, count)| format!("{count} times {code}")),
    );
    let height = u16::try_from(lines.len())
        .unwrap_or(u16::MAX)
        .saturating_add(2)
        .min(area.height);
    let place = Rect {
        x: area.x + 4,
        y: area.y + area.height - height,
        width: area.width.saturating_sub(8),
        height,
    };
    frame.render_widget(Clear, place);
    let lines = lines.into_iter().map(Line::from).collect::<Vec<_>>();
    frame.render_widget(
        Paragraph::new(lines).block(Block::bordered().title(format!(" {name} "))),
        place,
    );
}
