//! Calls of tools, as all copies write them down.

use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};

use crate::TeamError;
use crate::postgres::{Postgres, unusable};

/// One call, as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRow {
    pub call: String,
    /// When it was proposed, in milliseconds since the Unix epoch.
    pub at: u64,
    pub server: String,
    pub tool: String,
    pub outcome: String,
    /// The name of the copy that has still to end it; nothing once it has ended.
    pub copy: Option<String>,
    /// What else its door knows of it: a JSON object.
    pub body: String,
}

/// Which calls somebody wants to see; what is absent lets everything through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallsWanted {
    pub server: Option<String>,
    pub tool: Option<String>,
    pub outcome: Option<String>,
    pub since: Option<u64>,
    /// Patterns of `LIKE`, all of which fit the body, in any case.
    pub patterns: Vec<String>,
    /// Those before the one of this number.
    pub before: Option<u64>,
}

/// Some of the calls, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallsFound {
    /// Each with its number, which counts up.
    pub calls: Vec<(u64, CallRow)>,
    /// Whether there are earlier ones that fit.
    pub more: bool,
    /// How many fit altogether.
    pub total: u64,
}

const FITTING: &str = "($1::text IS NULL OR server = $1) AND ($2::text IS NULL OR tool = $2) \
    AND ($3::text IS NULL OR outcome = $3) AND ($4::bigint IS NULL OR at >= $4) AND body ILIKE ALL ($5::text[]) \
    AND ($6::bigint IS NULL OR number < $6)";

impl Postgres {
    /// Writes down calls, or the newer state of them.
    pub async fn keep_calls(&self, calls: &[CallRow]) -> Result<(), TeamError> {
        let texts = |of: fn(&CallRow) -> &str| calls.iter().map(of).collect::<Vec<&str>>();
        let insert = "INSERT INTO ledger (call, server, tool, outcome, body, copy, at) SELECT * FROM unnest\
                      ($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[]) ON CONFLICT \
                      (call) DO UPDATE SET outcome = EXCLUDED.outcome, body = EXCLUDED.body, copy = EXCLUDED.copy";
        let keep = sqlx::query(insert)
            .bind(texts(|it| &it.call))
            .bind(texts(|it| &it.server))
            .bind(texts(|it| &it.tool))
            .bind(texts(|it| &it.outcome))
            .bind(texts(|it| &it.body))
            .bind(calls.iter().map(|it| it.copy.as_deref()).collect::<Vec<_>>())
            .bind(calls.iter().map(|it| signed(it.at)).collect::<Vec<i64>>());
        keep.execute(&self.pool).await.map(drop).map_err(unusable)
    }

    /// Ends a call that its copy can no longer end; the fields of that JSON object take the place of those it had.
    pub async fn end_call(&self, call: &str, outcome: &str, fields: &str) -> Result<(), TeamError> {
        let update =
            "UPDATE ledger SET outcome = $2, body = (body::jsonb || $3::jsonb)::text, copy = NULL WHERE call = $1";
        let end = sqlx::query(update).bind(call).bind(outcome).bind(fields).execute(&self.pool).await;
        end.map(drop).map_err(unusable)
    }

    /// The newest that fit.
    pub async fn calls(&self, wanted: &CallsWanted, most: usize) -> Result<CallsFound, TeamError> {
        let all = CallsWanted { before: None, ..wanted.clone() };
        let total = fitting("count(*)", "", &all, &self.pool).await.map_err(unusable)?;
        let total: i64 = total.first().map(|row| row.try_get(0)).transpose().map_err(unusable)?.unwrap_or_default();
        let columns = "number, call, at, server, tool, outcome, copy, body";
        let order = format!("ORDER BY number DESC LIMIT {}", most + 1);
        let rows = fitting(columns, &order, wanted, &self.pool).await.map_err(unusable)?;
        let calls = rows.iter().take(most).map(row).collect::<Result<_, _>>().map_err(unusable)?;
        Ok(CallsFound { calls, more: rows.len() > most, total: total.unsigned_abs() })
    }
}

async fn fitting(columns: &str, order: &str, wanted: &CallsWanted, pool: &PgPool) -> Result<Vec<PgRow>, sqlx::Error> {
    // Nothing in it comes from outside.
    let select = sqlx::AssertSqlSafe(format!("SELECT {columns} FROM ledger WHERE {FITTING} {order}"));
    let query = sqlx::query(select).bind(&wanted.server).bind(&wanted.tool).bind(&wanted.outcome);
    let query = query.bind(wanted.since.map(signed)).bind(&wanted.patterns).bind(wanted.before.map(signed));
    query.fetch_all(pool).await
}

fn row(row: &PgRow) -> Result<(u64, CallRow), sqlx::Error> {
    let number: i64 = row.try_get("number")?;
    let call = CallRow {
        call: row.try_get("call")?,
        at: row.try_get::<i64, _>("at")?.unsigned_abs(),
        server: row.try_get("server")?,
        tool: row.try_get("tool")?,
        outcome: row.try_get("outcome")?,
        copy: row.try_get("copy")?,
        body: row.try_get("body")?,
    };
    Ok((number.unsigned_abs(), call))
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
