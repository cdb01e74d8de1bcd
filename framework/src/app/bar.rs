//! A bar that shows how far something is, on stderr and only where somebody looks.

use std::io::IsTerminal;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::call::Progress;

/// Steps of the bar from none to all.
const STEPS: f64 = 1_000.0;

/// The bar.
#[derive(Clone)]
pub(super) struct Bar(ProgressBar);

impl Bar {
    pub(super) fn new() -> Self {
        // Before the first report nothing is drawn, so what is quick shows no bar.
        let bar = ProgressBar::with_draw_target(Some(STEPS as u64), ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template("{bar:40} {percent:>3} % {wide_msg}");
        Self(match style {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        })
    }

    /// One more report.
    pub(super) fn advance(&self, fraction: f64, message: &str) {
        let Self(bar) = self;
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

    /// What a call in this process reports to.
    pub(super) fn reports(&self) -> Progress {
        let bar = self.clone();
        Arc::new(move |fraction, message| bar.advance(fraction, message))
    }

    /// Writes something else without tearing the bar.
    pub(super) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.0.suspend(write)
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.0.finish_and_clear();
    }
}
