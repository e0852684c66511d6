//! Conversations that any copy can go on with, one at a time.
//!
//! A copy that goes on with one holds a lock of the database for it, over the one connection on which it also writes:
//! what ends the connection ends the lock, and whoever has lost a lock can write no more under it.

use std::collections::HashSet;
use std::sync::Arc;

use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::{Connection, PgConnection, Row};
use tokio::sync::{Mutex, MutexGuard};

use crate::TeamError;
use crate::postgres::{Postgres, in_time, unusable};

/// Sessions, as one copy of a door holds them. Cheap to clone.
///
/// Whoever asks must wait for the answer: what is given up halfway closes the connection, and with it ends every hold.
#[derive(Clone)]
pub struct Sessions {
    options: PgConnectOptions,
    wire: Arc<Mutex<Wire>>,
}

#[derive(Default)]
struct Wire {
    connection: Option<PgConnection>,
    /// Counts the connections there were: what was held over an earlier one is held no more.
    number: u64,
    /// What is held over this one: the database lets one connection have a lock several times.
    held: HashSet<String>,
}

/// A session that this copy alone goes on with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    id: String,
    over: u64,
}

/// What is kept of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What is told of it in a list.
    pub head: String,
    /// Its turns with their ids, in the order in which they began.
    pub turns: Vec<(String, String)>,
    /// What came with them, in no order.
    pub files: Vec<String>,
}

/// Why a session cannot be gone on with.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    #[error("another copy goes on with it just now")]
    Busy,
    /// The connection broke, and with it the right to write.
    #[error("it is no longer held")]
    Lost,
    #[error(transparent)]
    Team(#[from] TeamError),
}

impl Postgres {
    pub fn sessions(&self) -> Sessions {
        let options = self.lasting().application_name("loquat-sessions");
        Sessions { options, wire: Arc::default() }
    }

    /// A session as it stands, whoever goes on with it; nothing where it was never begun.
    pub async fn session(&self, id: &str) -> Result<Option<Kept>, TeamError> {
        let mut connection = self.pool.acquire().await.map_err(unusable)?;
        kept(id, &mut connection).await.map_err(unusable)
    }
}

impl Sessions {
    /// Begins a session of which nobody knows yet.
    pub async fn begin(&self, id: &str, head: &str) -> Result<Held, SessionError> {
        let held = self.take(id).await?;
        let mut over = self.over(&held).await?;
        let insert = "INSERT INTO sessions (id, head) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING";
        in_time(sqlx::query(insert).bind(id).bind(head).execute(&mut over.connection)).await?;
        drop(over.give_back());
        Ok(held)
    }

    /// Takes a session, so that nobody else goes on with it.
    pub async fn take(&self, id: &str) -> Result<Held, SessionError> {
        match self.try_to_take(id).await {
            // A connection that broke while nobody used it is found out now: then a new one is tried.
            Err(SessionError::Team(_)) => self.try_to_take(id).await,
            taken => taken,
        }
    }

    async fn try_to_take(&self, id: &str) -> Result<Held, SessionError> {
        let mut wire = self.wire.lock().await;
        if wire.connection.is_none() {
            wire.number += 1;
            wire.held.clear();
            wire.connection = Some(in_time(PgConnection::connect_with(&self.options)).await?);
        }
        if wire.held.contains(id) {
            return Err(SessionError::Busy);
        }
        let mut over = Over::taken(wire)?;
        let lock = "SELECT pg_try_advisory_lock(hashtextextended('session ' || $1, 0))";
        let taken: bool = in_time(sqlx::query_scalar(lock).bind(id).fetch_one(&mut over.connection)).await?;
        let mut wire = over.give_back();
        if !taken {
            return Err(SessionError::Busy);
        }
        wire.held.insert(id.to_owned());
        Ok(Held { id: id.to_owned(), over: wire.number })
    }

    /// What is kept of it; nothing where it was never begun.
    pub async fn read(&self, held: &Held) -> Result<Option<Kept>, SessionError> {
        let mut over = self.over(held).await?;
        let kept = in_time(kept(&held.id, &mut over.connection)).await?;
        drop(over.give_back());
        Ok(kept)
    }

    /// Writes a turn down, or the newer state of one.
    pub async fn put(&self, held: &Held, turn: &str, body: &str) -> Result<(), SessionError> {
        let mut over = self.over(held).await?;
        let insert = "INSERT INTO session_turns (id, session, body) VALUES ($1, $2, $3) \
                      ON CONFLICT (id) DO UPDATE SET body = EXCLUDED.body";
        let put = sqlx::query(insert).bind(turn).bind(&held.id).bind(body);
        in_time(put.execute(&mut over.connection)).await?;
        drop(over.give_back());
        Ok(())
    }

    /// Keeps a file that comes with one of its turns; one that is there already stays as it is.
    pub async fn put_file(&self, held: &Held, file: &str, body: &str) -> Result<(), SessionError> {
        let mut over = self.over(held).await?;
        let insert = "INSERT INTO session_files (id, session, body) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING";
        let put = sqlx::query(insert).bind(file).bind(&held.id).bind(body);
        in_time(put.execute(&mut over.connection)).await?;
        drop(over.give_back());
        Ok(())
    }

    /// Lets others go on with it.
    pub async fn release(&self, held: Held) -> Result<(), SessionError> {
        let mut over = self.over(&held).await?;
        let unlock = "SELECT pg_advisory_unlock(hashtextextended('session ' || $1, 0))";
        in_time(sqlx::query(unlock).bind(&held.id).execute(&mut over.connection)).await?;
        over.give_back().held.remove(&held.id);
        Ok(())
    }

    /// The connection over which that is held, as long as it is.
    async fn over(&self, held: &Held) -> Result<Over<'_>, SessionError> {
        let wire = self.wire.lock().await;
        let is_held = wire.number == held.over && wire.held.contains(&held.id);
        if is_held { Over::taken(wire) } else { Err(SessionError::Lost) }
    }
}

/// The connection, taken out while something is done over it. One on which something broke off is not given back:
/// it is closed, and with it goes whatever was held over it.
struct Over<'a> {
    wire: MutexGuard<'a, Wire>,
    connection: PgConnection,
}

impl<'a> Over<'a> {
    fn taken(mut wire: MutexGuard<'a, Wire>) -> Result<Self, SessionError> {
        let connection = wire.connection.take().ok_or(SessionError::Lost)?;
        Ok(Self { wire, connection })
    }

    fn give_back(mut self) -> MutexGuard<'a, Wire> {
        self.wire.connection = Some(self.connection);
        self.wire
    }
}

async fn kept(id: &str, connection: &mut PgConnection) -> Result<Option<Kept>, sqlx::Error> {
    let select = sqlx::query_scalar("SELECT head FROM sessions WHERE id = $1").bind(id);
    let Some(head) = select.fetch_optional(&mut *connection).await? else { return Ok(None) };
    let select = sqlx::query("SELECT id, body FROM session_turns WHERE session = $1 ORDER BY number").bind(id);
    let rows = select.fetch_all(&mut *connection).await?;
    let turn = |row: &PgRow| Ok::<_, sqlx::Error>((row.try_get(0)?, row.try_get(1)?));
    let turns = rows.iter().map(turn).collect::<Result<_, _>>()?;
    let files = sqlx::query_scalar("SELECT body FROM session_files WHERE session = $1").bind(id);
    Ok(Some(Kept { head, turns, files: files.fetch_all(connection).await? }))
}
