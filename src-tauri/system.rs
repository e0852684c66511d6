//! How Loquat takes part in the person's system: notifications, the tray, starting at login, new versions.

use std::sync::{Mutex, PoisonError};

use chat::{ErrorCode, ErrorReport};
use engine::Events;
use serde::{Deserialize, Serialize};
use tauri::{AppHandle, Manager};
use tauri_plugin_autostart::ManagerExt;
use tauri_plugin_notification::NotificationExt;

use crate::attention::{Attention, Notice, NoticeKind, Standing};
use crate::preferences;
use crate::tray::{self, Tray};
use crate::updates;

/// What a person wants of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct SystemWishes {
    /// A turn that ended or something that waits is told while the window is away.
    pub(crate) notifications: bool,
    pub(crate) tray: bool,
}

impl Default for SystemWishes {
    fn default() -> Self {
        Self { notifications: true, tray: true }
    }
}

/// The wishes, and what this system and this copy can do.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct SystemView {
    wishes: SystemWishes,
    /// Whether this system can show a tray icon.
    tray_possible: bool,
    start_at_login: bool,
    /// Whether this copy can bring itself up to date.
    updates: bool,
}

/// The words of notifications and of the tray, in the page's language. `{}` stands for a name or a number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Words {
    pub(crate) open: String,
    pub(crate) quit: String,
    idle: String,
    running: String,
    waiting: String,
    answered: String,
    failed: String,
    approval: String,
    question: String,
}

impl Default for Words {
    fn default() -> Self {
        Self {
            open: "Open Loquat".into(),
            quit: "Quit".into(),
            idle: "Loquat: nothing under way".into(),
            running: "Loquat: {} under way".into(),
            waiting: "Loquat: {} waiting for you".into(),
            answered: "Answered".into(),
            failed: "The turn failed".into(),
            approval: "A call waits for your approval".into(),
            question: "{} asks something".into(),
        }
    }
}

impl Words {
    pub(crate) fn standing(&self, standing: Standing) -> String {
        match standing {
            Standing { running: 0, waiting: 0 } => self.idle.clone(),
            Standing { running, waiting: 0 } => self.running.replace("{}", &running.to_string()),
            Standing { waiting, .. } => self.waiting.replace("{}", &waiting.to_string()),
        }
    }

    /// Title and text. What was asked and answered stays in the window: others may see a notification.
    fn notice(&self, notice: &Notice) -> (String, String) {
        let words = match notice.kind {
            NoticeKind::Answered => &self.answered,
            NoticeKind::Failed => &self.failed,
            NoticeKind::Approval => &self.approval,
            NoticeKind::Question => return ("Loquat".into(), self.question.replace("{}", &notice.about)),
        };
        (words.clone(), notice.about.clone())
    }
}

/// What the system is shown; one for the whole program.
#[derive(Default)]
pub(crate) struct System {
    shown: Mutex<Shown>,
}

#[derive(Default)]
struct Shown {
    wishes: Option<SystemWishes>,
    words: Words,
    standing: Standing,
    tray: Option<Tray>,
}

impl System {
    fn shown<T>(&self, look: impl FnOnce(&mut Shown) -> T) -> T {
        look(&mut self.shown.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn wishes(&self, app: &AppHandle) -> SystemWishes {
        self.shown(|shown| *shown.wishes.get_or_insert_with(|| preferences::load_system(app)))
    }
}

pub(crate) fn view(app: &AppHandle) -> SystemView {
    SystemView {
        wishes: app.state::<System>().wishes(app),
        tray_possible: tray::is_possible(),
        start_at_login: app.autolaunch().is_enabled().unwrap_or_default(),
        updates: updates::are_possible(),
    }
}

pub(crate) fn wish(app: &AppHandle, wishes: SystemWishes) -> Result<SystemView, ErrorReport> {
    preferences::save_system(app, wishes)?;
    app.state::<System>().shown(|shown| shown.wishes = Some(wishes));
    draw(app);
    Ok(view(app))
}

pub(crate) fn start_at_login(app: &AppHandle, wanted: bool) -> Result<SystemView, ErrorReport> {
    let autolaunch = app.autolaunch();
    let done = if wanted { autolaunch.enable() } else { autolaunch.disable() };
    done.map_err(|error| {
        ErrorReport::new(ErrorCode::StorageFailed, "The system was not told whether to start Loquat at login.")
            .because(error.to_string())
            .fix("Nothing was changed. Your system's own settings have a list of such programs.")
    })?;
    Ok(view(app))
}

/// The page's language has other words.
pub(crate) fn speak(app: &AppHandle, words: Words) {
    app.state::<System>().shown(|shown| shown.words = words);
    draw(app);
}

/// Tells the system of everything that happens from now on.
pub(crate) async fn watch(app: AppHandle, mut attention: Attention, mut events: Events) {
    draw(&app);
    while let Some(event) = events.recv().await {
        let notice = attention.apply(&event);
        let standing = attention.standing();
        let system = app.state::<System>();
        if system.shown(|shown| std::mem::replace(&mut shown.standing, standing)) != standing {
            draw(&app);
        }
        if let Some(notice) = notice {
            notify(&app, &notice);
        }
    }
}

fn notify(app: &AppHandle, notice: &Notice) {
    let system = app.state::<System>();
    let away = app.get_webview_window("main").is_none_or(|window| !window.is_focused().unwrap_or(true));
    if !away || !system.wishes(app).notifications {
        return;
    }
    let (title, text) = system.shown(|shown| shown.words.notice(notice));
    // Where the system has no notifications, the window still shows what there is.
    if let Err(error) = app.notification().builder().title(title).body(text).show() {
        tracing::debug!(%error, "the system takes no notifications");
    }
}

/// Brings the tray up to date, on the thread where such things live.
fn draw(app: &AppHandle) {
    let handle = app.clone();
    // It fails only when the program ends.
    let _ = app.run_on_main_thread(move || {
        let system = handle.state::<System>();
        let wanted = system.wishes(&handle).tray && tray::is_possible();
        let drawn = system.shown(|shown| match (&shown.tray, wanted) {
            (Some(tray), true) => tray.tell(&shown.words, shown.standing),
            (None, true) => Tray::show(&handle, &shown.words, shown.standing).map(|tray| shown.tray = Some(tray)),
            (_, false) => {
                shown.tray = None;
                handle.remove_tray_by_id("loquat");
                Ok(())
            }
        });
        if let Err(error) = drawn {
            tracing::warn!(%error, "the tray cannot be drawn");
        }
    });
}
