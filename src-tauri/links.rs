//! Links lead to the person's own browser, and only where a browser may go.

use chat::{ErrorCode, ErrorReport};
use tauri::AppHandle;
use tauri_plugin_opener::OpenerExt;

/// Opens an address of the web or of mail.
pub(crate) fn open(app: &AppHandle, url: &str) -> Result<(), ErrorReport> {
    let allowed = ["https://", "http://", "mailto:"].iter().any(|scheme| url.starts_with(scheme));
    if !allowed || url.chars().any(char::is_control) {
        return Err(ErrorReport::new(ErrorCode::InvalidInput, "This link is not opened.")
            .because("Only links to the web and to mail addresses are."));
    }
    app.opener().open_url(url, None::<&str>).map_err(|error| {
        ErrorReport::new(ErrorCode::Unknown, "The browser could not be opened.")
            .because(error.to_string())
            .fix("Copy the link and open it yourself.")
    })
}
