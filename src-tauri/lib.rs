//! The desktop face: one window, its commands, one channel of events.
//!
//! **Invariant:** the only crate that knows Tauri, and nothing but Tauri is decided here: every
//! command is one call into the engine, or into a door by which other programs come to it.
//!
//! Start reading at `commands.rs`.

mod batch;
mod commands;
mod desk;
mod doors;
mod downloads;
mod links;
mod preferences;
mod providing;
mod requests;
mod sign_in;
mod transfer;

use std::hash::{DefaultHasher, Hash, Hasher};

use engine::Home;
use engine::logging::{self, LogWishes};
use tauri::{AppHandle, Manager, RunEvent, WebviewUrl, WebviewWindowBuilder};

use desk::Desk;

/// Where this run's configuration and data lie.
pub(crate) struct Place(pub(crate) Home);

/// Runs the app until its window is closed.
pub fn run() -> Result<(), Box<dyn std::error::Error>> {
    let home = Home::find().map_err(|error| format!("{} {}", error.message, error.cause.unwrap_or_default()))?;
    let usual = LogWishes { file: Some(logging::usual_file(&home)), ..LogWishes::default() };
    logging::start(LogWishes::from_environment(), usual);
    let window_state =
        tauri_plugin_window_state::Builder::new().with_filename(home.window_state().to_string_lossy()).build();
    let one_instance = tauri_plugin_single_instance::Builder::new()
        .dbus_id(instance_id(&home))
        .callback(|app, _, _| show_window(app))
        .build();
    let app = tauri::Builder::default()
        // First, as its documentation asks: a second start ends before anything else begins.
        .plugin(one_instance)
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_opener::init())
        .plugin(tauri_plugin_shell::init())
        .plugin(tauri_plugin_store::Builder::new().build())
        .plugin(window_state)
        .invoke_handler(commands::registered())
        .setup(move |app| {
            app.manage(Desk::open(app.handle(), home.clone()));
            let web = home.web();
            app.manage(Place(home));
            WebviewWindowBuilder::new(app, "main", WebviewUrl::default())
                .title("Loquat")
                .inner_size(1180.0, 820.0)
                .min_inner_size(360.0, 400.0)
                .data_directory(web)
                // Links are opened by the browser; the window shows nothing but its own page.
                .on_navigation(is_own_page)
                .build()?;
            Ok(())
        })
        .build(tauri::generate_context!())?;
    app.run(|app, event| {
        if let RunEvent::Exit = event {
            tauri::async_runtime::block_on(app.state::<Desk>().close());
        }
    });
    Ok(())
}

fn is_own_page(url: &tauri::Url) -> bool {
    let of_the_app = url.scheme() == "tauri" || url.host_str() == Some("tauri.localhost");
    of_the_app || (cfg!(debug_assertions) && url.host_str() == Some("localhost"))
}

/// One window for each home, so that a portable copy runs beside the installed one.
fn instance_id(home: &Home) -> String {
    let mut hasher = DefaultHasher::new();
    home.dir().hash(&mut hasher);
    format!("dev.loquat.h{:016x}", hasher.finish())
}

fn show_window(app: &AppHandle) {
    if let Some(window) = app.get_webview_window("main") {
        // Each may fail where the system has no such notion; then there is nothing to be done.
        let _ = window.unminimize();
        let _ = window.show();
        let _ = window.set_focus();
    }
}
