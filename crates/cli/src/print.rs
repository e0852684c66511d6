//! What a person reads in the terminal. Colour only where a terminal shows it.

use std::io::{IsTerminal, Write, stderr, stdout};

use ::chat::{CallStatus, ErrorReport, Progress, ToolCall};

/// Writes to standard output; a reader that went away ends the program quietly.
pub(crate) fn out(text: &str) {
    let mut out = stdout().lock();
    if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}

/// A line to standard output.
pub(crate) fn line(text: &str) {
    out(&format!("{text}\n"));
}

/// A value as JSON, for programs.
pub(crate) fn json(value: &impl serde::Serialize) {
    line(&serde_json::to_string_pretty(value).unwrap_or_default());
}

/// A line to standard error, where nobody's script trips over it.
pub(crate) fn note(text: &str) {
    // If even that cannot be written, there is nobody left to tell.
    let _ = writeln!(stderr().lock(), "{text}");
}

/// An error in three parts: what, why, what now.
pub(crate) fn error(report: &ErrorReport) {
    note(&format!("{} {}", paint("31", "Error:"), plain(&report.message)));
    if let Some(cause) = report.cause.as_deref().filter(|cause| !cause.is_empty()) {
        note(&format!("  {}", plain(cause)));
    }
    if let Some(fix) = &report.fix {
        note(&format!("  {fix}"));
    }
}

/// One line about a call that has moved on.
pub(crate) fn call(call: &ToolCall) {
    let what = plain(&format!("{} · {} {}", call.server, call.tool, call.arguments));
    let took = match (call.started_at, call.ended_at) {
        (Some(began), Some(ended)) => format!(" {} ms", ended.saturating_sub(began)),
        _ => String::new(),
    };
    match &call.status {
        CallStatus::Proposed | CallStatus::AwaitingApproval { .. } => (),
        CallStatus::Running { progress: None } => note(&format!("{} {what}", dim("…"))),
        CallStatus::Running { progress: Some(progress) } => {
            let total = progress.total.map(|total| format!("/{total}")).unwrap_or_default();
            let message = plain(progress.message.as_deref().unwrap_or_default());
            note(&format!("{} {} {}{total} {message}", dim("…"), plain(&call.tool), progress.done));
        }
        CallStatus::Succeeded { output } => {
            note(&format!("{} {what}{}", paint("32", "✓"), dim(&format!("{took} · {} bytes", output.bytes))));
        }
        CallStatus::Failed { error } => {
            let cause = plain(error.cause.as_deref().unwrap_or_default());
            note(&format!("{} {what}{} {} {cause}", paint("31", "✗"), dim(&took), plain(&error.message)));
        }
        CallStatus::Refused { reason } => note(&format!("{} {what} not run: {reason}", paint("33", "–"))),
    }
}

/// How far a call made by hand is.
pub(crate) fn progress(progress: &Progress) {
    let total = progress.total.map(|total| format!("/{total}")).unwrap_or_default();
    let message = plain(progress.message.as_deref().unwrap_or_default());
    note(format!("{} {}{total} {message}", dim("…"), progress.done).trim_end());
}

/// Words of a model or a server, without the characters that move the cursor or paint over what stands there.
pub(crate) fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

pub(crate) fn dim(text: &str) -> String {
    paint("2", text)
}

fn paint(code: &str, text: &str) -> String {
    let colour = stderr().is_terminal() && stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    if colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
}
