//! What happened, written down as it happens: kept for a viewer, and where wished in a file and on the terminal.
//!
//! Whatever is written passes through [`mcp::masked`] first: no secret that this process knows of, and nothing that
//! looks like one, gets into any of the three.

mod crash;
mod file;
mod record;

use std::collections::VecDeque;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use tracing::level_filters::LevelFilter;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};

use crate::home::Home;
use crate::settings::Settings;
use file::Writer;
pub use record::{LogFilter, LogLevel, LogRecord};

/// The viewer shows the last of them.
const KEPT: usize = 2_000;
const KEPT_BYTES: usize = 4 * 1024 * 1024;

/// Parts whose every word is wished for; of all others only what went wrong.
const OURS: [&str; 12] =
    ["api", "call", "chat", "cli", "engine", "gateway", "loq", "loquat", "mcp", "model", "server", "wire"];

/// What somebody wants logged; what is absent is left to the settings, and then to the face.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogWishes {
    pub level: Option<LogLevel>,
    /// An empty path means no file.
    pub file: Option<PathBuf>,
    pub console: Option<bool>,
}

impl LogWishes {
    /// `LOG_LEVEL`, `LOG_FILE` and `LOG_TO_CONSOLE`.
    pub fn from_environment() -> Self {
        let text = |name: &str| std::env::var(name).ok();
        let console = |value: String| match value.trim().to_ascii_lowercase().as_str() {
            "" => None,
            "0" | "false" | "no" | "off" => Some(false),
            _ => Some(true),
        };
        Self {
            level: text("LOG_LEVEL").and_then(|level| LogLevel::read(&level)),
            file: text("LOG_FILE").map(PathBuf::from),
            console: text("LOG_TO_CONSOLE").and_then(console),
        }
    }

    /// These where they say something, the others elsewhere.
    fn or(self, others: Self) -> Self {
        Self {
            level: self.level.or(others.level),
            file: self.file.or(others.file),
            console: self.console.or(others.console),
        }
    }
}

static LOG: OnceLock<Log> = OnceLock::new();

struct Log {
    level: AtomicU8,
    console: AtomicBool,
    writer: RwLock<Option<Writer>>,
    kept: Mutex<Kept>,
    /// What was said when Loquat was started: it counts more than any setting.
    given: LogWishes,
    usual: LogWishes,
}

#[derive(Default)]
struct Kept {
    records: VecDeque<LogRecord>,
    bytes: usize,
    next: u64,
}

/// Begins to write down what happens in this process, crashes too; only the first call counts. `usual` holds where
/// neither `given` nor the settings say anything.
pub fn start(given: LogWishes, usual: LogWishes) {
    let log = Log {
        level: AtomicU8::new(LogLevel::Info as u8),
        console: AtomicBool::new(false),
        writer: RwLock::default(),
        kept: Mutex::default(),
        given,
        usual,
    };
    if LOG.set(log).is_err() {
        return;
    }
    // Somebody else's subscriber, as in a test, hears everything instead.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(Scribe));
    crash::tell();
    settle(&LogWishes::default());
}

/// Where a face's log lies unless somebody wants it elsewhere.
pub fn usual_file(home: &Home) -> PathBuf {
    home.logs().join("loquat.log")
}

/// What the settings wish holds from now on.
pub(crate) fn follow(settings: &Settings) {
    settle(&LogWishes {
        level: settings.log_level,
        file: settings.log_file.as_ref().map(PathBuf::from),
        console: settings.log_to_console,
    });
}

fn settle(settings: &LogWishes) {
    let Some(log) = LOG.get() else { return };
    let wishes = log.given.clone().or(settings.clone()).or(log.usual.clone());
    let file = wishes.file.filter(|path| !path.as_os_str().is_empty());
    log.level.store(wishes.level.unwrap_or(LogLevel::Info) as u8, Ordering::Relaxed);
    log.console.store(wishes.console.unwrap_or(false), Ordering::Relaxed);
    {
        let mut writer = log.writer.write().unwrap_or_else(PoisonError::into_inner);
        if writer.as_ref().map(Writer::path) != file.as_deref() {
            *writer = file.and_then(|path| Writer::open(path).ok());
        }
    }
    tracing::callsite::rebuild_interest_cache();
}

/// The last records that the filter lets through, oldest first.
pub(crate) fn recent(filter: &LogFilter) -> Vec<LogRecord> {
    let Some(log) = LOG.get() else { return vec![] };
    log.kept().records.iter().filter(|record| filter.matches(record)).cloned().collect()
}

/// The file into which it is written now, if it is.
pub fn current_file() -> Option<PathBuf> {
    let writer = LOG.get()?.writer.read().unwrap_or_else(PoisonError::into_inner);
    writer.as_ref().map(|writer| writer.path().to_owned())
}

/// Returns when what was said so far is in the file.
pub fn flush() {
    if let Some(log) = LOG.get()
        && let Some(writer) = log.writer.read().unwrap_or_else(PoisonError::into_inner).as_ref()
    {
        writer.flush();
    }
}

impl Log {
    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        let root = metadata.target().split("::").next().unwrap_or_default();
        let ours = OURS.contains(&root) || root == "loquat_lib";
        let most = LogLevel::of(self.level.load(Ordering::Relaxed));
        let most = if ours { most } else { most.min(LogLevel::Warn) };
        LogLevel::from(*metadata.level()) <= most
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, mut record: LogRecord) {
        let line = record.line();
        if self.console.load(Ordering::Relaxed) {
            // Where nobody can see it, nothing is lost.
            let _ = std::io::stderr().lock().write_all(line.as_bytes());
        }
        if let Some(writer) = self.writer.read().unwrap_or_else(PoisonError::into_inner).as_ref() {
            writer.write(line);
        }
        let mut kept = self.kept();
        record.number = kept.next;
        kept.next += 1;
        kept.bytes += record.text.len();
        kept.records.push_back(record);
        while kept.records.len() > KEPT || kept.bytes > KEPT_BYTES {
            let gone = kept.records.pop_front().map_or(0, |record| record.text.len());
            kept.bytes -= gone;
        }
    }
}

/// Turns what is told to `tracing` into records.
struct Scribe;

impl<S: Subscriber> Layer<S> for Scribe {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        // Who only asks whether anybody listens is answered, too.
        !metadata.is_span() && LOG.get().is_some_and(|log| log.wants(metadata))
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        let level = LOG.get().map_or(LogLevel::Info, |log| LogLevel::of(log.level.load(Ordering::Relaxed)));
        Some(level.into())
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if let Some(log) = LOG.get() {
            log.write(LogRecord::of(event));
        }
    }
}
