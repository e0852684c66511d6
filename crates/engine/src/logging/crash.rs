//! What a part of Loquat says that gives up: in the log and on the terminal, without secrets.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::Write;
use std::panic::PanicHookInfo;
use std::thread;

/// From now on a crash is told here, and nobody else tells it: a text that was being worked on may be in it.
pub(super) fn tell() {
    std::panic::set_hook(Box::new(told));
}

fn told(crash: &PanicHookInfo<'_>) {
    let place = crash.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let thread = thread::current();
    let said = format!("{} crashed at {place}: {}", thread.name().unwrap_or("a thread"), said(crash.payload()));
    tracing::error!(target: "crash", "{said}");
    let backtrace = Backtrace::capture();
    let path = if backtrace.status() == BacktraceStatus::Captured { format!("\n{backtrace}") } else { String::new() };
    // Where nobody can see it, nothing is lost.
    let _ = writeln!(std::io::stderr().lock(), "{}", mcp::masked(&format!("{said}{path}")));
}

fn said(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("nothing was said")
}
