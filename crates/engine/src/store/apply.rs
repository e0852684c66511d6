//! What each write is in SQL.

use chat::{ConversationId, Turn, TurnId};
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Sqlite, Transaction};

use super::writer::Write;
use super::{StoreError, TitledBy, ledger, search};

/// What another program is writing just now stays.
const PURGE: &str = "DELETE FROM conversations
                     WHERE removed_at < ? AND id NOT IN (SELECT conversation FROM turns WHERE ended IS NULL)";

pub(super) async fn apply(write: &Write, transaction: &mut Transaction<'_, Sqlite>) -> Result<(), StoreError> {
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
        Write::LedgerEnd { call, outcome, error, at } => {
            return ledger::end(call, *outcome, error.as_deref(), *at, transaction).await;
        }
        Write::CatchUp | Write::Ledger(_) | Write::Flush(_) => return Ok(()),
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
