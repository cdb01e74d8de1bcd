use std::io::IsTerminal;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::app::failure::Failure;
use crate::app::output::Output;
use crate::call::Progress;
use crate::error::CallError;

/// Steps of the bar from none to all.
const STEPS: f64 = 1_000.0;

/// Shows what a call gives: results on stdout, progress on stderr where somebody looks.
pub(super) struct Show {
    output: Output,
    bar: ProgressBar,
}

impl Show {
    pub(super) fn new(output: Output) -> Self {
        // A report before the first one of progress draws nothing, so a quick call shows no bar.
        let bar = ProgressBar::with_draw_target(Some(STEPS as u64), ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template("{bar:40} {percent:>3} % {wide_msg}");
        let bar = match style {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        };
        Self { output, bar }
    }

    /// One more report of progress.
    pub(super) fn progress(&self, fraction: f64, message: &str) {
        advance(&self.bar, fraction, message);
    }

    /// The same for a call in this process.
    pub(super) fn reports(&self) -> Progress {
        let bar = self.bar.clone();
        Arc::new(move |fraction, message| advance(&bar, fraction, message))
    }

    /// The result.
    pub(super) fn result(&self, json: &[u8]) -> Result<(), Failure> {
        self.finish();
        self.output.json_bytes(json)
    }

    /// One item of a stream: one line, whoever looks.
    pub(super) fn item(&self, json: &[u8]) -> Result<(), Failure> {
        self.bar.suspend(|| self.output.line(json))
    }

    /// The error that ended a stream: its last line.
    pub(super) fn broken(&self, error: &CallError) -> Result<(), Failure> {
        self.finish();
        self.output
            .line(serde_json::json!({ "error": error }).to_string().as_bytes())
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn advance(bar: &ProgressBar, fraction: f64, message: &str) {
    if bar.is_hidden() && std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::stderr());
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and STEPS"
    )]
    bar.set_position((fraction.clamp(0.0, 1.0) * STEPS) as u64);
    let one_line: String = message
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    bar.set_message(one_line);
}
