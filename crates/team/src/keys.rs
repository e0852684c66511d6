//! Keys by their hashes, and how much each has used.

use sqlx::Row;

use crate::TeamError;
use crate::postgres::{Postgres, unusable};

/// A key as it is stored: never the key itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    pub name: String,
    /// Of the key, in hexadecimal.
    pub sha256: String,
    /// What else its door knows of it.
    pub body: String,
    pub revoked: bool,
    /// In the month that was asked for.
    pub used: u64,
}

/// The keys of one door.
#[derive(Clone)]
pub struct Keyring {
    postgres: Postgres,
    door: &'static str,
}

impl Postgres {
    pub fn keyring(&self, door: &'static str) -> Keyring {
        Keyring { postgres: self.clone(), door }
    }
}

impl Keyring {
    /// Every key, oldest first, with what it used in this month.
    pub async fn list(&self, month: &str) -> Result<Vec<KeyRow>, TeamError> {
        let select = "SELECT k.name, k.sha256, k.body, k.revoked, coalesce(u.used, 0) FROM keys k \
                      LEFT JOIN key_use u ON u.door = k.door AND u.name = k.name AND u.month = $2 \
                      WHERE k.door = $1 ORDER BY k.number";
        let rows = sqlx::query(select).bind(self.door).bind(month).fetch_all(&self.postgres.pool).await;
        let row = |row: &sqlx::postgres::PgRow| -> Result<KeyRow, sqlx::Error> {
            Ok(KeyRow {
                name: row.try_get(0)?,
                sha256: row.try_get(1)?,
                body: row.try_get(2)?,
                revoked: row.try_get(3)?,
                used: u64::try_from(row.try_get::<i64, _>(4)?).unwrap_or_default(),
            })
        };
        rows.map_err(unusable)?.iter().map(|it| row(it).map_err(unusable)).collect()
    }

    /// Adds a key. A name that was revoked may be used again.
    pub async fn add(&self, name: &str, sha256: &str, body: &str) -> Result<(), TeamError> {
        let mut transaction = self.postgres.pool.begin().await.map_err(unusable)?;
        let gone = sqlx::query("DELETE FROM keys WHERE door = $1 AND name = $2 AND revoked");
        gone.bind(self.door).bind(name).execute(&mut *transaction).await.map_err(unusable)?;
        let insert = "INSERT INTO keys (door, name, sha256, body) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
        let added = sqlx::query(insert).bind(self.door).bind(name).bind(sha256).bind(body);
        if added.execute(&mut *transaction).await.map_err(unusable)?.rows_affected() == 0 {
            return Err(TeamError::Taken(name.to_owned()));
        }
        transaction.commit().await.map_err(unusable)
    }

    /// From now on nobody gets in by it.
    pub async fn revoke(&self, name: &str) -> Result<(), TeamError> {
        let update = sqlx::query("UPDATE keys SET revoked = true WHERE door = $1 AND name = $2 AND NOT revoked");
        let revoked = update.bind(self.door).bind(name).execute(&self.postgres.pool).await.map_err(unusable)?;
        if revoked.rows_affected() == 0 { Err(TeamError::Unknown(name.to_owned())) } else { Ok(()) }
    }

    /// Adds to what a key has used in a month.
    pub async fn add_use(&self, name: &str, month: &str, used: u64) -> Result<(), TeamError> {
        let insert = "INSERT INTO key_use (door, name, month, used) VALUES ($1, $2, $3, $4) \
                      ON CONFLICT (door, name, month) DO UPDATE SET used = key_use.used + EXCLUDED.used";
        let used = i64::try_from(used).unwrap_or(i64::MAX);
        let add = sqlx::query(insert).bind(self.door).bind(name).bind(month).bind(used);
        add.execute(&self.postgres.pool).await.map(drop).map_err(unusable)
    }
}
