//! Plots as inline SVG, drawn by `charts-rs`.
//!
//! The colours in the SVG are names that the style sheet maps to those of the page, light or dark: a rule beats an
//! attribute. Where no style sheet reaches, they are a fine light palette as they stand.

use charts_rs::{
    BarChart, Color, HorizontalBarChart, LegendCategory, LineChart, Series, THEME_LIGHT,
    YAxisConfig,
};
use serde_json::Value;
use weldkit_report::{Format, Plot, PlotKind, Table};

use super::escape;
use crate::text::{clean, cut, value};

/// Width of every plot in units of its own; the page scales it.
const WIDTH: f32 = 860.0;
/// Colours of the series; the style sheet knows them by these values.
const COLORS: [(u8, u8, u8); 3] = [(0x7A, 0x8F, 0xA6), (0xC2, 0x55, 0x2D), (0x3E, 0x7C, 0x6B)];
const TEXT: (u8, u8, u8) = (0x4A, 0x4F, 0x57);
const AXIS: (u8, u8, u8) = (0x8A, 0x90, 0x99);
const GRID: (u8, u8, u8) = (0xE3, 0xE6, 0xEA);
/// The face that labels are measured in; the style sheet names faces of its width for where it is not installed.
const FONT: &str = "Roboto";
const FONT_SIZE: f32 = 13.0;
/// Characters of a label beside a bar.
const LABEL: usize = 42;
/// Points of a line from which on they get no marks of their own.
const MARKS_MAX: usize = 40;

/// The plot as an `<svg>` element whose title and description have ids that begin with `id`.
pub(super) fn svg(table: &Table, plot: &Plot, id: &str) -> Result<String, String> {
    let rows = plot
        .rows
        .map_or(table.rows.len(), |rows| rows as usize)
        .min(table.rows.len());
    let text_at = |row: &Vec<Value>| {
        row.get(plot.label as usize)
            .map_or_else(String::new, |given| value(given, Format::Text))
    };
    let mut labels: Vec<_> = table
        .rows
        .iter()
        .take(rows)
        .map(|row| cut(&clean(&text_at(row)), LABEL))
        .collect();
    let scale = Scale::of(table, plot, rows);
    let mut series = Vec::new();
    for (at, column) in plot.values.iter().enumerate() {
        let column = *column as usize;
        let title = table
            .columns
            .get(column)
            .map_or_else(String::new, |column| clean(&column.title));
        let points = table
            .rows
            .iter()
            .take(rows)
            .map(|row| row.get(column).and_then(Value::as_f64));
        let points: Vec<_> = points
            .map(|point| scale.rounded(point.unwrap_or(0.0)))
            .collect();
        let mut one = Series::new(title, points);
        one.index = Some(at);
        one.label_show = plot.kind == PlotKind::Bars;
        series.push(one);
    }
    if plot.kind == PlotKind::Bars {
        // Bars are drawn from below: turned round, the first row is the uppermost.
        labels.reverse();
        series.iter_mut().for_each(|series| series.data.reverse());
    }
    let drawn = match plot.kind {
        PlotKind::Bars => bars(series, labels, &scale),
        PlotKind::Columns => columns(series, labels, &scale, &plot.axis),
        PlotKind::Line => line(series, labels, &scale, &plot.axis),
    };
    let drawn =
        drawn.map_err(|error| format!("the plot `{}` cannot be drawn: {error}", plot.title))?;
    let drawn = if plot.kind == PlotKind::Bars {
        flush_right(&drawn)
    } else {
        drawn
    };
    Ok(accessible(&drawn, plot, id))
}

fn bars(series: Vec<Series>, labels: Vec<String>, scale: &Scale) -> Result<String, String> {
    let height = 70.0 + labels.len() as f32 * (14.0 + 17.0 * series.len() as f32);
    let mut chart = HorizontalBarChart::new_with_theme(series, labels, THEME_LIGHT);
    chart.height = height;
    frame(&mut chart.base, scale);
    chart.series.label.formatter = scale.format.clone();
    chart.series.label.font.size = FONT_SIZE - 1.0;
    chart.series.label.font.color = color(TEXT);
    axis(&mut chart.y_axis_configs, scale);
    chart.svg().map_err(|error| error.to_string())
}

fn columns(
    series: Vec<Series>,
    labels: Vec<String>,
    scale: &Scale,
    title: &str,
) -> Result<String, String> {
    let mut chart = BarChart::new_with_theme(series, labels, THEME_LIGHT);
    chart.height = 300.0;
    frame(&mut chart.base, scale);
    axis(&mut chart.y_axis_configs, scale);
    titled(&mut chart.y_axis_configs, title);
    chart.svg().map_err(|error| error.to_string())
}

fn line(
    mut series: Vec<Series>,
    labels: Vec<String>,
    scale: &Scale,
    title: &str,
) -> Result<String, String> {
    let single = scale.colors.len() == 1;
    if labels.len() > MARKS_MAX {
        series
            .iter_mut()
            .for_each(|series| series.symbol = Some(charts_rs::Symbol::None));
    }
    let mut chart = LineChart::new_with_theme(series, labels, THEME_LIGHT);
    chart.height = 300.0;
    frame(&mut chart.base, scale);
    chart.series.fill = single;
    chart.series.fill_opacity = Some(0.15);
    axis(&mut chart.y_axis_configs, scale);
    titled(&mut chart.y_axis_configs, title);
    chart.svg().map_err(|error| error.to_string())
}

/// What all plots share. One series needs no legend: the caption names it.
fn frame(base: &mut charts_rs::ChartBase, scale: &Scale) {
    let single = scale.colors.len() == 1;
    base.width = WIDTH;
    base.background_color = Color::transparent();
    base.font_family = FONT.to_owned();
    base.margin = charts_rs::Box {
        left: 8.0,
        top: 8.0,
        right: scale.right,
        bottom: 8.0,
    };
    base.legend.show = Some(!single);
    base.legend.category = LegendCategory::Rect;
    base.legend.font.size = FONT_SIZE;
    base.legend.font.color = color(TEXT);
    base.series.colors = scale.colors.iter().copied().map(color).collect();
    base.x_axis.font.size = FONT_SIZE;
    base.x_axis.font.color = color(TEXT);
    base.x_axis.stroke_color = color(AXIS);
    base.grid.stroke_color = color(GRID);
}

fn axis(axes: &mut Vec<YAxisConfig>, scale: &Scale) {
    if axes.is_empty() {
        axes.push(YAxisConfig::default());
    }
    for axis in axes {
        axis.min = Some(0.0);
        axis.max = Some(scale.step * scale.steps as f32);
        axis.split_number = scale.steps;
        axis.formatter = Some(scale.format.clone());
        axis.font.size = FONT_SIZE;
        axis.font.color = color(TEXT);
        axis.stroke_color = color(AXIS);
    }
}

fn titled(axes: &mut [YAxisConfig], title: &str) {
    for axis in axes.iter_mut().filter(|_| !title.is_empty()) {
        axis.title = Some(clean(title));
    }
}

/// A scale from 0 with round steps, and how its numbers are written.
struct Scale {
    /// What a value is multiplied with before it is drawn.
    factor: f64,
    step: f32,
    steps: usize,
    format: String,
    decimals: i32,
    /// The colours of the series: money has the same one alone and beside another.
    colors: Vec<(u8, u8, u8)>,
    /// The margin on the right, where bars have their labels.
    right: f32,
}

impl Scale {
    fn of(table: &Table, plot: &Plot, rows: usize) -> Self {
        let columns = || plot.values.iter().map(|column| *column as usize);
        let values = table
            .rows
            .iter()
            .take(rows)
            .flat_map(|row| columns().filter_map(|column| row.get(column)?.as_f64()));
        let largest = values.fold(0.0, f64::max);
        let format = columns()
            .next()
            .and_then(|column| table.columns.get(column))
            .map_or(Format::Text, |column| column.format);
        let colors = match (plot.values.len(), format) {
            (1, Format::Money) => vec![COLORS[1]],
            (count, _) => COLORS[..count.min(COLORS.len())].to_vec(),
        };
        let (factor, format) = match format {
            Format::Share => (100.0, "{c}%"),
            Format::Money if largest >= 2e6 => (1e-6, "${c}M"),
            Format::Money if largest >= 2e3 => (1e-3, "${c}K"),
            Format::Money => (1.0, "${c}"),
            Format::Text | Format::Count | Format::Number => (1.0, "{t}"),
        };
        let (step, steps) = round_steps(largest * factor);
        Self {
            factor,
            step: step as f32,
            steps,
            format: format.to_owned(),
            decimals: if largest * factor < 1_000.0 { 1 } else { 0 },
            colors,
            right: if plot.kind == PlotKind::Bars {
                56.0
            } else {
                20.0
            },
        }
    }

    /// The value as drawn, rounded as its label shows it.
    fn rounded(&self, value: f64) -> f32 {
        let unit = 10_f64.powi(self.decimals);
        ((value * self.factor * unit).round() / unit) as f32
    }
}

/// Steps of 1, 2, 2.5 or 5 times a power of ten, four to eight of them, that cover `largest`.
fn round_steps(largest: f64) -> (f64, usize) {
    if !(largest.is_finite() && largest > 0.0) {
        return (1.0, 1);
    }
    let power = 10_f64.powf((largest / 5.0).log10().floor());
    let candidates = [1.0, 2.0, 2.5, 5.0, 10.0].map(|factor| factor * power);
    let step = candidates
        .into_iter()
        .find(|step| largest / step <= 6.0)
        .unwrap_or(10.0 * power);
    (step, (largest / step).ceil().max(1.0) as usize)
}

fn color((r, g, b): (u8, u8, u8)) -> Color {
    Color { r, g, b, a: 255 }
}

/// The drawing with the labels of its bars ending at the axis, whatever the width of the reader's font.
///
/// The labels are the texts in the group of the first axis, and the axis is the first line of that group.
fn flush_right(drawn: &str) -> String {
    let axis = format!("<g stroke=\"#{:02X}{:02X}{:02X}\"", AXIS.0, AXIS.1, AXIS.2);
    let Some((before, after)) = drawn.split_once(&axis) else {
        return drawn.to_owned();
    };
    let end = after
        .split_once("x1=\"")
        .and_then(|(_, rest)| rest.split('"').next());
    let end = end.and_then(|x| x.parse::<f32>().ok());
    let (Some(end), Some((lines, rest))) = (end, after.split_once("</g>")) else {
        return drawn.to_owned();
    };
    let Some((labels, rest)) = rest.split_once("</g>") else {
        return drawn.to_owned();
    };
    let mut flush = String::with_capacity(drawn.len() + 1_024);
    for part in labels.split_inclusive(" x=\"") {
        let start = part.find('"').filter(|_| flush.ends_with(" x=\""));
        flush.push_str(&start.map_or_else(
            || part.to_owned(),
            |start| format!("{:.1}\" text-anchor=\"end{}", end - 9.0, &part[start..]),
        ));
    }
    format!("{before}{axis}{lines}</g>{flush}</g>{rest}")
}

/// The drawing with a title and a description for those who hear the page.
fn accessible(drawn: &str, plot: &Plot, id: &str) -> String {
    let (title, description) = (escape(&plot.title), escape(&plot.description));
    let body = drawn.strip_prefix("<svg ").unwrap_or(drawn);
    let (attributes, body) = body.split_once('>').unwrap_or(("", body));
    format!(
        "<svg role=\"img\" aria-labelledby=\"{id}-title {id}-description\" {attributes}>\
         <title id=\"{id}-title\">{title}</title><desc id=\"{id}-description\">{description}</desc>{body}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round_and_cover_the_largest_value() {
        for (largest, expected) in [
            (38.0, (10.0, 4)),
            (40.5, (10.0, 5)),
            (1_427.0, (250.0, 6)),
            (0.9, (0.2, 5)),
            (7.0, (2.0, 4)),
            (0.0, (1.0, 1)),
        ] {
            let (step, steps) = round_steps(largest);
            assert!(
                (step - expected.0).abs() < 1e-9 && steps == expected.1,
                "{largest}: {steps} steps of {step}"
            );
        }
        for exponent in -6..12 {
            for digit in 1..100 {
                let largest = f64::from(digit) * 10_f64.powi(exponent);
                let (step, steps) = round_steps(largest);
                assert!(step * steps as f64 >= largest * 0.999_999, "{largest}");
                assert!((1..=8).contains(&steps), "{largest}: {steps}");
            }
        }
    }
}
