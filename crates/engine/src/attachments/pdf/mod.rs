//! The text of a PDF. Whoever wrote the file may mean harm: what it unpacks to, its pages and the time are bounded, and
//! it is read on a thread of its own, so that a panic there is the end of this reading only. What cannot be bounded here
//! is the memory: see `aside.rs`.

mod font;
mod lines;
mod page;

use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use lopdf::{DecompressError, Document, Error, LoadOptions, ObjectId};
use serde::{Deserialize, Serialize};

use page::Reading;

/// What all lists of objects may unpack to together: opening a file unpacks them all, and an object takes far more room
/// than the two letters that it can be written with.
const MOST_UNPACKED: usize = 64 << 20;
/// What one part may unpack to: what stands on a page, what the letters of a font mean.
const MOST_OF_A_PART: usize = 16 << 20;
const MOST_PAGES: usize = 2_000;
/// Whoever attaches a file waits for it.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// Objects within objects are read by functions within functions.
const STACK: usize = 16 << 20;

/// Why there is no text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub(super) enum PdfError {
    #[error("It is a PDF that is damaged.")]
    Damaged,
    #[error("It is a PDF that only opens with a password.")]
    Locked,
    #[error("It is a PDF without text: its pages are pictures, as a scanner makes them.")]
    NoText,
    #[error("It is a PDF that unpacks to far more than it is.")]
    TooLarge,
    #[error("It is a PDF of more than {MOST_PAGES} pages.")]
    TooManyPages,
    #[error("It is a PDF with more than {0} characters.")]
    TooLong(usize),
    #[error("It is a PDF that takes too long to read.")]
    TooSlow,
    #[error("It is a PDF that takes more memory to read than it may have.")]
    TooMuch,
    #[error("The process that reads PDFs could not be started.")]
    NoReader,
}

impl PdfError {
    /// What helps.
    pub(super) fn fix(&self) -> &'static str {
        match self {
            Self::Damaged | Self::TooLarge | Self::TooSlow | Self::TooMuch => {
                "Open it in a viewer, print it into a new PDF, and attach that one."
            }
            Self::NoReader => "Start Loquat again, and attach it once more.",
            Self::Locked => "Save it without a password, and attach that file.",
            Self::NoText => "Attach the pages that matter as pictures, to a model that sees.",
            Self::TooManyPages | Self::TooLong(_) => "Attach only the pages that matter.",
        }
    }
}

/// All text, page after page, of at most so many characters.
pub(super) fn text(bytes: Vec<u8>, most: usize) -> Result<String, PdfError> {
    let until = Instant::now() + PATIENCE;
    let (send, read) = sync_channel(1);
    let reader = std::thread::Builder::new().name("pdf".into()).stack_size(STACK);
    // It ends by itself when its time is over; nobody waits for it longer than that.
    let begun = reader.spawn(move || drop(send.send(text_of(&bytes, most, until))));
    if begun.is_err() {
        // There is no room for it.
        return Err(PdfError::TooMuch);
    }
    match read.recv_timeout(PATIENCE) {
        Ok(text) => text,
        Err(RecvTimeoutError::Timeout) => Err(PdfError::TooSlow),
        // It ended in a panic.
        Err(RecvTimeoutError::Disconnected) => Err(PdfError::Damaged),
    }
}

fn text_of(bytes: &[u8], most: usize, until: Instant) -> Result<String, PdfError> {
    let limit = (MOST_UNPACKED / lists_of_objects(bytes)).min(MOST_OF_A_PART);
    let options = LoadOptions { max_decompressed_size: Some(limit), ..LoadOptions::default() };
    let document = Document::load_mem_with_options(bytes, options).map_err(|error| why(&error))?;
    if document.is_encrypted() && document.encryption_state.is_none() {
        return Err(PdfError::Locked);
    }
    let pages: Vec<ObjectId> = document.page_iter().take(MOST_PAGES + 1).collect();
    match pages.len() {
        0 => return Err(PdfError::Damaged),
        count if count > MOST_PAGES => return Err(PdfError::TooManyPages),
        _ => (),
    }
    let mut reading = Reading::new(&document, most, until);
    let (mut text, mut characters, mut trouble) = (String::new(), 0, PdfError::NoText);
    for (at, page) in pages.iter().enumerate() {
        let said = match reading.page(*page) {
            Ok(said) => said,
            Err(error @ (PdfError::TooSlow | PdfError::TooLong(_))) => return Err(error),
            // One page that cannot be read does not take the others away.
            Err(error) => {
                trouble = error;
                String::new()
            }
        };
        characters += said.chars().filter(|c| !c.is_whitespace()).count();
        if pages.len() > 1 {
            // A model that is not told of a page without text takes the text for the whole.
            text.push_str(&format!("[Page {}{}]\n\n", at + 1, if said.is_empty() { ": no text" } else { "" }));
        }
        if !said.is_empty() {
            text.push_str(&said);
            text.push_str("\n\n");
        }
        if text.len() / 4 > most {
            return Err(PdfError::TooLong(most));
        }
    }
    if characters == 0 { Err(trouble) } else { Ok(text.trim_end().to_owned()) }
}

/// How many lists of objects there can be in a file at most. A name can be written with signs for its letters.
fn lists_of_objects(bytes: &[u8]) -> usize {
    let named = |name: &[u8]| bytes.windows(name.len()).filter(|it| *it == name).count();
    let disguised = |it: &[u8]| it[0] == b'#' && it[1].is_ascii_hexdigit() && it[2].is_ascii_hexdigit();
    1 + named(b"ObjStm") + named(b"XRef") + bytes.windows(3).filter(|it| disguised(it)).count()
}

fn why(error: &Error) -> PdfError {
    match error {
        Error::Decryption(_) | Error::InvalidPassword | Error::UnsupportedSecurityHandler(_) => PdfError::Locked,
        Error::Decompress(DecompressError::MemoryLimitExceeded { .. }) => PdfError::TooLarge,
        _ => PdfError::Damaged,
    }
}

#[cfg(test)]
mod tests;
