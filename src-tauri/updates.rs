//! New versions: looked for only when a person asks, taken only when signed. A copy that was built without an update
//! key (`LOQUAT_UPDATE_KEY` and `LOQUAT_UPDATE_URL` when it is built) never looks for any.

use chat::{ErrorCode, ErrorReport};
use serde::{Deserialize, Serialize};
use tauri::AppHandle;
use tauri_plugin_updater::{Update, UpdaterExt};

/// A minisign public key, as `tauri signer generate` writes it.
const KEY: Option<&str> = option_env!("LOQUAT_UPDATE_KEY");
/// Where the newest version is described; `{{target}}`, `{{arch}}` and `{{current_version}}` are filled in.
const ADDRESS: Option<&str> = option_env!("LOQUAT_UPDATE_URL");

/// A newer version than this one.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpdateView {
    version: String,
    /// What is new, in its makers' words.
    notes: String,
}

/// Whether this copy can bring itself up to date.
pub(crate) fn are_possible() -> bool {
    KEY.is_some() && ADDRESS.is_some()
}

pub(crate) fn plugin() -> tauri::plugin::TauriPlugin<tauri::Wry, tauri_plugin_updater::Config> {
    tauri_plugin_updater::Builder::new().pubkey(KEY.unwrap_or_default()).build()
}

pub(crate) async fn look(app: &AppHandle) -> Result<Option<UpdateView>, ErrorReport> {
    let update = newest(app).await?;
    Ok(update.map(|update| UpdateView { version: update.version, notes: update.body.unwrap_or_default() }))
}

/// Fetches the newest version, checks its signature, puts it in place of this one and starts it.
pub(crate) async fn install(app: &AppHandle) -> Result<(), ErrorReport> {
    let Some(update) = newest(app).await? else {
        return Err(ErrorReport::new(ErrorCode::NotFound, "There is no newer version."));
    };
    update.download_and_install(|_, _| (), || ()).await.map_err(|error| failed(&error))?;
    app.request_restart();
    Ok(())
}

async fn newest(app: &AppHandle) -> Result<Option<Update>, ErrorReport> {
    let (true, Some(address)) = (are_possible(), ADDRESS) else {
        return Err(ErrorReport::new(ErrorCode::InvalidInput, "This copy does not look for new versions.")
            .because("It was built without a key with which they could be checked.")
            .fix("Get new versions from where you got this one."));
    };
    let address = address.parse().map_err(|_| {
        ErrorReport::new(ErrorCode::InvalidInput, "The address for new versions is none.")
            .fix("Report it to whoever built this copy.")
    })?;
    let updater = app.updater_builder().endpoints(vec![address]).and_then(|builder| builder.build());
    updater.map_err(|error| failed(&error))?.check().await.map_err(|error| failed(&error))
}

fn failed(error: &tauri_plugin_updater::Error) -> ErrorReport {
    ErrorReport::new(ErrorCode::Unknown, "The new version could not be got.")
        .because(error.to_string())
        .fix("Nothing was changed. Try again later, or get it from where you got this one.")
}
