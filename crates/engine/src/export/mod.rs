//! Conversations as files: whole, to be read back, or as a document, to be read.
//!
//! Start reading at [`Engine::export`]; the shape of the whole file is published in
//! `docs/conversations.schema.json`, and a test holds every export to it.

mod document;
mod html;
mod markdown;

use std::path::Path;

use chat::{ConversationId, ErrorCode, ErrorReport};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncWrite, AsyncWriteExt, BufWriter};

use crate::clock::now;
use crate::engine::{Engine, fresh_id};
use crate::store::StoreError;

/// What a file of conversations says it is.
pub(crate) const FORMAT: &str = "loquat-conversations";
/// Grows when a reader of older files could no longer read newer ones.
pub(crate) const VERSION: u32 = 1;

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum ExportFormat {
    /// Everything that is kept, to be read back.
    Json,
    /// To read and to edit.
    Markdown,
    /// To read in any browser: one file that loads nothing and runs nothing.
    Html,
}

impl ExportFormat {
    /// How such files end.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Markdown => "md",
            Self::Html => "html",
        }
    }
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Exported {
    pub path: String,
    pub conversations: u32,
    pub bytes: u64,
}

impl Engine {
    /// Writes these conversations, or all, into a file. It is there whole or not at all.
    pub async fn export(
        &self,
        chosen: Option<&[ConversationId]>,
        format: ExportFormat,
        path: &Path,
    ) -> Result<Exported, ErrorReport> {
        let part = path.with_file_name(format!(".{}.part", fresh_id()));
        let written = self.export_part(chosen, format, &part).await;
        let written = match written {
            Ok(count) => tokio::fs::rename(&part, path).await.map(|()| count).map_err(ExportError::from),
            Err(error) => Err(error),
        };
        if written.is_err() {
            // Nobody wants half a file; one that cannot even be removed is named like no export.
            let _ = tokio::fs::remove_file(&part).await;
        }
        let conversations = written.map_err(|error| error.of(path))?;
        let bytes = tokio::fs::metadata(path).await.map(|file| file.len()).unwrap_or_default();
        Ok(Exported { path: path.display().to_string(), conversations, bytes })
    }

    async fn export_part(
        &self,
        chosen: Option<&[ConversationId]>,
        format: ExportFormat,
        part: &Path,
    ) -> Result<u32, ExportError> {
        let mut out = BufWriter::new(owner_only(part).await?);
        let count = self.export_to(chosen, format, &mut out).await?;
        out.get_ref().sync_all().await?;
        Ok(count)
    }

    /// Writes these conversations, or all, one after the other; answers how many.
    pub async fn export_to(
        &self,
        chosen: Option<&[ConversationId]>,
        format: ExportFormat,
        out: &mut (impl AsyncWrite + Unpin + Send),
    ) -> Result<u32, ExportError> {
        if let Err(error) = self.inner.store.flush().await {
            // What is on disk can be exported all the same.
            tracing::warn!("exporting while writing fails: {error}");
        }
        let all = || self.conversations().into_iter().map(|summary| summary.id).collect();
        let ids: Vec<ConversationId> = chosen.map_or_else(all, <[ConversationId]>::to_vec);
        let mut count = 0;
        out.write_all(head(format).as_bytes()).await?;
        for id in &ids {
            let whole = self.inner.store.whole(id).await?;
            let text = match format {
                ExportFormat::Json => serde_json::to_string(&whole).map_err(std::io::Error::from)?,
                ExportFormat::Markdown => markdown::conversation(&whole),
                ExportFormat::Html => html::conversation(&whole),
            };
            if count > 0 {
                out.write_all(between(format).as_bytes()).await?;
            }
            out.write_all(text.as_bytes()).await?;
            count += 1;
        }
        out.write_all(foot(format).as_bytes()).await?;
        out.flush().await?;
        Ok(count)
    }

    /// A name for the file, of the conversation's title and without what file systems mind.
    pub fn export_name(&self, chosen: Option<&[ConversationId]>, format: ExportFormat) -> String {
        let title = match chosen {
            Some([one]) => self.conversations().into_iter().find(|summary| summary.id == *one).map(|it| it.title),
            Some(_) | None => None,
        };
        let day = jiff::Timestamp::now().strftime("%Y-%m-%d");
        let name = title.map(|title| plain_name(&title)).filter(|name| !name.is_empty());
        let name = name.unwrap_or_else(|| "Loquat conversations".into());
        format!("{name} {day}.{}", format.ending())
    }
}

/// Why nothing was exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("what shall be exported cannot be read")]
    Unreadable(ErrorReport),
    #[error("the export cannot be written")]
    Unwritable(#[from] std::io::Error),
}

impl ExportError {
    /// For a person; `path` is where it should have gone.
    pub fn of(self, path: &Path) -> ErrorReport {
        match self {
            Self::Unreadable(report) => report,
            Self::Unwritable(error) => unwritable(path, &error),
        }
    }
}

impl From<StoreError> for ExportError {
    fn from(error: StoreError) -> Self {
        Self::Unreadable(error.report())
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> ErrorReport {
    ErrorReport::new(ErrorCode::StorageFailed, format!("{} cannot be written.", path.display()))
        .because(error.to_string())
        .fix("Choose another place, or free some space. Nothing was changed.")
}

/// What stands before the first conversation.
fn head(format: ExportFormat) -> String {
    match format {
        ExportFormat::Json => {
            let by = concat!("Loquat ", env!("CARGO_PKG_VERSION"));
            let at = now();
            format!(r#"{{"format":"{FORMAT}","version":{VERSION},"exportedAt":{at},"by":"{by}","conversations":["#)
                + "\n"
        }
        ExportFormat::Markdown => String::new(),
        ExportFormat::Html => html::head(),
    }
}

fn between(format: ExportFormat) -> &'static str {
    match format {
        ExportFormat::Json => ",\n",
        ExportFormat::Markdown => "\n---\n\n",
        ExportFormat::Html => "\n",
    }
}

fn foot(format: ExportFormat) -> &'static str {
    match format {
        ExportFormat::Json => "\n]}\n",
        ExportFormat::Markdown => "",
        ExportFormat::Html => html::FOOT,
    }
}

/// Letters, digits and a few harmless signs, at most sixty.
fn plain_name(title: &str) -> String {
    let harmless = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | ',' | '(' | ')');
    let name: String = title.chars().map(|c| if harmless(c) { c } else { ' ' }).collect();
    let words: Vec<&str> = name.split_whitespace().collect();
    words.join(" ").chars().take(60).collect::<String>().trim().to_owned()
}

/// Conversations are nobody else's business.
async fn owner_only(path: &Path) -> std::io::Result<tokio::fs::File> {
    let mut options = tokio::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    options.mode(0o600);
    options.open(path).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_hold_nothing_that_file_systems_mind() {
        assert_eq!(plain_name("What/is: \"this\"? 日本 ../x"), "What is this 日本 x");
        assert_eq!(plain_name("…///…"), "");
        assert_eq!(plain_name(&"ab ".repeat(60)).chars().count(), 59);
    }
}
