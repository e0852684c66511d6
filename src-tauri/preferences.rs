//! What the window remembers for a person: theme, text size, drafts. Kept by the store plugin, in the home.

use chat::{ErrorCode, ErrorReport};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tauri::{AppHandle, Manager};
use tauri_plugin_store::StoreExt;

use crate::Place;
use crate::system::SystemWishes;

const KEY: &str = "window";
const SYSTEM: &str = "system";

/// Whatever the page wants to find again; only the page knows its shape.
#[derive(Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
pub(crate) struct Preferences(#[cfg_attr(test, ts(type = "unknown"))] Value);

pub(crate) fn load(app: &AppHandle) -> Result<Preferences, ErrorReport> {
    Ok(Preferences(store(app)?.get(KEY).unwrap_or(Value::Null)))
}

/// Writes them now: what was typed must be there after a crash.
pub(crate) fn save(app: &AppHandle, Preferences(values): Preferences) -> Result<(), ErrorReport> {
    let store = store(app)?;
    store.set(KEY, values);
    store.save().map_err(|error| unusable(&error))
}

/// What was never wished, or cannot be read, is as usual.
pub(crate) fn load_system(app: &AppHandle) -> SystemWishes {
    let kept = store(app).ok().and_then(|store| store.get(SYSTEM));
    kept.and_then(|wishes| serde_json::from_value(wishes).ok()).unwrap_or_default()
}

pub(crate) fn save_system(app: &AppHandle, wishes: SystemWishes) -> Result<(), ErrorReport> {
    let store = store(app)?;
    store.set(SYSTEM, serde_json::json!(wishes));
    store.save().map_err(|error| unusable(&error))
}

fn store(app: &AppHandle) -> Result<std::sync::Arc<tauri_plugin_store::Store<tauri::Wry>>, ErrorReport> {
    let path = app.state::<Place>().0.preferences();
    app.store_builder(path).disable_auto_save().build().map_err(|error| unusable(&error))
}

fn unusable(error: &tauri_plugin_store::Error) -> ErrorReport {
    ErrorReport::new(ErrorCode::StorageFailed, "The window's preferences cannot be kept.")
        .because(error.to_string())
        .fix("Check the disk. They hold until Loquat ends.")
}
