//! Whoever wrote a file may mean harm, and no library that reads PDFs has bounds for everything: a few bytes can name an
//! object a million times. So they are read by a process of their own, which is this same program, started for nothing
//! else and with little memory and time; if that is not enough, it is all that ends.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::OnceLock;

use super::pdf::{self, PdfError};
use super::reading::{MOST_BYTES, MOST_CHARACTERS};

/// What a program is told to be such a process with.
const ARGUMENT: &str = "--read-pdf-from-standard-input";

static READER: OnceLock<PathBuf> = OnceLock::new();

/// To be called before anything else by a program that attaches files: it is what reads them. What this answers is how
/// the process ends, where it was started for that alone.
pub fn aside() -> Option<ExitCode> {
    if std::env::args_os().nth(1).is_some_and(|it| it == ARGUMENT) {
        return Some(if read_here().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    if let Ok(program) = std::env::current_exe() {
        read_aside_with(program);
    }
    None
}

/// Names the program that reads files aside; it begins with [`aside`]. The first one named stays.
pub fn read_aside_with(program: PathBuf) {
    let _ = READER.set(program);
}

/// The text of a PDF, read aside; here where no program was named.
pub(super) async fn text(bytes: Vec<u8>) -> Result<String, PdfError> {
    let Some(program) = READER.get() else {
        let read = tokio::task::spawn_blocking(move || pdf::text(bytes, MOST_CHARACTERS)).await;
        return read.unwrap_or(Err(PdfError::Damaged));
    };
    match mcp::aside(program, ARGUMENT, bytes, pdf::PATIENCE).await {
        Ok(answer) => serde_json::from_slice(&answer).unwrap_or(Err(PdfError::Damaged)),
        Err(mcp::AsideError::TooSlow) => Err(PdfError::TooSlow),
        Err(mcp::AsideError::Ended) => Err(PdfError::TooMuch),
        Err(mcp::AsideError::NotStarted { cause }) => {
            tracing::warn!("no process to read a PDF: {cause}");
            Err(PdfError::NoReader)
        }
    }
}

fn read_here() -> std::io::Result<()> {
    bound();
    let (mut bytes, most) = (vec![], u64::try_from(MOST_BYTES).unwrap_or(u64::MAX));
    std::io::stdin().take(most).read_to_end(&mut bytes)?;
    let answer = serde_json::to_vec(&pdf::text(bytes, MOST_CHARACTERS))?;
    std::io::stdout().write_all(&answer)
}

/// What it may have. Where the system has no such bounds, it still has its time and an end of its own.
#[cfg(unix)]
fn bound() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    /// Enough for the largest file that is taken, many times over.
    const MEMORY: u64 = 768 << 20;
    /// Seconds of work, should nobody be left who ends it.
    const WORK: u64 = 30;
    for (what, most) in [(Resource::Data, MEMORY), (Resource::Cpu, WORK), (Resource::Core, 0), (Resource::Fsize, 0)] {
        // One that cannot be set leaves the others.
        let _ = setrlimit(what, Rlimit { current: Some(most), maximum: Some(most) });
    }
}

#[cfg(not(unix))]
fn bound() {}
