//! The one task that writes. It takes whatever waits and writes it in one transaction.

use std::time::Duration;

use chat::{CallId, ConversationId, ConversationSummary, ToolChoice, Turn, TurnEvent, TurnId, Usage};
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Connection, Sqlite, SqliteConnection, SqlitePool, Transaction};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::{StoreError, TitledBy, ledger, search};
use crate::ledger::{LedgerEntry, LedgerOutcome};

/// Streamed text is gathered this long: the most a crash may lose of it.
const GATHER: Duration = Duration::from_millis(200);
/// After a failure everything is kept and tried again.
const RETRY: Duration = Duration::from_secs(2);

/// What another program is writing just now stays.
const PURGE: &str = "DELETE FROM conversations
                     WHERE removed_at < ? AND id NOT IN (SELECT conversation FROM turns WHERE ended IS NULL)";

pub(super) enum Write {
    Conversation(ConversationSummary, TitledBy),
    Title {
        id: ConversationId,
        title: String,
        by: TitledBy,
    },
    Pinned {
        id: ConversationId,
        at: Option<u64>,
    },
    Tools {
        id: ConversationId,
        choice: ToolChoice,
    },
    Removed {
        id: ConversationId,
        at: Option<u64>,
    },
    /// What was removed before that time goes for good.
    Purge {
        before: u64,
    },
    Instructions {
        id: ConversationId,
        own: Option<String>,
    },
    /// What was asked beside a turn counts with it.
    Spent {
        turn: TurnId,
        usage: Usage,
    },
    /// The branch that ends with this turn is looked at.
    Choose {
        conversation: ConversationId,
        turn: TurnId,
    },
    Begin {
        conversation: ConversationId,
        turn: Box<Turn>,
        owner: String,
    },
    /// A turn that ended elsewhere.
    Turn {
        conversation: ConversationId,
        turn: Box<Turn>,
    },
    Event {
        turn: TurnId,
        event: TurnEvent,
    },
    End {
        turn: Box<Turn>,
    },
    Ledger(Box<LedgerEntry>),
    /// The entry of a call that a crash broke off.
    LedgerEnd {
        call: CallId,
        outcome: LedgerOutcome,
        error: Option<String>,
        at: u64,
    },
    /// Turns came in beside this task: searching shall find them too.
    CatchUp,
    Flush(oneshot::Sender<Result<(), StoreError>>),
}

impl Write {
    /// Whether turns may come with it that were not written one by one.
    fn may_bring_turns(&self) -> bool {
        let writes_all = matches!(self, Self::Begin { .. } | Self::Event { .. } | Self::End { .. });
        !writes_all && !matches!(self, Self::Ledger(_) | Self::LedgerEnd { .. } | Self::Flush(_))
    }
}

pub(super) struct Writer {
    pool: SqlitePool,
    inbox: mpsc::UnboundedReceiver<Write>,
    waiting: Vec<Write>,
    flushes: Vec<oneshot::Sender<Result<(), StoreError>>>,
    /// Whether there may be turns that searching does not find yet.
    behind: bool,
}

impl Writer {
    /// Ends when every sender is gone and all is written.
    pub(super) fn start(pool: SqlitePool) -> mpsc::UnboundedSender<Write> {
        let (send, inbox) = mpsc::unbounded_channel();
        tokio::spawn(Self { pool, inbox, waiting: vec![], flushes: vec![], behind: true }.run());
        send
    }

    async fn run(mut self) {
        let mut retry = None;
        while self.gather(retry).await {
            retry = match self.commit().await {
                Ok(()) => self.catch_up().await,
                Err(error) => {
                    tracing::error!("writing failed, will be tried again: {error}");
                    Some(Instant::now() + RETRY)
                }
            };
        }
        // The last words, if nobody flushed them.
        if let Err(error) = self.commit().await {
            tracing::error!("the last writes failed: {error}");
        }
    }

    /// Waits for something worth a transaction; false when nothing will come any more.
    async fn gather(&mut self, retry: Option<Instant>) -> bool {
        let mut deadline = retry;
        if self.behind && retry.is_none() && self.inbox.is_empty() && !self.inbox.is_closed() {
            return true;
        }
        loop {
            let next = match deadline {
                Some(deadline) => match tokio::time::timeout_at(deadline, self.inbox.recv()).await {
                    Ok(next) => next,
                    Err(_) => return true,
                },
                None => self.inbox.recv().await,
            };
            let Some(write) = next else { return false };
            match write {
                Write::Flush(done) => {
                    self.flushes.push(done);
                    return true;
                }
                Write::Event { turn, event } if self.merge(&turn, &event) => (),
                write => {
                    let can_wait = matches!(
                        &write,
                        Write::Event { event: TurnEvent::Text { .. } | TurnEvent::Reasoning { .. }, .. }
                    );
                    self.waiting.push(write);
                    if !can_wait && retry.is_none() {
                        return self.take_what_waits();
                    }
                }
            }
            deadline = deadline.or_else(|| Some(Instant::now() + GATHER));
        }
    }

    /// Everything that has arrived meanwhile goes into the same transaction.
    fn take_what_waits(&mut self) -> bool {
        while let Ok(write) = self.inbox.try_recv() {
            match write {
                Write::Flush(done) => self.flushes.push(done),
                Write::Event { turn, event } if self.merge(&turn, &event) => (),
                write => self.waiting.push(write),
            }
        }
        true
    }

    /// Adds a piece of text to the piece before it.
    fn merge(&mut self, turn: &TurnId, event: &TurnEvent) -> bool {
        let Some(Write::Event { turn: last_turn, event: last }) = self.waiting.last_mut() else { return false };
        last_turn == turn && last.join(event)
    }

    /// Writes all that waits, or nothing.
    async fn commit(&mut self) -> Result<(), StoreError> {
        let written = if self.waiting.is_empty() { Ok(()) } else { self.transact().await };
        if written.is_ok() {
            self.behind |= self.waiting.iter().any(Write::may_bring_turns);
            self.waiting.clear();
        }
        for done in self.flushes.drain(..) {
            // Whoever asked may have gone away meanwhile.
            let _ = done.send(written.clone());
        }
        written
    }

    /// Makes some more turns ready for searching, when nothing else waits.
    async fn catch_up(&mut self) -> Option<Instant> {
        if !self.behind || !self.inbox.is_empty() {
            return None;
        }
        match self.take_in_more().await {
            Ok(more) => {
                self.behind = more;
                None
            }
            Err(error) => {
                tracing::warn!("searching cannot be made ready, will be tried again: {error}");
                Some(Instant::now() + RETRY)
            }
        }
    }

    async fn take_in_more(&self) -> Result<bool, sqlx::Error> {
        if !search::is_behind(&self.pool).await? {
            return Ok(false);
        }
        let mut connection = self.pool.acquire().await?;
        let taken = async {
            let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
            let more = search::take_in_more(&mut transaction).await?;
            transaction.commit().await?;
            Ok(more)
        };
        let taken = taken.await;
        if taken.is_err() {
            connection.close_on_drop();
        }
        taken
    }

    async fn transact(&self) -> Result<(), StoreError> {
        let mut connection = self.pool.acquire().await.map_err(unwritable)?;
        let written = self.write_all(&mut connection).await;
        if written.is_err() {
            // SQLite may have rolled back by itself, as it does when the disk is full. The connection then counts
            // a transaction that is not there, and could never begin another.
            connection.close_on_drop();
        }
        written
    }

    async fn write_all(&self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(unwritable)?;
        for write in &self.waiting {
            apply(write, &mut transaction).await?;
        }
        transaction.commit().await.map_err(unwritable)
    }
}

async fn apply(write: &Write, transaction: &mut Transaction<'_, Sqlite>) -> Result<(), StoreError> {
    let query = match write {
        Write::Conversation(summary, by) => sqlx::query(
            "INSERT INTO conversations (id, title, created_at, updated_at, titled_by) VALUES (?, ?, ?, ?, ?)",
        )
        .bind(summary.id.as_str())
        .bind(&summary.title)
        .bind(time(summary.created_at))
        .bind(time(summary.updated_at))
        .bind(by.name()),
        Write::Title { id, title, by } => entitle(id, title, *by),
        Write::Pinned { id, at } => {
            sqlx::query("UPDATE conversations SET pinned_at = ? WHERE id = ?").bind(at.map(time)).bind(id.as_str())
        }
        Write::Tools { id, choice } => {
            sqlx::query("UPDATE conversations SET tools = ? WHERE id = ?").bind(json(choice)?).bind(id.as_str())
        }
        Write::Removed { id, at } => {
            sqlx::query("UPDATE conversations SET removed_at = ? WHERE id = ?").bind(at.map(time)).bind(id.as_str())
        }
        Write::Purge { before } => sqlx::query(PURGE).bind(time(*before)),
        Write::Instructions { id, own } => {
            sqlx::query("UPDATE conversations SET instructions = ? WHERE id = ?").bind(own).bind(id.as_str())
        }
        Write::Begin { conversation, turn, owner } => {
            touch(conversation, turn.started_at, transaction).await?;
            let query = insert(conversation, turn).bind(owner).bind(json(turn)?).bind(None::<String>);
            query.execute(&mut **transaction).await.map_err(unwritable)?;
            choose(conversation, &turn.id)
        }
        Write::Turn { conversation, turn } => {
            let items = turn.items.iter().take(1).cloned().collect();
            let begun = Turn { items, ..Turn::clone(turn) };
            insert(conversation, turn).bind("").bind(json(&begun)?).bind(Some(json(turn)?))
        }
        Write::Choose { conversation, turn } => choose(conversation, turn),
        Write::Event { turn, event } => {
            sqlx::query("INSERT INTO events (turn, body) VALUES (?, ?)").bind(turn.as_str()).bind(json(event)?)
        }
        Write::End { turn } => {
            let query = sqlx::query("DELETE FROM events WHERE turn = ?").bind(turn.id.as_str());
            query.execute(&mut **transaction).await.map_err(unwritable)?;
            super::figures::note(turn, transaction).await?;
            end(turn, transaction).await?;
            sqlx::query("UPDATE turns SET ended = ? WHERE id = ?").bind(json(turn)?).bind(turn.id.as_str())
        }
        Write::Spent { turn, usage } => return super::figures::add(turn, *usage, transaction).await,
        Write::Ledger(entry) => return ledger::keep(entry, transaction).await,
        Write::LedgerEnd { call, outcome, error, at } => {
            return ledger::end(call, *outcome, error.as_deref(), *at, transaction).await;
        }
        Write::CatchUp | Write::Flush(_) => return Ok(()),
    };
    query.execute(&mut **transaction).await.map_err(unwritable)?;
    if let Write::Begin { turn, .. } | Write::Turn { turn, .. } | Write::End { turn } = write {
        search::take_in(turn, transaction).await.map_err(unwritable)?;
    }
    Ok(())
}

/// A turn in its place; its owner, its beginning and its end are still to be bound.
pub(super) fn insert<'a>(conversation: &'a ConversationId, turn: &'a Turn) -> Query<'a, Sqlite, SqliteArguments> {
    sqlx::query("INSERT INTO turns (id, conversation, parent, again, owner, begun, ended) VALUES (?, ?, ?, ?, ?, ?, ?)")
        .bind(turn.id.as_str())
        .bind(conversation.as_str())
        .bind(turn.parent.as_ref().map(TurnId::as_str))
        .bind(turn.again.as_ref().map(TurnId::as_str))
}

/// Whoever begins a turn looks at its branch.
pub(super) fn choose<'a>(conversation: &'a ConversationId, turn: &'a TurnId) -> Query<'a, Sqlite, SqliteArguments> {
    sqlx::query("INSERT INTO choices (conversation, turn) VALUES (?, ?)")
        .bind(conversation.as_str())
        .bind(turn.as_str())
}

/// A model's title takes the place of a rule's alone.
fn entitle<'a>(id: &'a ConversationId, title: &'a str, by: TitledBy) -> Query<'a, Sqlite, SqliteArguments> {
    sqlx::query("UPDATE conversations SET title = ?, titled_by = ? WHERE id = ? AND (? OR titled_by = ?)")
        .bind(title)
        .bind(by.name())
        .bind(id.as_str())
        .bind(by != TitledBy::Model)
        .bind(TitledBy::Rule.name())
}

async fn touch(id: &ConversationId, at: u64, transaction: &mut Transaction<'_, Sqlite>) -> Result<(), StoreError> {
    let query = sqlx::query("UPDATE conversations SET updated_at = ? WHERE id = ?").bind(time(at)).bind(id.as_str());
    query.execute(&mut **transaction).await.map_err(unwritable)?;
    Ok(())
}

/// The end of a turn, too, is when its conversation was last changed.
async fn end(turn: &Turn, transaction: &mut Transaction<'_, Sqlite>) -> Result<(), StoreError> {
    let later = "UPDATE conversations SET updated_at = max(updated_at, ?)
                 WHERE id = (SELECT conversation FROM turns WHERE id = ?)";
    let query = sqlx::query(later).bind(time(turn.ended_at.unwrap_or_default())).bind(turn.id.as_str());
    query.execute(&mut **transaction).await.map_err(unwritable)?;
    Ok(())
}

/// SQLite counts with signs; milliseconds fit for the next 290 million years.
pub(super) fn time(at: u64) -> i64 {
    i64::try_from(at).unwrap_or(i64::MAX)
}

pub(super) fn json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Write { cause: error.to_string() })
}

pub(super) fn unwritable(error: sqlx::Error) -> StoreError {
    StoreError::Write { cause: error.to_string() }
}
