//! A conversation with all that is kept of it: taken out whole, and put back whole.

use std::time::{Duration, Instant};

use chat::{Branches, Conversation, ConversationId, Link, ToolChoice, Turn, TurnId, TurnStatus};
use serde::{Deserialize, Serialize};
use sqlx::{Row, Sqlite, SqliteConnection, Transaction};

use super::apply::{choose, insert, json, time, unwritable};
use super::attachment::{KeptFile, keep};
use super::read::unreadable;
use super::writer::Write;
use super::{Store, StoreError, TitledBy};

/// How long emptying the database's log is tried, and how long to wait in between.
const EMPTYING: Duration = Duration::from_secs(10);
const ASK_AGAIN: Duration = Duration::from_millis(20);

/// All that is kept of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Whole {
    /// With the turns of all branches, in the order in which they began.
    pub(crate) conversation: Conversation,
    /// When its latest turn began or ended.
    pub(crate) updated_at: u64,
    /// Which tools it uses, where anybody ever chose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tools: Option<ToolChoice>,
    /// The last turns of the branches that were looked at, the present one last. Where there are none, each turn
    /// follows the one before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) branches: Vec<TurnId>,
    /// When it was put on top of the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pinned_at: Option<u64>,
    #[serde(default)]
    pub(crate) titled_by: TitledBy,
    /// What its model is told before everything else; the settings' words where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) instructions: Option<String>,
    /// What came with its questions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) attachments: Vec<KeptFile>,
}

impl Whole {
    /// A conversation in which every turn follows the one before it.
    pub(crate) fn straight(conversation: Conversation, updated_at: u64) -> Self {
        let (tools, titled_by, instructions) = (None, TitledBy::default(), None);
        let (branches, attachments) = (vec![], vec![]);
        Self { conversation, updated_at, tools, branches, pinned_at: None, titled_by, instructions, attachments }
    }

    /// The same with nothing but the branch that is looked at.
    pub(crate) fn looked_at(mut self) -> Self {
        if !self.branches.is_empty() {
            let branches = Branches::new(self.links(), self.branches.clone());
            let path: Vec<&TurnId> = branches.path().iter().map(|link| &link.turn).collect();
            self.conversation.turns.retain(|turn| path.contains(&&turn.id));
        }
        self
    }

    /// How its turns hang together.
    fn links(&self) -> Vec<Link> {
        let turns = &self.conversation.turns;
        let link = |(place, turn): (usize, &Turn)| {
            let before = || place.checked_sub(1).and_then(|before| turns.get(before)).map(|turn| turn.id.clone());
            let parent = if self.branches.is_empty() { before() } else { turn.parent.clone() };
            Link { turn: turn.id.clone(), parent, again: turn.again.clone() }
        };
        turns.iter().enumerate().map(link).collect()
    }

    /// Whether it holds all of the other. A title of its own is no difference.
    pub(crate) fn holds(&self, other: &Self) -> bool {
        other.conversation.turns.iter().all(|turn| {
            let ended = ended(turn.clone());
            self.conversation.turns.contains(&ended)
        })
    }
}

impl Store {
    /// The whole of a conversation, as far as it is on disk; see [`Store::flush`].
    pub(crate) async fn whole(&self, id: &ConversationId) -> Result<Whole, StoreError> {
        let summary = self.summary(id).await?;
        let tools = self.tool_choice(id).await?;
        let links = self.branches(id).await?;
        let turns = self.turns(&links.links().iter().collect::<Vec<_>>()).await?;
        let row = sqlx::query("SELECT pinned_at, titled_by, instructions FROM conversations WHERE id = ?")
            .bind(id.as_str())
            .fetch_one(&self.pool)
            .await
            .map_err(unreadable)?;
        let attachments = self.attachments_of(id).await?;
        let (id, title, created_at) = (summary.id, summary.title, summary.created_at);
        Ok(Whole {
            conversation: Conversation { id, title, created_at, turns, versions: vec![] },
            updated_at: summary.updated_at,
            tools,
            branches: links.chosen(),
            pinned_at: row.get::<Option<i64>, _>("pinned_at").map(i64::unsigned_abs),
            titled_by: TitledBy::named(row.get("titled_by")),
            instructions: row.get("instructions"),
            attachments,
        })
    }

    /// Puts conversations in, all of them or none. Ids must be new; what was removed under the same id gives way.
    ///
    /// Written beside the journal's own task: what cannot be written here is said at once, and holds up nobody else.
    pub(crate) async fn put_in(&self, wholes: &[Whole]) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(unwritable)?;
        for whole in wholes {
            self.put_one(whole, &mut transaction).await?;
        }
        transaction.commit().await.map_err(unwritable)?;
        self.write(Write::CatchUp);
        Ok(())
    }

    async fn put_one(&self, whole: &Whole, transaction: &mut Transaction<'_, Sqlite>) -> Result<(), StoreError> {
        let Whole { conversation, updated_at, tools, branches, pinned_at, titled_by, instructions, attachments } =
            whole;
        sqlx::query("DELETE FROM conversations WHERE id = ? AND removed_at IS NOT NULL")
            .bind(conversation.id.as_str())
            .execute(&mut **transaction)
            .await
            .map_err(unwritable)?;
        let query = "INSERT INTO conversations (id, title, created_at, updated_at, tools, pinned_at, titled_by,
                                                instructions)
                     VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
        sqlx::query(query)
            .bind(conversation.id.as_str())
            .bind(&conversation.title)
            .bind(time(conversation.created_at))
            .bind(time(*updated_at))
            .bind(tools.as_ref().map(json).transpose()?)
            .bind(pinned_at.map(time))
            .bind(titled_by.name())
            .bind(instructions)
            .execute(&mut **transaction)
            .await
            .map_err(unwritable)?;
        for (turn, link) in conversation.turns.iter().zip(whole.links()) {
            let ended = Turn { parent: link.parent, ..ended(turn.clone()) };
            insert(&conversation.id, &ended)
                .bind(self.owner.id())
                .bind(json(&as_begun(&ended))?)
                .bind(json(&ended)?)
                .execute(&mut **transaction)
                .await
                .map_err(unwritable)?;
            super::figures::note(&ended, transaction).await?;
        }
        for file in attachments {
            keep(file, *updated_at)?.execute(&mut **transaction).await.map_err(unwritable)?;
        }
        for turn in branches {
            choose(&conversation.id, turn).execute(&mut **transaction).await.map_err(unwritable)?;
        }
        Ok(())
    }

    /// Writes a turn that has ended once more, because something of it was taken back.
    pub(crate) async fn amend(&self, turn: &Turn) -> Result<(), StoreError> {
        sqlx::query("UPDATE turns SET ended = ? WHERE id = ? AND ended IS NOT NULL")
            .bind(json(turn)?)
            .bind(turn.id.as_str())
            .execute(&self.pool)
            .await
            .map_err(unwritable)?;
        Ok(())
    }

    /// Whether there is such a conversation, and whether it was removed.
    pub(crate) async fn is_removed(&self, id: &ConversationId) -> Result<Option<bool>, StoreError> {
        let row = sqlx::query("SELECT removed_at FROM conversations WHERE id = ?")
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await
            .map_err(unreadable)?;
        Ok(row.map(|row| row.get::<Option<i64>, _>("removed_at").is_some()))
    }

    /// Deletes every conversation for good, also those removed before. What another program is writing just now
    /// stays; answers how many.
    ///
    /// What was deleted is overwritten and the file made smaller, without `VACUUM`: it changes the schema under the
    /// feet of the other connections, whose next statement may then find no table.
    pub(crate) async fn wipe(&self) -> Result<u64, StoreError> {
        self.flush().await?;
        let mut connection = self.pool.acquire().await.map_err(unwritable)?;
        // It was told to overwrite, which costs: the next one that writes gets a new one.
        connection.close_on_drop();
        let overwrite = sqlx::query("PRAGMA secure_delete = ON").execute(&mut *connection).await;
        overwrite.map_err(unwritable)?;
        let wiped = "DELETE FROM conversations
                     WHERE id NOT IN (SELECT conversation FROM turns WHERE ended IS NULL)";
        sqlx::query(wiped).execute(&mut *connection).await.map_err(unwritable)?;
        // What came with questions went with them; what never came with any goes, too.
        let unsent = "DELETE FROM attachments WHERE id NOT IN (SELECT attachment FROM attached)";
        sqlx::query(unsent).execute(&mut *connection).await.map_err(unwritable)?;
        let left = sqlx::query("SELECT count(*) AS left FROM conversations").fetch_one(&mut *connection).await;
        let left = left.map_err(unreadable)?.get::<i64, _>("left").unsigned_abs();
        for tidy in ["INSERT INTO said_words (said_words) VALUES ('rebuild')", "PRAGMA incremental_vacuum"] {
            if let Err(error) = sqlx::query(tidy).fetch_all(&mut *connection).await {
                tracing::warn!("the database could not be tidied after deleting: {error}");
            }
        }
        match empty_the_log(&mut connection).await {
            Ok(true) => (),
            Ok(false) => tracing::warn!("what was deleted stays in the database's log until nobody reads it any more"),
            Err(error) => tracing::warn!("the database could not be tidied after deleting: {error}"),
        }
        Ok(left)
    }
}

/// Moves what the log holds into the database, where it was overwritten; false where somebody reads for too long.
///
/// SQLite waits for readers, but not for another connection that is about the very same: that answers at once.
async fn empty_the_log(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    let begun = Instant::now();
    loop {
        let row = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut *connection).await?;
        let is_busy = row.get::<i64, _>("busy") != 0;
        if !is_busy || begun.elapsed() > EMPTYING {
            return Ok(!is_busy);
        }
        tokio::time::sleep(ASK_AGAIN).await;
    }
}

/// A turn that was under way when it was written down ended there: nobody goes on with it.
pub(crate) fn ended(mut turn: Turn) -> Turn {
    if turn.status == TurnStatus::Running {
        for event in turn.stop(super::last_sign_of_life(&turn)) {
            turn.apply(&event);
        }
    }
    turn
}

/// The turn as it stood when it began: what the journal keeps besides its end.
fn as_begun(turn: &Turn) -> Turn {
    Turn {
        items: turn.items.iter().take(1).cloned().collect(),
        status: TurnStatus::Running,
        ended_at: None,
        usage: Default::default(),
        rounds: 0,
        round_start: 0,
        notes: vec![],
        ..turn.clone()
    }
}
