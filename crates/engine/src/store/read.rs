//! Reading conversations back.

use chat::TurnStatus;
use chat::{Branches, Conversation, ConversationId, ConversationSummary, Link, ToolChoice, Turn, TurnEvent, TurnId};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{Store, StoreError, TitledBy};

impl Store {
    /// All conversations that are not removed, newest first.
    pub(crate) async fn conversations(&self) -> Result<Vec<ConversationSummary>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, title, created_at, updated_at, pinned_at FROM conversations
             WHERE removed_at IS NULL ORDER BY updated_at DESC",
        )
        .fetch_all(&self.pool)
        .await
        .map_err(unreadable)?;
        Ok(rows.iter().map(summary).collect())
    }

    /// One summary, removed or not.
    pub(crate) async fn summary(&self, id: &ConversationId) -> Result<ConversationSummary, StoreError> {
        let row = sqlx::query("SELECT id, title, created_at, updated_at, pinned_at FROM conversations WHERE id = ?")
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

    /// Who gave the conversation its title.
    pub(crate) async fn titled_by(&self, id: &ConversationId) -> Result<TitledBy, StoreError> {
        let row = sqlx::query("SELECT titled_by FROM conversations WHERE id = ?")
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await
            .map_err(unreadable)?;
        Ok(TitledBy::named(row.ok_or(StoreError::NoSuchConversation)?.get("titled_by")))
    }

    /// What the model is told in this conversation; nothing where the settings' words hold.
    pub(crate) async fn instructions(&self, id: &ConversationId) -> Result<Option<String>, StoreError> {
        let row = sqlx::query("SELECT instructions FROM conversations WHERE id = ?")
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await
            .map_err(unreadable)?;
        Ok(row.map(|row| row.try_get("instructions")).transpose().map_err(unreadable)?.flatten())
    }

    /// What was removed and can be brought back, with when; the latest first.
    pub(crate) async fn removed(&self) -> Result<Vec<(ConversationSummary, u64)>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, title, created_at, updated_at, pinned_at, removed_at FROM conversations
             WHERE removed_at IS NOT NULL ORDER BY removed_at DESC",
        )
        .fetch_all(&self.pool)
        .await
        .map_err(unreadable)?;
        Ok(rows.iter().map(|row| (summary(row), row.get::<i64, _>("removed_at").unsigned_abs())).collect())
    }

    /// The branch of a conversation that is looked at, as far as it is on disk; see [`Store::flush`].
    pub(crate) async fn conversation(&self, id: &ConversationId) -> Result<Conversation, StoreError> {
        let summary = self.summary(id).await?;
        let branches = self.branches(id).await?;
        let turns = self.turns(&branches.path()).await?;
        let ConversationSummary { id, title, created_at, .. } = summary;
        Ok(Conversation { id, title, created_at, turns, versions: branches.versions() })
    }

    /// How the turns of a conversation hang together, without what they hold.
    pub(crate) async fn branches(&self, id: &ConversationId) -> Result<Branches, StoreError> {
        let links = sqlx::query("SELECT id, parent, again FROM turns WHERE conversation = ? ORDER BY seq")
            .bind(id.as_str())
            .fetch_all(&self.pool)
            .await
            .map_err(unreadable)?;
        let chosen = sqlx::query("SELECT turn FROM choices WHERE conversation = ? ORDER BY seq")
            .bind(id.as_str())
            .fetch_all(&self.pool)
            .await
            .map_err(unreadable)?;
        let chosen = chosen.iter().map(|row| TurnId(row.get("turn"))).collect();
        Ok(Branches::new(links.iter().map(link).collect(), chosen))
    }

    /// These turns, whole, in the order in which they began.
    pub(crate) async fn turns(&self, links: &[&Link]) -> Result<Vec<Turn>, StoreError> {
        let ids: Vec<&str> = links.iter().map(|link| link.turn.as_str()).collect();
        let rows = sqlx::query(
            "SELECT id, parent, again, begun, ended FROM turns
             WHERE id IN (SELECT value FROM json_each(?)) ORDER BY seq",
        )
        .bind(serde_json::json!(ids).to_string())
        .fetch_all(&self.pool)
        .await
        .map_err(unreadable)?;
        let mut turns = Vec::with_capacity(rows.len());
        for row in rows {
            turns.push(self.turn_of(&row).await?);
        }
        Ok(turns)
    }

    /// Whether any turn of the conversation runs, of this program or of another one.
    pub(crate) async fn is_under_way(&self, id: &ConversationId) -> Result<bool, StoreError> {
        let rows = sqlx::query("SELECT begun FROM turns WHERE conversation = ? AND ended IS NULL")
            .bind(id.as_str())
            .fetch_all(&self.pool)
            .await
            .map_err(unreadable)?;
        for row in rows {
            if self.replay(parse(row.get("begun"))?).await?.status == TurnStatus::Running {
                return Ok(true);
            }
        }
        Ok(false)
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
        // It may have ended since it was read that it had not. Its events are gone then, and this stands in their place.
        let ended = sqlx::query_scalar::<_, Option<String>>("SELECT ended FROM turns WHERE id = ?")
            .bind(turn.id.as_str())
            .fetch_optional(&self.pool)
            .await
            .map_err(unreadable)?;
        if let Some(ended) = ended.flatten() {
            return parse(&ended);
        }
        for row in rows {
            let event: TurnEvent = parse(row.get("body"))?;
            turn.apply(&event);
        }
        Ok(turn)
    }
}

pub(super) fn link(row: &SqliteRow) -> Link {
    let turn = |column| row.get::<Option<String>, _>(column).map(TurnId);
    Link { turn: TurnId(row.get("id")), parent: turn("parent"), again: turn("again") }
}

fn summary(row: &SqliteRow) -> ConversationSummary {
    ConversationSummary {
        id: ConversationId(row.get("id")),
        title: row.get("title"),
        created_at: row.get::<i64, _>("created_at").unsigned_abs(),
        updated_at: row.get::<i64, _>("updated_at").unsigned_abs(),
        running: false,
        pinned: row.get::<Option<i64>, _>("pinned_at").is_some(),
    }
}

pub(super) fn parse<T: serde::de::DeserializeOwned>(body: &str) -> Result<T, StoreError> {
    serde_json::from_str(body).map_err(|error| StoreError::Read { cause: error.to_string() })
}

pub(super) fn unreadable(error: sqlx::Error) -> StoreError {
    StoreError::Read { cause: error.to_string() }
}
