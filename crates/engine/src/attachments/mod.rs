//! What comes with questions: files made ready for models when they are attached, kept, and given with every request.

mod aside;
mod given;
mod name;
#[cfg(test)]
mod outside_tests;
mod pdf;
mod reading;
mod taking;

use chat::{Attachment, ErrorCode, ErrorReport, Item};

pub use aside::{aside, read_aside_with};
pub(crate) use given::{Files, attached, given};
pub use given::{Given, GivenFile};
pub(crate) use taking::take_over;

use crate::clock::now;
use crate::engine::{Engine, fresh_id};
use crate::store::KeptFile;

/// So many files come with one question at most.
pub(crate) const MOST_FILES: usize = 10;

/// A file that a caller brings along, made ready; it is kept where its conversation is.
#[derive(Debug, Clone)]
pub struct Brought(KeptFile);

impl Brought {
    pub fn about(&self) -> &Attachment {
        &self.0.about
    }
}

/// Makes a file ready to come with what a caller asks; it is kept nowhere yet.
pub async fn bring(name: &str, bytes: Vec<u8>) -> Result<Brought, ErrorReport> {
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let shown = name::shown(name);
    let (kind, body) = reading::read(&shown, bytes).await?;
    Ok(Brought(KeptFile { about: Attachment { id: fresh_id(), name: shown, bytes: size, kind }, body }))
}

impl Engine {
    /// Makes a file ready to come with a question and keeps it; nothing is sent to anybody.
    pub async fn attach(&self, name: &str, bytes: Vec<u8>) -> Result<Attachment, ErrorReport> {
        let Brought(file) = bring(name, bytes).await?;
        self.inner.store.attach(&file, now()).await.map_err(|error| error.report())?;
        Ok(file.about)
    }

    /// Keeps those of a caller's files that come with these items, and answers with them.
    pub(crate) async fn keep_brought(&self, files: &[Brought], items: &[Item]) -> Result<Vec<KeptFile>, ErrorReport> {
        let named: Vec<&str> = attached(items).map(|attachment| attachment.id.as_str()).collect();
        let files = files.iter().map(|Brought(file)| file).filter(|file| named.contains(&file.about.id.as_str()));
        let files: Vec<KeptFile> = files.cloned().collect();
        for file in &files {
            self.inner.store.attach(file, now()).await.map_err(|error| error.report())?;
        }
        Ok(files)
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
