//! The ledger on disk.

use chat::{CallId, CallStatus, Item, Turn, TurnEvent};
use indexmap::IndexMap;
use indexmap::map::Entry;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection};

use super::apply::{json, time, unwritable};
use super::writer::Write;
use super::{Store, StoreError};
use crate::ledger::{LedgerEntry, LedgerFilter, LedgerOutcome, LedgerPage};

/// So many entries are written with one statement.
pub(super) const AT_ONCE: usize = 16;

impl Store {
    /// Writes an entry, or the newer state of one.
    pub(crate) fn keep_in_ledger(&self, entry: LedgerEntry) {
        self.write(Write::Ledger(Box::new(entry)));
    }

    /// Ends the entries of calls that a crash broke off.
    pub(super) fn end_in_ledger(&self, turn: &Turn, events: &[TurnEvent]) {
        let closed = events.iter().filter_map(|event| match event {
            TurnEvent::Item { item: Item::ToolCall(call) } => Some(call),
            _ => None,
        });
        for call in closed {
            let error = match &call.status {
                CallStatus::Failed { error } => Some(error.message.clone()),
                _ => None,
            };
            let (call, outcome, at) = (call.id.clone(), LedgerOutcome::of(&call.status), call.ended_at);
            let at = at.or(turn.ended_at).unwrap_or(turn.started_at);
            self.write(Write::LedgerEnd { call, outcome, error, at });
        }
    }

    /// The newest that fit, and how many there are.
    pub(crate) async fn ledger(&self, filter: &LedgerFilter, most: usize) -> Result<LedgerPage, StoreError> {
        let unreadable = |error: sqlx::Error| StoreError::Read { cause: error.to_string() };
        let all = LedgerFilter { before: None, ..filter.clone() };
        let mut count = QueryBuilder::new("SELECT count(*) AS total FROM ledger");
        fitting(&all, &mut count);
        let total: i64 = count.build().fetch_one(&self.pool).await.map_err(unreadable)?.get("total");
        let mut query = QueryBuilder::new("SELECT seq, at, body FROM ledger");
        fitting(filter, &mut query);
        query.push(" ORDER BY seq DESC LIMIT ").push_bind(i64::try_from(most + 1).unwrap_or(i64::MAX));
        let rows = query.build().fetch_all(&self.pool).await.map_err(unreadable)?;
        let more = rows.len() > most;
        let entries = rows.iter().take(most).map(entry).collect::<Result<_, _>>()?;
        Ok(LedgerPage { entries, more, total: total.unsigned_abs() })
    }
}

fn fitting(filter: &LedgerFilter, query: &mut QueryBuilder<Sqlite>) {
    query.push(" WHERE 1");
    if let Some(server) = &filter.server {
        query.push(" AND server = ").push_bind(server.clone());
    }
    if let Some(tool) = &filter.tool {
        query.push(" AND tool = ").push_bind(tool.clone());
    }
    if let Some(outcome) = filter.outcome {
        query.push(" AND outcome = ").push_bind(outcome.word());
    }
    if let Some(since) = filter.since {
        query.push(" AND at >= ").push_bind(time(since));
    }
    if let Some(before) = filter.before {
        query.push(" AND seq < ").push_bind(time(before));
    }
    for pattern in patterns(filter) {
        query.push(" AND body LIKE ").push_bind(pattern).push(r" ESCAPE '\'");
    }
}

/// What all fits an entry in which the words stand, for `LIKE` with `\` as the sign that takes a meaning away.
pub(crate) fn patterns(filter: &LedgerFilter) -> Vec<String> {
    let words = filter.text.iter().flat_map(|text| text.split_whitespace());
    let pattern = |word: &str| {
        // As it stands within JSON.
        let word = serde_json::Value::from(word).to_string();
        let plain = word.trim_matches('"').replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
        format!("%{plain}%")
    };
    words.map(pattern).collect()
}

fn entry(row: &SqliteRow) -> Result<LedgerEntry, StoreError> {
    let entry: LedgerEntry =
        serde_json::from_str(row.get("body")).map_err(|error| StoreError::Read { cause: error.to_string() })?;
    // When it was first written down, whatever was known later.
    Ok(LedgerEntry {
        number: row.get::<i64, _>("seq").unsigned_abs(),
        at: row.get::<i64, _>("at").unsigned_abs(),
        ..entry
    })
}

/// Puts an entry in the place of what was known of its call, which stays from when it was first told of.
pub(super) fn renew(entries: &mut IndexMap<CallId, LedgerEntry>, entry: LedgerEntry) {
    match entries.entry(entry.call.clone()) {
        Entry::Vacant(place) => drop(place.insert(entry)),
        Entry::Occupied(mut known) => {
            let at = known.get().at;
            known.insert(LedgerEntry { at, ..entry });
        }
    }
}

/// Writes up to [`AT_ONCE`] entries, or the newer state of them.
pub(super) async fn keep(entries: &[&LedgerEntry], connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let mut query = QueryBuilder::<Sqlite>::new("INSERT INTO ledger (call, at, server, tool, outcome, body) ");
    let bodies = entries.iter().map(json).collect::<Result<Vec<String>, _>>()?;
    query.push_values(entries.iter().zip(bodies), |mut row, (entry, body)| {
        row.push_bind(entry.call.as_str())
            .push_bind(time(entry.at))
            .push_bind(entry.server.as_str())
            .push_bind(entry.tool.as_str())
            .push_bind(entry.outcome.word())
            .push_bind(body);
    });
    query.push(" ON CONFLICT (call) DO UPDATE SET outcome = excluded.outcome, body = excluded.body");
    query.build().execute(connection).await.map_err(unwritable)?;
    Ok(())
}

pub(super) async fn end(
    call: &CallId,
    outcome: LedgerOutcome,
    error: Option<&str>,
    at: u64,
    connection: &mut SqliteConnection,
) -> Result<(), StoreError> {
    let query = "UPDATE ledger SET outcome = ?1,
        body = json_set(body, '$.outcome', ?1, '$.endedAt', ?2, '$.error', ?3) WHERE call = ?4";
    let query = sqlx::query(query).bind(outcome.word()).bind(time(at)).bind(error).bind(call.as_str());
    query.execute(connection).await.map_err(unwritable)?;
    Ok(())
}
