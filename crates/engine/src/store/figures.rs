//! What turns took: a line for each, written with the turn's end.

use chat::{ConversationId, ModelRef, Turn, TurnId, Usage};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, Sqlite, Transaction};

use super::apply::{time, unwritable};
use super::read::unreadable;
use super::{Store, StoreError};
use crate::figures::ModelFigures;

impl Store {
    /// Newest month first; in it who read most first.
    pub(crate) async fn figures(&self, conversation: Option<&ConversationId>) -> Result<Vec<ModelFigures>, StoreError> {
        self.flush().await?;
        let rows = sqlx::query(
            "SELECT strftime('%Y-%m', at / 1000, 'unixepoch', 'localtime') AS month, provider, model,
                    count(*) AS turns, sum(input) AS input, sum(cached) AS cached, sum(output) AS output
             FROM figures WHERE ?1 IS NULL OR conversation = ?1
             GROUP BY month, provider, model ORDER BY month DESC, input DESC",
        )
        .bind(conversation.map(ConversationId::as_str))
        .fetch_all(&self.pool)
        .await
        .map_err(unreadable)?;
        Ok(rows.iter().map(line).collect())
    }
}

fn line(row: &SqliteRow) -> ModelFigures {
    let count = |column| row.get::<i64, _>(column).unsigned_abs();
    ModelFigures {
        month: row.get("month"),
        model: ModelRef { provider: row.get("provider"), model: row.get("model") },
        turns: count("turns"),
        usage: Usage { input: count("input"), output: count("output"), cached: count("cached") },
    }
}

/// Writes down what a turn took, where its provider counted anything.
pub(super) async fn note(turn: &Turn, transaction: &mut Transaction<'_, Sqlite>) -> Result<(), StoreError> {
    if turn.usage == Usage::default() {
        return Ok(());
    }
    sqlx::query(
        "INSERT OR REPLACE INTO figures (turn, conversation, provider, model, at, input, cached, output)
         SELECT id, conversation, ?, ?, ?, ?, ?, ? FROM turns WHERE id = ?",
    )
    .bind(&turn.model.provider)
    .bind(&turn.model.model)
    .bind(time(turn.started_at))
    .bind(time(turn.usage.input))
    .bind(time(turn.usage.cached))
    .bind(time(turn.usage.output))
    .bind(turn.id.as_str())
    .execute(&mut **transaction)
    .await
    .map_err(unwritable)?;
    Ok(())
}

/// Adds what was asked beside a turn, for its sake.
pub(super) async fn add(
    turn: &TurnId,
    usage: Usage,
    transaction: &mut Transaction<'_, Sqlite>,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE figures SET input = input + ?, cached = cached + ?, output = output + ? WHERE turn = ?")
        .bind(time(usage.input))
        .bind(time(usage.cached))
        .bind(time(usage.output))
        .bind(turn.as_str())
        .execute(&mut **transaction)
        .await
        .map_err(unwritable)?;
    Ok(())
}
