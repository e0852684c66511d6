//! Finding what was said: a full-text index over messages, calls and questions.
//!
//! A turn is taken in with the very transaction that writes it. Turns that came another way, and those from before
//! there was an index, are taken in by the writer whenever it has nothing else to do.

mod extract;
mod words;

use std::collections::HashMap;

use chat::{ConversationId, Turn, TurnId};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection, SqlitePool};

use super::{Store, StoreError};
use crate::search::{SearchHit, SearchKind};
use extract::{Findable, findable};

/// Grows whenever turns are taken in differently: then all of them are taken in again.
const MAKING: i64 = 1;
/// Of so many that fit, the newest, the best are shown: what is older is found by more words.
const LOOKED_AT: i64 = 2_000;
/// Turns from before that are taken in at once; what waits to be written meanwhile waits so long.
const AT_ONCE: i64 = 32;

/// Around what was found; neither can be typed, nor is either kept in the index.
const OPENS: char = '\u{2}';
const CLOSES: char = '\u{3}';

/// Makes the index where there is none that can be used. Nothing is lost with it: it is filled again.
pub(super) async fn prepare(pool: &SqlitePool) -> Result<(), sqlx::Error> {
    let look = sqlx::query("SELECT rowid FROM said_words WHERE said_words MATCH 'a' LIMIT 1");
    match look.fetch_optional(pool).await {
        Ok(_) => return Ok(()),
        Err(error) if is_of_the_index(&error) => (),
        Err(error) => return Err(error),
    }
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    for step in [
        "DROP TABLE IF EXISTS said_words",
        "CREATE VIRTUAL TABLE said_words USING fts5(
             words, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3')",
        "DELETE FROM said",
        "UPDATE turns SET searched = 0 WHERE searched > 0",
    ] {
        sqlx::query(step).execute(&mut *transaction).await?;
    }
    transaction.commit().await
}

/// Whether the index is missing or damaged: then what happens is written down all the same.
fn is_of_the_index(error: &sqlx::Error) -> bool {
    const ERROR: &str = "1";
    const CORRUPT: &str = "11";
    const CORRUPT_VTAB: &str = "267";
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| [ERROR, CORRUPT, CORRUPT_VTAB].contains(&&*code))
}

/// Takes a turn in as it is now.
pub(super) async fn take_in(turn: &Turn, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let row = sqlx::query("SELECT seq FROM turns WHERE id = ?").bind(turn.id.as_str());
    let Some(row) = row.fetch_optional(&mut *connection).await? else { return Ok(()) };
    match take_in_as(row.get("seq"), &findable(turn), connection).await {
        Err(error) if is_of_the_index(&error) => {
            tracing::error!("a turn cannot be found by searching; the index is made anew with the next start: {error}");
            Ok(())
        }
        taken => taken,
    }
}

/// Whether there are turns that are not taken in.
pub(super) async fn is_behind(pool: &SqlitePool) -> Result<bool, sqlx::Error> {
    let query = sqlx::query("SELECT 1 FROM turns WHERE ended IS NOT NULL AND searched < ? LIMIT 1");
    Ok(query.bind(MAKING).fetch_optional(pool).await?.is_some())
}

/// Takes in some turns from before; false when there are none left.
pub(super) async fn take_in_more(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    let query = "SELECT seq, ended FROM turns WHERE ended IS NOT NULL AND searched < ? ORDER BY searched, seq LIMIT ?";
    let rows = sqlx::query(query).bind(MAKING).bind(AT_ONCE).fetch_all(&mut *connection).await?;
    for row in &rows {
        // A turn that cannot be read cannot be shown either.
        let turn = serde_json::from_str::<Turn>(row.get("ended")).ok();
        let found = turn.as_ref().map(findable).unwrap_or_default();
        take_in_as(row.get("seq"), &found, connection).await?;
    }
    Ok(!rows.is_empty())
}

async fn take_in_as(turn: i64, found: &[Findable], connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM said WHERE turn = ?").bind(turn).execute(&mut *connection).await?;
    for each in found {
        let row = sqlx::query("INSERT INTO said (turn, item, kind, at) VALUES (?, ?, ?, ?)")
            .bind(turn)
            .bind(&each.item)
            .bind(each.kind.word())
            .bind(super::apply::time(each.at))
            .execute(&mut *connection)
            .await?;
        sqlx::query("INSERT INTO said_words (rowid, words) VALUES (?, ?)")
            .bind(row.last_insert_rowid())
            .bind(words::spread(&each.text))
            .execute(&mut *connection)
            .await?;
    }
    sqlx::query("UPDATE turns SET searched = ? WHERE seq = ?").bind(MAKING).bind(turn).execute(connection).await?;
    Ok(())
}

impl Store {
    /// The best of the newest that hold all these words, and whether older turns are still being taken in.
    pub(crate) async fn search(&self, text: &str, most: usize) -> Result<(Vec<SearchHit>, bool), StoreError> {
        let unreadable = |error: sqlx::Error| StoreError::Read { cause: error.to_string() };
        let behind = is_behind(&self.pool).await.map_err(unreadable)?;
        let Some(wanted) = words::expression(text) else { return Ok((vec![], behind)) };
        let best = "SELECT said.seq, said.item, said.kind, said.at, turns.id AS turn, conversations.id, title
            FROM (SELECT rowid, rank FROM said_words WHERE said_words MATCH ? ORDER BY rowid DESC LIMIT ?) AS fits
            JOIN said ON said.seq = fits.rowid
            JOIN turns ON turns.seq = said.turn
            JOIN conversations ON conversations.id = turns.conversation AND removed_at IS NULL
            ORDER BY fits.rank, said.seq DESC LIMIT ?";
        let rows = sqlx::query(best)
            .bind(&wanted)
            .bind(LOOKED_AT)
            .bind(i64::try_from(most).unwrap_or(i64::MAX))
            .fetch_all(&self.pool)
            .await
            .map_err(unreadable)?;
        let found: Vec<i64> = rows.iter().map(|row| row.get("seq")).collect();
        let snippets = self.snippets(&found, &wanted).await.map_err(unreadable)?;
        let words = |row: &SqliteRow| snippets.get(&row.get::<i64, _>("seq")).map_or("", String::as_str);
        Ok((rows.iter().map(|row| hit(row, words(row))).collect(), behind))
    }

    /// The words around what was found, for each place. All places are asked for at once: FTS5 gathers everything that
    /// begins with a word anew for each question. The `+` keeps it from making a question of each place.
    async fn snippets(&self, places: &[i64], wanted: &str) -> Result<HashMap<i64, String>, sqlx::Error> {
        let query = "SELECT rowid AS seq, snippet(said_words, 0, ?, ?, '…', 24) AS piece FROM said_words
            WHERE said_words MATCH ? AND +rowid IN (SELECT value FROM json_each(?))";
        let rows = sqlx::query(query)
            .bind(OPENS.to_string())
            .bind(CLOSES.to_string())
            .bind(wanted)
            .bind(serde_json::json!(places).to_string())
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.iter().map(|row| (row.get("seq"), row.get("piece"))).collect())
    }
}

fn hit(row: &SqliteRow, piece: &str) -> SearchHit {
    SearchHit {
        conversation: ConversationId(row.get("id")),
        title: row.get("title"),
        turn: TurnId(row.get("turn")),
        item: row.get("item"),
        kind: SearchKind::of(row.get("kind")),
        at: row.get::<i64, _>("at").unsigned_abs(),
        snippet: words::pieces(piece),
    }
}

#[cfg(test)]
mod tests;
