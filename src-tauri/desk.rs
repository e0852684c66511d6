//! What the window stands on: the engine, opened beside the window rather than before it, and the
//! channel on which the page is told everything.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chat::ErrorReport;
use engine::{AppEvent, Engine, Events, Home, Options};
use tauri::AppHandle;
use tauri::async_runtime::JoinHandle;
use tauri::ipc::Channel;
use tauri_plugin_shell::ShellExt;
use tokio::sync::watch;

use crate::batch::merge;
use crate::doors::Doors;

/// Events are gathered this long, about one frame, so that the page draws once for many.
const FRAME: Duration = Duration::from_millis(16);

type Opened = Option<Result<Open, ErrorReport>>;

/// A home that is open, and the doors by which other programs come into it.
#[derive(Clone)]
struct Open {
    engine: Engine,
    doors: Arc<Doors>,
}

pub(crate) struct Desk {
    opened: watch::Receiver<Opened>,
    forwarding: Mutex<Option<JoinHandle<()>>>,
}

impl Desk {
    /// Begins to open the home's engine; the window does not wait for it.
    pub(crate) fn open(app: &AppHandle, home: Home) -> Self {
        let (send, opened) = watch::channel(None);
        let options = Options { helpdesk: bundled_program(app), ..Options::new(home.clone()) };
        tauri::async_runtime::spawn(async move {
            let opened = Engine::open(options).await.inspect(Engine::attend);
            let opened = opened.map(|engine| Open { doors: Doors::new(&engine, &home), engine });
            let doors = opened.as_ref().ok().map(|open| open.doors.clone());
            // Nobody listens only when the program ends.
            let _ = send.send(Some(opened));
            if let Some(doors) = doors {
                doors.open().await;
            }
        });
        Self { opened, forwarding: Mutex::default() }
    }

    /// The engine, as soon as it is open.
    pub(crate) async fn engine(&self) -> Result<Engine, ErrorReport> {
        self.open_home().await.map(|open| open.engine)
    }

    /// The doors, as soon as there are any.
    pub(crate) async fn doors(&self) -> Result<Arc<Doors>, ErrorReport> {
        self.open_home().await.map(|open| open.doors)
    }

    async fn open_home(&self) -> Result<Open, ErrorReport> {
        let mut opened = self.opened.clone();
        let opened = opened.wait_for(Option::is_some).await;
        match opened.as_deref() {
            Ok(Some(open)) => open.clone(),
            Ok(None) | Err(_) => Err(ErrorReport::new(chat::ErrorCode::Unknown, "Loquat is ending.")),
        }
    }

    /// Sends events to the page from now on. A reloaded page takes the place of the one before.
    pub(crate) fn forward(&self, events: Events, channel: Channel<Vec<AppEvent>>) {
        let task = tauri::async_runtime::spawn(forward(events, channel));
        let before = self.forwarding.lock().unwrap_or_else(PoisonError::into_inner).replace(task);
        if let Some(before) = before {
            before.abort();
        }
    }

    /// Stops turns and ends servers, within reason.
    pub(crate) async fn close(&self) {
        let opened = self.opened.borrow().clone();
        if let Some(Ok(Open { engine, doors })) = opened {
            doors.close().await;
            // A server that will not end is killed when the program does.
            let _ = tokio::time::timeout(Duration::from_secs(5), engine.shut_down()).await;
        }
    }
}

async fn forward(mut events: Events, channel: Channel<Vec<AppEvent>>) {
    while let Some(mut first) = events.recv().await {
        first.shorten();
        let mut batch = vec![first];
        let frame = tokio::time::sleep(FRAME);
        tokio::pin!(frame);
        loop {
            tokio::select! {
                () = &mut frame => break,
                event = events.recv() => match event {
                    Some(mut event) => {
                        event.shorten();
                        merge(&mut batch, event);
                    }
                    None => break,
                },
            }
        }
        if channel.send(batch).is_err() {
            return;
        }
    }
}

/// The help-desk program that ships beside this one.
fn bundled_program(app: &AppHandle) -> Option<PathBuf> {
    let command = app.shell().sidecar("loquat-helpdesk").ok()?;
    let command = std::process::Command::from(command);
    let path = PathBuf::from(command.get_program());
    path.exists().then_some(path)
}
