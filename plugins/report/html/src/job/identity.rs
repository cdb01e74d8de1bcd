//! Who a row is: its file and its line.

use std::path::Path;

use serde_json::Value;
use weldkit::CallError;
use weldkit_report::ReportError;
use weldkit_storage::{Document, Key};

/// The name of each file: what its rows are kept under.
pub(super) fn names(paths: &[String]) -> Result<Vec<String>, ReportError> {
    let mut names: Vec<String> = Vec::new();
    for path in paths {
        let name = Path::new(path)
            .file_name()
            .map_or_else(|| path.clone(), |name| name.to_string_lossy().into_owned());
        if names.contains(&name) {
            return Err(ReportError::SameName { source_name: name });
        }
        names.push(name);
    }
    Ok(names)
}

/// The document of a row. The line has leading zeros, so that keys sort as lines do.
pub(super) fn document(source: &str, line: u64, row: &Value) -> Result<Document, CallError> {
    let key = Key::new(format!("{source}/{line:010}"))?;
    let mut body = row.clone();
    body["source"] = Value::from(source);
    body["line"] = Value::from(line);
    Ok(Document::new(key, body))
}
