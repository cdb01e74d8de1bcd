//! A snapshot as text for monitoring systems.
//!
//! Prometheus 0.0.4: <https://prometheus.io/docs/instrumenting/exposition_formats/>. OpenMetrics 1.0:
//! <https://prometheus.io/docs/specs/om/open_metrics_spec/>. They differ in the name of a counter, in units and in the
//! last line.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::snapshot::{Family, Kind, Snapshot, Value};
use super::{Distribution, Labels};

/// A text that monitoring systems read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TextFormat {
    /// Prometheus 0.0.4.
    #[default]
    Prometheus,
    /// OpenMetrics 1.0.
    OpenMetrics,
}

impl TextFormat {
    /// What an HTTP answer says of it.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// The format that a reader prefers, from the `Accept` of its request. Prometheus where it prefers none.
    pub fn accepted(accept: &str) -> Self {
        // The most specific range that fits says how much it is liked, as HTTP has it.
        let mut liked = [(0, 0.0); 2];
        for range in accept.split(',') {
            let mut words = range.split(';').map(str::trim);
            let kind = words.next().unwrap_or_default().to_ascii_lowercase();
            let (mut quality, mut version) = (1.0, None);
            for (name, value) in words.filter_map(|word| word.split_once('=')) {
                match name.trim().to_ascii_lowercase().as_str() {
                    "q" => quality = value.trim().parse().unwrap_or(0.0),
                    "version" => version = Some(value.trim().trim_matches('"')),
                    _ => {}
                }
            }
            let fits = |own: &str, family: &str, versions: &str| match version {
                Some(version) if kind == own => (version == versions).then_some(4),
                None if kind == own => Some(3),
                _ if kind == family => Some(2),
                _ => (kind == "*/*").then_some(1),
            };
            let ranks = [
                fits("text/plain", "text/*", "0.0.4"),
                fits("application/openmetrics-text", "application/*", "1.0.0"),
            ];
            for (liked, rank) in liked.iter_mut().zip(ranks) {
                if let Some(rank) = rank.filter(|rank| *rank > liked.0) {
                    *liked = (rank, quality);
                }
            }
        }
        let [prometheus, openmetrics] = liked.map(|(_, quality): (u8, f64)| quality);
        if openmetrics > prometheus {
            Self::OpenMetrics
        } else {
            Self::Prometheus
        }
    }
}

impl Snapshot {
    /// The snapshot as text.
    pub fn text(&self, format: TextFormat) -> String {
        let mut writer = Writer {
            text: String::new(),
            format,
        };
        for family in self.all_families() {
            if !family.series.is_empty() {
                writer.family(&family);
            }
        }
        if format == TextFormat::OpenMetrics {
            writer.text.push_str("# EOF\n");
        }
        writer.text
    }
}

struct Writer {
    text: String,
    format: TextFormat,
}

/// The percentiles that a summary tells.
fn quantiles(of: &Distribution) -> [(&'static str, u64); 4] {
    [
        ("0.5", of.p50),
        ("0.9", of.p90),
        ("0.99", of.p99),
        ("0.999", of.p999),
    ]
}

impl Writer {
    fn family(&mut self, family: &Family) {
        let total = if family.kind == Kind::Counter {
            "_total"
        } else {
            ""
        };
        let kind = match family.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Summary => "summary",
        };
        // In OpenMetrics a counter's family has a name of its own.
        let suffix = match self.format {
            TextFormat::Prometheus => total,
            TextFormat::OpenMetrics => "",
        };
        let name = &family.name;
        self.text.push_str("# HELP ");
        self.text.push_str(name);
        self.text.push_str(suffix);
        self.text.push(' ');
        self.escape(&family.help, self.format == TextFormat::OpenMetrics);
        self.line(&["\n# TYPE ", name, suffix, " ", kind]);
        if self.format == TextFormat::OpenMetrics && !family.unit.is_empty() {
            self.line(&["# UNIT ", name, " ", &family.unit]);
        }
        let divisor = if family.unit == "seconds" { 1e9 } else { 1.0 };
        for series in &family.series {
            match &series.value {
                Value::Counter(value) => {
                    self.sample((name, total), &series.labels, None);
                    self.whole(*value);
                }
                Value::Gauge(value) => {
                    self.sample((name, ""), &series.labels, None);
                    self.number(*value);
                }
                Value::Summary(read) => self.summary(name, &series.labels, read, divisor),
            }
        }
    }

    fn summary(&mut self, name: &str, labels: &Labels, read: &Distribution, divisor: f64) {
        for (quantile, value) in quantiles(read) {
            self.sample((name, ""), labels, Some(quantile));
            if read.count == 0 {
                self.text.push_str("NaN\n");
            } else {
                self.scaled(value, divisor);
            }
        }
        self.sample((name, "_sum"), labels, None);
        self.scaled(read.sum, divisor);
        self.sample((name, "_count"), labels, None);
        self.whole(read.count);
    }

    fn line(&mut self, parts: &[&str]) {
        parts.iter().for_each(|part| self.text.push_str(part));
        self.text.push('\n');
    }

    /// A sample up to its value.
    fn sample(&mut self, (name, suffix): (&str, &str), labels: &Labels, quantile: Option<&str>) {
        self.text.push_str(name);
        self.text.push_str(suffix);
        let mut open = '{';
        for (name, value) in labels
            .iter()
            .chain(quantile.map(|quantile| ("quantile", quantile)))
        {
            self.text.push(open);
            self.text.push_str(name);
            self.text.push_str("=\"");
            self.escape(value, true);
            self.text.push('"');
            open = ',';
        }
        if open == ',' {
            self.text.push('}');
        }
        self.text.push(' ');
    }

    fn escape(&mut self, text: &str, quotes: bool) {
        for char in text.chars() {
            match char {
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                '"' if quotes => self.text.push_str("\\\""),
                char => self.text.push(char),
            }
        }
    }

    fn whole(&mut self, value: u64) {
        let written = writeln!(self.text, "{value}");
        debug_assert!(written.is_ok(), "a string takes everything");
    }

    fn scaled(&mut self, value: u64, divisor: f64) {
        #[expect(clippy::cast_precision_loss, reason = "a measurement")]
        self.number(value as f64 / divisor);
    }

    fn number(&mut self, value: f64) {
        if value.is_nan() {
            self.text.push_str("NaN\n");
        } else if value.is_infinite() {
            self.text
                .push_str(if value > 0.0 { "+Inf\n" } else { "-Inf\n" });
        } else {
            let written = writeln!(self.text, "{value:?}");
            debug_assert!(written.is_ok(), "a string takes everything");
        }
    }
}
