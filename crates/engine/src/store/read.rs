//! Reading conversations back.

use chat::{Conversation, ConversationId, ConversationSummary, ToolChoice, Turn, TurnEvent};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{Store, StoreError};

impl Store {
    /// All conversations that are not removed, newest first.
    pub(crate) async fn conversations(&self) -> Result<Vec<ConversationSummary>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, title, created_at, updated_at FROM conversations
             WHERE removed_at IS NULL ORDER BY updated_at DESC",
        )
        .fetch_all(&self.pool)
        .await
        .map_err(unreadable)?;
        Ok(rows.iter().map(summary).collect())
    }

    /// One summary, removed or not.
    pub(crate) async fn summary(&self, id: &ConversationId) -> Result<ConversationSummary, StoreError> {
        let row = sqlx::query("SELECT id, title, created_at, updated_at FROM conversations WHERE id = ?")
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await
            .map_err(unreadable)?;
        row.as_ref().map(summary).ok_or(StoreError::NoSuchConversation)
    }

    /// Which tools a conversation uses; nothing where nobody ever chose.
    pub(crate) async fn tool_choice(&self, id: &ConversationId) -> Result<Option<ToolChoice>, StoreError> {
        let row = sqlx::query("SELECT tools FROM conversations WHERE id = ?")
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await
            .map_err(unreadable)?;
        let row = row.ok_or(StoreError::NoSuchConversation)?;
        row.get::<Option<&str>, _>("tools").map(parse).transpose()
    }

    /// The whole conversation as far as it is on disk; see [`Store::flush`].
    pub(crate) async fn conversation(&self, id: &ConversationId) -> Result<Conversation, StoreError> {
        let summary = self.summary(id).await?;
        let rows = sqlx::query("SELECT begun, ended FROM turns WHERE conversation = ? ORDER BY seq")
            .bind(id.as_str())
            .fetch_all(&self.pool)
            .await
            .map_err(unreadable)?;
        let mut turns = Vec::with_capacity(rows.len());
        for row in rows {
            turns.push(match row.get::<Option<&str>, _>("ended") {
                Some(ended) => parse(ended)?,
                None => self.replay(parse(row.get("begun"))?).await?,
            });
        }
        Ok(Conversation { id: summary.id, title: summary.title, created_at: summary.created_at, turns })
    }

    /// The turns that have not ended, as they began, each with its owner.
    pub(super) async fn turns_under_way(&self) -> Result<Vec<(String, Turn)>, StoreError> {
        let rows = sqlx::query("SELECT owner, begun FROM turns WHERE ended IS NULL")
            .fetch_all(&self.pool)
            .await
            .map_err(unreadable)?;
        rows.iter().map(|row| Ok((row.get("owner"), parse(row.get("begun"))?))).collect()
    }

    /// A turn as it began, with everything that has happened to it since.
    pub(super) async fn replay(&self, mut turn: Turn) -> Result<Turn, StoreError> {
        let rows = sqlx::query("SELECT body FROM events WHERE turn = ? ORDER BY seq")
            .bind(turn.id.as_str())
            .fetch_all(&self.pool)
            .await
            .map_err(unreadable)?;
        for row in rows {
            let event: TurnEvent = parse(row.get("body"))?;
            turn.apply(&event);
        }
        Ok(turn)
    }
}

fn summary(row: &SqliteRow) -> ConversationSummary {
    ConversationSummary {
        id: ConversationId(row.get("id")),
        title: row.get("title"),
        created_at: row.get::<i64, _>("created_at").unsigned_abs(),
        updated_at: row.get::<i64, _>("updated_at").unsigned_abs(),
        running: false,
    }
}

pub(super) fn parse<T: serde::de::DeserializeOwned>(body: &str) -> Result<T, StoreError> {
    serde_json::from_str(body).map_err(|error| StoreError::Read { cause: error.to_string() })
}

pub(super) fn unreadable(error: sqlx::Error) -> StoreError {
    StoreError::Read { cause: error.to_string() }
}
