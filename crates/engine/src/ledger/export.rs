//! The ledger for other programs: a table, or one JSON object a line.

use std::io::Write;

use chat::{ErrorCode, ErrorReport};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::LedgerEntry;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum LedgerFormat {
    /// RFC 4180, with a line of names first.
    Csv,
    /// One JSON object a line.
    JsonLines,
}

const COLUMNS: [&str; 17] = [
    "number",
    "at",
    "face",
    "key",
    "conversation",
    "turn",
    "model",
    "server",
    "tool",
    "arguments",
    "decision",
    "rule",
    "reason",
    "outcome",
    "error",
    "bytes",
    "durationMs",
];

pub(super) fn begin(format: LedgerFormat, out: &mut dyn Write) -> Result<(), ErrorReport> {
    match format {
        LedgerFormat::Csv => row(COLUMNS.iter().map(|name| (*name).to_owned()), out),
        LedgerFormat::JsonLines => Ok(()),
    }
}

pub(super) fn write(format: LedgerFormat, entry: &LedgerEntry, out: &mut dyn Write) -> Result<(), ErrorReport> {
    match format {
        LedgerFormat::JsonLines => {
            let line = serde_json::to_string(entry).map_err(|error| unwritable(&error.to_string()))?;
            writeln!(out, "{line}").map_err(|error| unwritable(&error.to_string()))
        }
        LedgerFormat::Csv => {
            let whole = serde_json::to_value(entry).map_err(|error| unwritable(&error.to_string()))?;
            row(COLUMNS.iter().map(|name| cell(name, entry, &whole)), out)
        }
    }
}

fn cell(name: &str, entry: &LedgerEntry, whole: &Value) -> String {
    match name {
        "at" => moment(entry.at),
        "model" => entry.model.as_ref().map(|it| format!("{}/{}", it.provider, it.model)).unwrap_or_default(),
        "durationMs" => match (entry.started_at, entry.ended_at) {
            (Some(started), Some(ended)) => ended.saturating_sub(started).to_string(),
            _ => String::new(),
        },
        name => match &whole[name] {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        },
    }
}

fn moment(at: u64) -> String {
    let at = i64::try_from(at).ok().and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
    at.map(|at| at.to_string()).unwrap_or_default()
}

fn row(cells: impl Iterator<Item = String>, out: &mut dyn Write) -> Result<(), ErrorReport> {
    let cells: Vec<String> = cells.map(|cell| quoted(&cell)).collect();
    write!(out, "{}\r\n", cells.join(",")).map_err(|error| unwritable(&error.to_string()))
}

/// As a table wants it. What a spreadsheet would take for a formula is made a text: the words are a server's or a
/// model's.
fn quoted(cell: &str) -> String {
    let cell = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

fn unwritable(cause: &str) -> ErrorReport {
    ErrorReport::new(ErrorCode::StorageFailed, "The ledger cannot be written there.")
        .because(cause)
        .fix("Check the disk and the folder; then try again.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_one_cell_and_no_formula() {
        for (cell, expected) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("-1", "'-1"),
        ] {
            assert_eq!(quoted(cell), expected);
        }
    }
}
