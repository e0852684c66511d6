//! What is known of this very program: versions and where it writes, for whoever has to find a fault.

use chat::{ErrorCode, ErrorReport};
use engine::logging;
use serde::{Deserialize, Serialize};
use tauri::AppHandle;
use tauri_plugin_opener::OpenerExt;

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct About {
    version: String,
    /// Such as `linux x86_64`.
    system: String,
    tauri: String,
    /// The web view's, where it tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    web_view: Option<String>,
    /// Where the log is written, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    log_file: Option<String>,
}

impl About {
    pub(crate) fn this() -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            tauri: tauri::VERSION.to_owned(),
            web_view: tauri::webview_version().ok(),
            log_file: logging::current_file().map(|path| path.display().to_string()),
        }
    }
}

/// Opens the log with whatever this computer opens such files with.
pub(crate) fn open_log(app: &AppHandle) -> Result<(), ErrorReport> {
    let Some(path) = logging::current_file() else {
        return Err(ErrorReport::new(ErrorCode::NotFound, "No log is written to a file.")
            .because("The settings or LOG_FILE turned it off, or the file could not be made.")
            .fix("Take the empty log file out of the settings; or read the log here."));
    };
    logging::flush();
    app.opener().open_path(path.display().to_string(), None::<&str>).map_err(|error| {
        ErrorReport::new(ErrorCode::Unknown, "The log could not be opened.")
            .because(error.to_string())
            .fix(format!("Open it yourself: {}", path.display()))
    })
}
