//! Lines that only ever grow, each linked to the one before: one chain, whichever copy adds to it.

use futures::TryStreamExt;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection, Row};
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::TeamError;
use crate::postgres::{Postgres, unusable};

/// Where a chain ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub seq: u64,
    pub hash: String,
}

/// Lines made to follow a link, and where the chain ends with them.
pub struct Linked {
    pub lines: Vec<String>,
    pub end: Link,
}

/// The chain for one writer, on a thread of its own: it goes on while everything else ends.
pub struct Chain {
    runtime: Runtime,
    options: PgConnectOptions,
    connection: Option<PgConnection>,
}

impl Chain {
    pub fn open(postgres: &Postgres) -> Result<Self, TeamError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| TeamError::Unusable { what: "PostgreSQL", cause: error.to_string() })?;
        // A copy that stops in the middle of adding does not hold up the others.
        let bounds = [("idle_in_transaction_session_timeout", "10s"), ("lock_timeout", "15s")];
        let options = postgres.options.clone().application_name("loquat-audit").options(bounds);
        Ok(Self { runtime, options, connection: None })
    }

    /// Adds all of a batch, or nothing of it; it is there for good when this returns. A batch whose adding failed
    /// may be given again: one that was added in spite of it is not added twice.
    ///
    /// Waits for the database, so it is for a thread that nothing else runs on.
    pub fn append(&mut self, batch: Uuid, again: bool, link: impl Fn(&Link) -> Linked) -> Result<(), TeamError> {
        let (options, slot) = (&self.options, &mut self.connection);
        self.runtime.block_on(async {
            let mut connection = match slot.take() {
                Some(connection) => connection,
                None => PgConnection::connect_with(options).await.map_err(unusable)?,
            };
            add(&mut connection, batch, again, link).await.map_err(unusable)?;
            // One that failed is not used again: what it still holds, it lets go of.
            *slot = Some(connection);
            Ok(())
        })
    }
}

async fn add(
    connection: &mut PgConnection,
    batch: Uuid,
    again: bool,
    link: impl Fn(&Link) -> Linked,
) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    let end = sqlx::query("SELECT seq, hash FROM audit_end FOR UPDATE").fetch_one(&mut *transaction).await?;
    let end = Link { seq: unsigned(end.try_get(0)?), hash: end.try_get(1)? };
    if again {
        let there = sqlx::query("SELECT 1 FROM audit WHERE batch = $1 LIMIT 1").bind(batch.to_string());
        if there.fetch_optional(&mut *transaction).await?.is_some() {
            return transaction.rollback().await;
        }
    }
    let linked = link(&end);
    let insert = "INSERT INTO audit (seq, batch, line) \
                  SELECT $1 + number, $2, line FROM unnest($3::text[]) WITH ORDINALITY AS it (line, number)";
    sqlx::query(insert)
        .bind(signed(end.seq))
        .bind(batch.to_string())
        .bind(&linked.lines)
        .execute(&mut *transaction)
        .await?;
    let update = sqlx::query("UPDATE audit_end SET seq = $1, hash = $2");
    update.bind(signed(linked.end.seq)).bind(&linked.end.hash).execute(&mut *transaction).await?;
    transaction.commit().await
}

impl Postgres {
    /// Shows every line in its order, and returns where the chain should end.
    pub async fn read_chain(&self, mut look: impl FnMut(&str) -> bool) -> Result<Link, TeamError> {
        let mut transaction = self.pool.begin().await.map_err(unusable)?;
        // All of it as it was at one moment, whatever is added meanwhile.
        let begin = sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
        begin.execute(&mut *transaction).await.map_err(unusable)?;
        let end =
            sqlx::query("SELECT seq, hash FROM audit_end").fetch_one(&mut *transaction).await.map_err(unusable)?;
        let end = Link { seq: unsigned(end.try_get(0).map_err(unusable)?), hash: end.try_get(1).map_err(unusable)? };
        let mut lines = sqlx::query_scalar::<_, String>("SELECT line FROM audit ORDER BY seq").fetch(&mut *transaction);
        while let Some(line) = lines.try_next().await.map_err(unusable)? {
            if !look(&line) {
                break;
            }
        }
        drop(lines);
        transaction.rollback().await.map_err(unusable)?;
        Ok(end)
    }
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
