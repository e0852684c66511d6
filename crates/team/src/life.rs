//! Which copies live: each holds a lock of the database over a connection of its own, which ends with it.

use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::TeamError;
use crate::postgres::{Postgres, in_time, unusable};

/// A copy that lives until this is dropped, or until it can no longer say so.
pub struct Life {
    name: String,
    options: PgConnectOptions,
    connection: Mutex<Option<PgConnection>>,
}

impl Postgres {
    /// Begins the life of a copy.
    pub async fn live(&self) -> Result<Life, TeamError> {
        let options = self.lasting().application_name("loquat-life");
        let life = Life { name: Uuid::new_v4().to_string(), options, connection: Mutex::default() };
        life.go_on().await?;
        Ok(life)
    }

    /// Ends the calls of copies that live no more; the fields of that JSON object take the place of those they had.
    /// Returns how many.
    pub async fn end_calls_of_the_dead(&self, outcome: &str, fields: &str) -> Result<u64, TeamError> {
        // A lock's number stands there in two halves.
        let update = "UPDATE ledger SET outcome = $1, body = (body::jsonb || $2::jsonb)::text, copy = NULL \
                      WHERE copy IS NOT NULL AND NOT EXISTS (SELECT FROM pg_locks \
                      WHERE locktype = 'advisory' AND granted AND objsubid = 1 \
                      AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
                      AND ((classid::bigint << 32) | objid::bigint) = hashtextextended('copy ' || ledger.copy, 0))";
        let end = sqlx::query(update).bind(outcome).bind(fields).execute(&self.pool).await;
        Ok(end.map_err(unusable)?.rows_affected())
    }
}

impl Life {
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Sees that it is still known to live, and says so anew where the connection broke.
    pub async fn go_on(&self) -> Result<(), TeamError> {
        let mut connection = self.connection.lock().await;
        if let Some(mut known) = connection.take()
            && in_time(sqlx::query("SELECT 1").execute(&mut known)).await.is_ok()
        {
            *connection = Some(known);
            return Ok(());
        }
        let mut new = in_time(PgConnection::connect_with(&self.options)).await?;
        let lock = "SELECT pg_advisory_lock(hashtextextended('copy ' || $1, 0))";
        in_time(sqlx::query(lock).bind(&self.name).execute(&mut new)).await?;
        *connection = Some(new);
        Ok(())
    }
}
