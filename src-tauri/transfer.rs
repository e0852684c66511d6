//! Files of conversations: chosen in the system's own dialogs, since the page knows no paths.

use std::path::PathBuf;

use chat::{ConversationId, ErrorCode, ErrorReport};
use engine::{Engine, ExportFormat, Exported};
use serde::{Deserialize, Serialize};
use tauri::{AppHandle, Manager};
use tauri_plugin_dialog::{DialogExt, FilePath};
use tauri_plugin_opener::OpenerExt;
use tokio::sync::oneshot;

use crate::Place;

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExportConversations {
    /// All where absent.
    #[serde(default)]
    #[cfg_attr(test, ts(optional))]
    conversations: Option<Vec<ConversationId>>,
    format: ExportFormat,
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImportConversations {
    /// As it was looked at.
    pub(crate) path: String,
    /// By their places in the file; all that are new where absent.
    #[serde(default)]
    #[cfg_attr(test, ts(optional))]
    pub(crate) chosen: Option<Vec<usize>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct FiguresOf {
    /// All where absent.
    #[serde(default)]
    #[cfg_attr(test, ts(optional))]
    pub(crate) conversation: Option<ConversationId>,
}

/// Asks where to, and writes. Nothing where the person changed their mind.
pub(crate) async fn export(
    app: &AppHandle,
    engine: &Engine,
    wish: ExportConversations,
) -> Result<Option<Exported>, ErrorReport> {
    let chosen = wish.conversations.as_deref();
    let (answer, answered) = oneshot::channel();
    let dialog = app.dialog().file().set_file_name(engine.export_name(chosen, wish.format));
    dialog.add_filter(named(wish.format), &[wish.format.ending()]).save_file(move |file| {
        // Nobody waits only when the program ends.
        let _ = answer.send(file);
    });
    match path(answered).await? {
        Some(path) => engine.export(chosen, wish.format, &path).await.map(Some),
        None => Ok(None),
    }
}

/// Asks for a file of conversations. Nothing where the person changed their mind.
pub(crate) async fn choose(app: &AppHandle) -> Result<Option<String>, ErrorReport> {
    let (answer, answered) = oneshot::channel();
    app.dialog().file().add_filter("JSON, ZIP", &["json", "zip"]).pick_file(move |file| {
        let _ = answer.send(file);
    });
    Ok(path(answered).await?.map(|path| path.display().to_string()))
}

/// Shows the folder where everything lies.
pub(crate) fn show_home(app: &AppHandle) -> Result<(), ErrorReport> {
    let home = app.state::<Place>().0.dir().display().to_string();
    app.opener().open_path(home, None::<&str>).map_err(|error| {
        ErrorReport::new(ErrorCode::Unknown, "The folder could not be opened.")
            .because(error.to_string())
            .fix("Open it yourself: its path stands beside.")
    })
}

fn named(format: ExportFormat) -> &'static str {
    match format {
        ExportFormat::Json => "JSON",
        ExportFormat::Markdown => "Markdown",
        ExportFormat::Html => "HTML",
    }
}

async fn path(answered: oneshot::Receiver<Option<FilePath>>) -> Result<Option<PathBuf>, ErrorReport> {
    let unusable = |cause: String| {
        ErrorReport::new(ErrorCode::InvalidInput, "This place cannot be used.")
            .because(cause)
            .fix("Choose another one.")
    };
    let file = answered.await.map_err(|error| unusable(error.to_string()))?;
    file.map(|file| file.into_path().map_err(|error| unusable(error.to_string()))).transpose()
}
