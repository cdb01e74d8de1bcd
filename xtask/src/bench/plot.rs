//! One table as bars: rectangles and text, and nothing that a browser would have to run.

use std::fmt::Write as _;

use super::outcome::{Reading, Subject, figure};

const WIDTH: f64 = 900.0;
/// Of the bars; their numbers stand beside them.
const BAR_MAX: f64 = 460.0;
const ROW: f64 = 26.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 28.0;
/// The most characters of a name: what fits beside the bars.
const NAME_MAX: usize = 48;
/// Where bars are this much apart, the short ones could not be told from each other.
const LOG_FROM: f64 = 20.0;

/// How a reading becomes the length of a bar.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Scale {
    /// From zero to the longest.
    Linear { most: f64 },
    /// From a power of ten below the shortest.
    Log { least: f64, most: f64 },
}

impl Scale {
    fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let least = values.clone().fold(f64::INFINITY, f64::min);
        let most = values.fold(0.0, f64::max);
        if least > 0.0 && most / least > LOG_FROM {
            // A third of a decade at least, so that the shortest bar can be seen.
            Scale::Log {
                least: (least.log10() - 0.3).floor(),
                most: most.log10(),
            }
        } else {
            Scale::Linear { most }
        }
    }

    fn length(self, value: f64) -> f64 {
        let share = match self {
            Scale::Linear { most: 0.0 } => 0.0,
            Scale::Linear { most } => value / most,
            Scale::Log { least, most } => (value.log10() - least) / (most - least),
        };
        share.clamp(0.0, 1.0) * BAR_MAX
    }
}

/// The plot of a subject; `None` where there is nothing to compare.
pub(super) fn svg(subject: &Subject) -> Option<String> {
    if subject.readings.len() < 2 {
        return None;
    }
    let limits = subject.claims.iter().filter_map(|claim| claim.limit);
    let best = subject.readings.iter().map(|reading| reading.best);
    let scale = Scale::of(best.chain(limits));
    let height = TOP + ROW * subject.readings.len() as f64 + BOTTOM;
    let mut text = String::new();
    line(
        &mut text,
        format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
             height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\">"
        ),
    );
    line(
        &mut text,
        format_args!("<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>"),
    );
    let title = escape(&subject.title);
    line(
        &mut text,
        format_args!("<text x=\"12\" y=\"24\" font-size=\"15\" fill=\"#1f2328\">{title}</text>"),
    );
    for (row, reading) in subject.readings.iter().enumerate() {
        bar(&mut text, subject, scale, row, reading);
    }
    let kind = match scale {
        Scale::Linear { .. } => "",
        Scale::Log { .. } => ", logarithmic",
    };
    let unit = escape(&subject.unit);
    line(
        &mut text,
        format_args!(
            "<text x=\"12\" y=\"{}\" font-size=\"11\" fill=\"#59636e\">best round in {unit}{kind}; a line is a target, \
             red where it is missed</text>",
            height - 10.0
        ),
    );
    text.push_str("</svg>\n");
    Some(text)
}

/// A name, its bar, its number, and the targets that it has.
fn bar(text: &mut String, subject: &Subject, scale: Scale, row: usize, reading: &Reading) {
    let y = TOP + ROW * row as f64;
    let left = WIDTH - BAR_MAX - 100.0;
    let name = escape(&short(&reading.name));
    let length = scale.length(reading.best);
    // The first is the base of the ratios.
    let colour = if row == 0 { "#8c959f" } else { "#4078c0" };
    line(
        text,
        format_args!(
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#1f2328\">{name}</text>",
            left - 8.0,
            y + 15.0
        ),
    );
    line(
        text,
        format_args!(
            "<rect x=\"{left:.1}\" y=\"{:.1}\" width=\"{length:.1}\" height=\"18\" fill=\"{colour}\"/>",
            y + 2.0
        ),
    );
    let mut end = length;
    let claims = subject.claims.iter();
    for claim in claims.filter(|claim| claim.case == reading.name) {
        let Some(limit) = claim.limit else { continue };
        let length = scale.length(limit);
        let colour = if claim.met { "#1a7f37" } else { "#cf222e" };
        line(
            text,
            format_args!(
                "<rect x=\"{:.1}\" y=\"{y:.1}\" width=\"2\" height=\"22\" fill=\"{colour}\"/>",
                left + length
            ),
        );
        // A number stays readable beside a line that is close to the end of its bar.
        if length >= end && length < end + 60.0 {
            end = length + 2.0;
        }
    }
    line(
        text,
        format_args!(
            "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"#1f2328\">{}</text>",
            left + end + 6.0,
            y + 15.0,
            figure(reading.best)
        ),
    );
}

fn line(text: &mut String, written: std::fmt::Arguments<'_>) {
    // Writing to memory does not fail.
    writeln!(text, "{written}").ok();
}

fn short(name: &str) -> String {
    if name.chars().count() <= NAME_MAX {
        return name.to_owned();
    }
    name.chars().take(NAME_MAX - 1).chain(['…']).collect()
}

/// Text that stays text, whatever is in it.
fn escape(text: &str) -> String {
    text.chars().fold(String::new(), |mut escaped, letter| {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            control if control.is_control() => escaped.push(' '),
            other => escaped.push(other),
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_on_a_log_scale_where_they_are_far_apart() {
        let scale = |values: &[f64]| Scale::of(values.iter().copied());
        assert_eq!(scale(&[1.0, 20.0]), Scale::Linear { most: 20.0 });
        let far = scale(&[2.0, 2_000.0]);
        assert!(matches!(far, Scale::Log { .. }), "{far:?}");
        // Ten times as much is as much longer everywhere.
        let step = far.length(200.0) - far.length(20.0);
        assert!((far.length(2_000.0) - far.length(200.0) - step).abs() < 1e-9);
        assert!((far.length(2_000.0) - BAR_MAX).abs() < 1e-9);
        assert!(far.length(2.0) > 0.0);
        // Nothing at all is no logarithm.
        assert_eq!(scale(&[0.0, 5.0]), Scale::Linear { most: 5.0 });
        assert!(scale(&[0.0, 0.0]).length(0.0).abs() < f64::EPSILON);
    }

    #[test]
    fn text_stays_text() {
        assert_eq!(
            escape("Box<dyn A> & \"b\"\n"),
            "Box&lt;dyn A&gt; &amp; &quot;b&quot; "
        );
        assert_eq!(short(&"x".repeat(60)).chars().count(), NAME_MAX);
    }
}
