//! Keeping and reading what comes with questions.

use chat::{Attachment, ConversationId};
use serde::{Deserialize, Serialize};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Row, Sqlite};

use super::apply::{json, time, unwritable};
use super::read::{parse, unreadable};
use super::{Store, StoreError};

/// What was attached but never sent is kept this long, in milliseconds.
const UNSENT: u64 = 24 * 60 * 60 * 1000;

/// A file with what it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeptFile {
    #[serde(flatten)]
    pub(crate) about: Attachment,
    /// What a model is given of it: the data URL of a picture, or text.
    pub(crate) body: String,
}

impl Store {
    /// Keeps a file; what was attached long ago and never sent goes.
    pub(crate) async fn attach(&self, file: &KeptFile, at: u64) -> Result<(), StoreError> {
        keep(file, at)?.execute(&self.pool).await.map_err(unwritable)?;
        sqlx::query("DELETE FROM attachments WHERE at < ? AND id NOT IN (SELECT attachment FROM attached)")
            .bind(time(at.saturating_sub(UNSENT)))
            .execute(&self.pool)
            .await
            .map_err(unwritable)?;
        Ok(())
    }

    /// A file with what it holds; nothing where there is no such file any more.
    pub(crate) async fn attachment(&self, id: &str) -> Result<Option<KeptFile>, StoreError> {
        let row = sqlx::query("SELECT about, body FROM attachments WHERE id = ?")
            .bind(id)
            .fetch_optional(&self.pool)
            .await
            .map_err(unreadable)?;
        row.map(kept).transpose()
    }

    /// Everything that came with the questions of a conversation.
    pub(super) async fn attachments_of(&self, id: &ConversationId) -> Result<Vec<KeptFile>, StoreError> {
        let query = "SELECT about, body FROM attachments
                     WHERE id IN (SELECT attachment FROM attached WHERE conversation = ?) ORDER BY id";
        let rows = sqlx::query(query).bind(id.as_str()).fetch_all(&self.pool).await.map_err(unreadable)?;
        rows.into_iter().map(kept).collect()
    }
}

/// A file that is there already stays as it is: whoever shares an id shares what it names.
pub(super) fn keep(file: &KeptFile, at: u64) -> Result<Query<'_, Sqlite, SqliteArguments>, StoreError> {
    let query = sqlx::query("INSERT OR IGNORE INTO attachments (id, about, body, at) VALUES (?, ?, ?, ?)");
    Ok(query.bind(&file.about.id).bind(json(&file.about)?).bind(&file.body).bind(time(at)))
}

fn kept(row: SqliteRow) -> Result<KeptFile, StoreError> {
    Ok(KeptFile { about: parse(row.get("about"))?, body: row.get("body") })
}
