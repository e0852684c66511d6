//! What comes with questions: files made ready for models when they are attached, kept, and given with every request.

mod aside;
mod given;
mod name;
mod pdf;
mod reading;
mod taking;

use chat::{Attachment, ErrorCode, ErrorReport};

pub use aside::{aside, read_aside_with};
pub(crate) use given::given;
pub use given::{Given, GivenFile};
pub(crate) use taking::take_over;

use crate::clock::now;
use crate::engine::{Engine, fresh_id};
use crate::store::KeptFile;

/// So many files come with one question at most.
pub(crate) const MOST_FILES: usize = 10;

impl Engine {
    /// Makes a file ready to come with a question and keeps it; nothing is sent to anybody.
    pub async fn attach(&self, name: &str, bytes: Vec<u8>) -> Result<Attachment, ErrorReport> {
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let shown = name::shown(name);
        let (kind, body) = reading::read(&shown, bytes).await?;
        let file = KeptFile { about: Attachment { id: fresh_id(), name: shown, bytes: size, kind }, body };
        self.inner.store.attach(&file, now()).await.map_err(|error| error.report())?;
        Ok(file.about)
    }

    /// What a model is given of a file: the data URL of a picture, or text.
    pub async fn attached(&self, id: &str) -> Result<String, ErrorReport> {
        let found = self.inner.store.attachment(id).await.map_err(|error| error.report())?;
        found.map(|file| file.body).ok_or_else(gone)
    }

    /// The files that shall come with a question.
    pub(crate) async fn attachments(&self, ids: &[String]) -> Result<Vec<Attachment>, ErrorReport> {
        if ids.len() > MOST_FILES {
            return Err(ErrorReport::new(
                ErrorCode::InvalidInput,
                format!("At most {MOST_FILES} files come with a question."),
            )
            .fix("Send them with several questions, or put them together."));
        }
        let mut found = vec![];
        for id in ids {
            let known = self.inner.store.attachment(id).await.map_err(|error| error.report())?;
            found.push(known.ok_or_else(gone)?.about);
        }
        Ok(found)
    }
}

fn gone() -> ErrorReport {
    ErrorReport::new(ErrorCode::NotFound, "This file is not there any more.").fix("Attach it again.")
}
