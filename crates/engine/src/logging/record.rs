//! One thing that happened, as it is written down.

use std::fmt::{self, Write};

use serde::{Deserialize, Serialize};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level};

/// More than this is not looked at, and of what is left not more is written than that.
const LOOKED_AT: usize = 256 * 1024;
const WRITTEN: usize = 32 * 1024;

/// How much is written down. The page knows it by another name: it also knows how grave a server's line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts", rename = "OwnLogLevel"))]
#[serde(rename_all = "camelCase")]
#[repr(u8)]
pub enum LogLevel {
    Error = 0,
    Warn = 1,
    Info = 2,
    /// Also everything on the wire, and what models are asked and answer.
    Debug = 3,
    Trace = 4,
}

impl LogLevel {
    /// The usual names, in any case.
    pub fn read(text: &str) -> Option<Self> {
        Some(match text.trim().to_ascii_lowercase().as_str() {
            "error" | "critical" | "fatal" => Self::Error,
            "warn" | "warning" => Self::Warn,
            "info" | "notice" => Self::Info,
            "debug" => Self::Debug,
            "trace" => Self::Trace,
            _ => return None,
        })
    }

    pub(super) fn of(number: u8) -> Self {
        [Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace][usize::from(number.min(4))]
    }

    fn word(self) -> &'static str {
        match self {
            Self::Error => "ERROR",
            Self::Warn => "WARN",
            Self::Info => "INFO",
            Self::Debug => "DEBUG",
            Self::Trace => "TRACE",
        }
    }
}

impl From<Level> for LogLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::ERROR => Self::Error,
            Level::WARN => Self::Warn,
            Level::INFO => Self::Info,
            Level::DEBUG => Self::Debug,
            Level::TRACE => Self::Trace,
        }
    }
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Error => Self::ERROR,
            LogLevel::Warn => Self::WARN,
            LogLevel::Info => Self::INFO,
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Trace => Self::TRACE,
        }
    }
}

/// One line of the log. No secret is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct LogRecord {
    /// Counts up: whoever has seen one asks for those after it.
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub number: u64,
    #[cfg_attr(feature = "ts", ts(type = "number"))]
    pub at: u64,
    pub level: LogLevel,
    /// Which part of Loquat says it: `wire`, `model`, `call`, or a part of the code.
    pub part: String,
    pub text: String,
}

/// Which records somebody wants to see; what is absent lets everything through.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase", default)]
pub struct LogFilter {
    /// Those that matter at least so much.
    #[cfg_attr(feature = "ts", ts(optional))]
    pub level: Option<LogLevel>,
    /// Those of parts that begin so.
    #[cfg_attr(feature = "ts", ts(optional))]
    pub part: Option<String>,
    /// Those with these words in them, in any case.
    #[cfg_attr(feature = "ts", ts(optional))]
    pub text: Option<String>,
    /// Those after the one of this number.
    #[cfg_attr(feature = "ts", ts(type = "number", optional))]
    pub after: Option<u64>,
}

impl LogFilter {
    pub(super) fn matches(&self, record: &LogRecord) -> bool {
        let within = |text: &String| record.text.to_lowercase().contains(&text.to_lowercase());
        self.level.is_none_or(|level| record.level <= level)
            && self.part.as_ref().is_none_or(|part| record.part.starts_with(part))
            && self.text.as_ref().is_none_or(within)
            && self.after.is_none_or(|number| record.number > number)
    }
}

impl LogRecord {
    pub(super) fn of(event: &Event<'_>) -> Self {
        let mut words = Words::default();
        event.record(&mut words);
        let text = cut(format!("{}{}", words.message, words.fields), LOOKED_AT);
        Self {
            number: 0,
            at: crate::clock::now(),
            level: (*event.metadata().level()).into(),
            part: event.metadata().target().to_owned(),
            text: cut(mcp::masked(&plain(&text)).into_owned(), WRITTEN),
        }
    }

    /// As it stands in a file.
    pub(super) fn line(&self) -> String {
        let at = i64::try_from(self.at).ok().and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
        let at = at.map(|at| at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()).unwrap_or_default();
        format!("{at} {:<5} {}: {}\n", self.level.word(), self.part, self.text)
    }
}

/// What an event says: its message first, then its fields.
#[derive(Default)]
struct Words {
    message: String,
    fields: String,
}

impl Visit for Words {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing into a text cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}

/// Nothing that a terminal would obey, and no line that looks like another record.
fn plain(text: &str) -> String {
    let kept = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t'));
    kept.collect::<String>().replace('\n', "\n    ")
}

fn cut(mut text: String, most: usize) -> String {
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most));
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_have_their_usual_names() {
        assert_eq!(LogLevel::read(" DEBUG "), Some(LogLevel::Debug));
        assert_eq!(LogLevel::read("Warning"), Some(LogLevel::Warn));
        assert_eq!(LogLevel::read("CRITICAL"), Some(LogLevel::Error));
        assert_eq!(LogLevel::read("loud"), None);
    }

    #[test]
    fn a_record_is_one_line_and_no_other_record() {
        let text = plain("a\n2026-01-01 ERROR forged\u{1b}[31m");
        let record = LogRecord { number: 1, at: 0, level: LogLevel::Info, part: "call".into(), text };
        assert_eq!(record.line(), "1970-01-01T00:00:00.000Z INFO  call: a\n    2026-01-01 ERROR forged[31m\n");
        let filter = |text: &str| LogFilter { text: Some(text.into()), ..LogFilter::default() };
        assert!(filter("FORGED").matches(&record) && !filter("b").matches(&record));
        assert!(!LogFilter { level: Some(LogLevel::Warn), ..LogFilter::default() }.matches(&record));
        assert!(!LogFilter { after: Some(1), ..LogFilter::default() }.matches(&record));
    }
}
