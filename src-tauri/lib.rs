//! The desktop face: one window, its commands, one channel of events.
//!
//! **Invariant:** the only crate that knows Tauri, and nothing but Tauri is decided here: every
//! command is one call into the engine, or into a door by which other programs come to it.
//!
//! Start reading at `commands.rs`.

#[macro_use]
mod declare;

mod about;
mod again;
mod asking;
mod attention;
mod batch;
mod commands;
mod conversations;
mod desk;
mod doors;
mod downloads;
mod drawing;
mod links;
mod preferences;
mod providing;
mod records;
mod requests;
mod sign_in;
mod system;
mod transfer;
mod tray;
mod updates;

use std::hash::{DefaultHasher, Hash, Hasher};

use engine::Home;
use engine::logging::{self, LogWishes};
use tauri::{App, AppHandle, Builder, Manager, RunEvent, WebviewUrl, WebviewWindowBuilder, Wry};
use tauri_plugin_deep_link::DeepLinkExt;

use desk::Desk;
use system::System;

/// Where this run's configuration and data lie.
pub(crate) struct Place(pub(crate) Home);

/// Runs the app until its window is closed.
pub fn run() -> Result<(), Box<dyn std::error::Error>> {
    // First, as nothing that was begun before would be left.
    let unsuited = drawing::suit();
    let home = Home::find().map_err(|error| format!("{} {}", error.message, error.cause.unwrap_or_default()))?;
    let usual = LogWishes { file: Some(logging::usual_file(&home)), ..LogWishes::default() };
    logging::start(LogWishes::from_environment(), usual);
    if let Some(failed) = unsuited {
        tracing::warn!("the window is drawn as if there was a graphics card: {failed}");
    }
    let app = plugged(&home)
        .invoke_handler(commands::registered())
        .setup(move |app| {
            app.manage(Desk::open(app.handle(), home.clone()));
            app.manage(System::default());
            follow_links(app);
            let web = home.web();
            app.manage(Place(home));
            WebviewWindowBuilder::new(app, "main", WebviewUrl::default())
                .title("Loquat")
                .inner_size(1180.0, 820.0)
                .min_inner_size(360.0, 400.0)
                .data_directory(web)
                // Files are dropped on the page itself.
                .disable_drag_drop_handler()
                // Links are opened by the browser; the window shows nothing but its own page.
                .on_navigation(is_own_page)
                .build()?;
            Ok(())
        })
        .build(tauri::generate_context!());
    let app = match app {
        Err(error) if again::may_help(&error) => return Err(again::start(error).into()),
        built => built?,
    };
    app.run(|app, event| {
        if let RunEvent::Exit = event {
            // Whoever starts Loquat while it closes wants a window, and gets one of their own.
            tauri_plugin_single_instance::destroy(app);
            tauri::async_runtime::block_on(app.state::<Desk>().close());
        }
    });
    Ok(())
}

fn is_own_page(url: &tauri::Url) -> bool {
    let of_the_app = url.scheme() == "tauri" || url.host_str() == Some("tauri.localhost");
    of_the_app || (cfg!(debug_assertions) && url.host_str() == Some("localhost"))
}

/// The app with everything of Tauri's that it stands on.
fn plugged(home: &Home) -> Builder<Wry> {
    let window_state =
        tauri_plugin_window_state::Builder::new().with_filename(home.window_state().to_string_lossy()).build();
    let one_instance = tauri_plugin_single_instance::Builder::new()
        .dbus_id(instance_id(home))
        .callback(|app, _, _| show_window(app))
        .build();
    let app = Builder::default()
        // First, as its documentation asks: a second start ends before anything else begins.
        .plugin(one_instance)
        .plugin(tauri_plugin_deep_link::init())
        .plugin(tauri_plugin_autostart::Builder::new().app_name("Loquat").build())
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_notification::init())
        .plugin(tauri_plugin_opener::init())
        .plugin(tauri_plugin_shell::init())
        .plugin(tauri_plugin_store::Builder::new().build())
        .plugin(window_state);
    if updates::are_possible() { app.plugin(updates::plugin()) } else { app }
}

/// Links of the scheme `loquat` describe a server: the page shows them, and a person adds it or does not.
fn follow_links(app: &App) {
    let handle = app.handle().clone();
    let follow = move |links: Vec<tauri::Url>| {
        for link in links {
            handle.state::<Desk>().follow(link.into());
        }
        show_window(&handle);
    };
    // A link that started this copy was there before anybody could listen.
    if let Ok(Some(links)) = app.deep_link().get_current() {
        follow(links);
    }
    app.deep_link().on_open_url(move |event| follow(event.urls()));
}

/// One window for each home, so that a portable copy runs beside the installed one.
fn instance_id(home: &Home) -> String {
    let mut hasher = DefaultHasher::new();
    home.dir().hash(&mut hasher);
    format!("dev.loquat.h{:016x}", hasher.finish())
}

pub(crate) fn show_window(app: &AppHandle) {
    if let Some(window) = app.get_webview_window("main") {
        // Each may fail where the system has no such notion; then there is nothing to be done.
        let _ = window.unminimize();
        let _ = window.show();
        let _ = window.set_focus();
    }
}
