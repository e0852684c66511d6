//! What happened, for other eyes: the ledger as a file.

use chat::{ErrorCode, ErrorReport};
use engine::{Engine, LedgerFilter, LedgerFormat};
use serde::{Deserialize, Serialize};
use tauri::AppHandle;

use crate::downloads::{self, SaveDownload};

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExportLedger {
    filter: LedgerFilter,
    format: LedgerFormat,
}

/// A file that was written.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct SavedLedger {
    path: String,
    /// How many calls are in it.
    #[cfg_attr(test, ts(type = "number"))]
    calls: u64,
}

/// Writes the calls that fit into a new file among the person's downloads.
pub(crate) async fn export_ledger(
    app: &AppHandle,
    engine: &Engine,
    wish: ExportLedger,
) -> Result<SavedLedger, ErrorReport> {
    let name = match wish.format {
        LedgerFormat::Csv => "loquat-ledger.csv",
        LedgerFormat::JsonLines => "loquat-ledger.jsonl",
    };
    let mut written = vec![];
    let calls = engine.export_ledger(&wish.filter, wish.format, &mut written).await?;
    let text = String::from_utf8(written).map_err(|error| {
        ErrorReport::new(ErrorCode::StorageFailed, "The ledger cannot be written as text.").because(error.to_string())
    })?;
    let path = downloads::save(app, &SaveDownload { name: name.to_owned(), text })?;
    Ok(SavedLedger { path, calls })
}
