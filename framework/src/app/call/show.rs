use crate::app::bar::Bar;
use crate::app::failure::Failure;
use crate::app::output::Output;
use crate::error::CallError;

/// Shows what a call gives: results on stdout, progress on stderr where somebody looks.
pub(super) struct Show {
    output: Output,
    pub(super) bar: Bar,
}

impl Show {
    pub(super) fn new(output: Output) -> Self {
        Self {
            output,
            bar: Bar::new(),
        }
    }

    /// The result.
    pub(super) fn result(&self, json: &[u8]) -> Result<(), Failure> {
        self.bar.finish();
        self.output.json_bytes(json)
    }

    /// One item of a stream: one line, whoever looks.
    pub(super) fn item(&self, json: &[u8]) -> Result<(), Failure> {
        self.bar.aside(|| self.output.line(json))
    }

    /// The error that ended a stream: its last line.
    pub(super) fn broken(&self, error: &CallError) -> Result<(), Failure> {
        self.bar.finish();
        self.output
            .line(serde_json::json!({ "error": error }).to_string().as_bytes())
    }
}
