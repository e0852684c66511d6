//! Keys that every copy of the API knows, with what all of them have used.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use mcp::Secret;
use serde::{Deserialize, Serialize};
use team::{KeyRow, Keyring, Postgres, TeamError};

use crate::keys::{Key, KeyError, KeyRights, NewKey, make, month};

const DOOR: &str = "api";
/// What session ids are signed with.
const SECRET: &str = "api-sessions";

/// The keys in a database. Cheap to clone.
#[derive(Clone)]
pub struct TeamKeys {
    postgres: Postgres,
    ring: Keyring,
    /// What was used here and is not written down yet, by name and month.
    used: Arc<Mutex<HashMap<(String, String), u64>>>,
}

/// What is kept of a key besides its hash.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    hint: String,
    created_at: u64,
    rights: KeyRights,
}

impl TeamKeys {
    pub async fn open(database: &Secret) -> Result<Self, KeyError> {
        let postgres = Postgres::connect(database.expose()).await?;
        Ok(Self { ring: postgres.keyring(DOOR), postgres, used: Arc::default() })
    }

    /// Makes a key, which every copy knows within a second. A name that was revoked may be used again.
    pub async fn create(&self, name: &str, rights: KeyRights) -> Result<NewKey, KeyError> {
        let (key, made) = make(name, rights)?;
        let body = Body { hint: key.hint, created_at: key.created_at, rights: key.rights };
        let body = serde_json::to_string(&body).map_err(damaged)?;
        self.ring.add(&key.name, &key.hash, &body).await?;
        Ok(made)
    }

    /// Within a second nobody gets in by it.
    pub async fn revoke(&self, name: &str) -> Result<(), KeyError> {
        Ok(self.ring.revoke(name).await?)
    }

    /// Every key, oldest first.
    pub async fn list(&self) -> Result<Vec<Key>, KeyError> {
        let month = month();
        let rows = self.ring.list(&month).await?;
        let key = |row: KeyRow| {
            let body: Body = serde_json::from_str(&row.body).map_err(damaged)?;
            Ok(Key {
                name: row.name,
                hint: body.hint,
                created_at: body.created_at,
                revoked: row.revoked,
                rights: body.rights,
                used: row.used,
                month: month.clone(),
                hash: row.sha256,
            })
        };
        rows.into_iter().map(key).collect()
    }

    /// The value that the copies settled on: this one where they have not yet.
    pub(crate) async fn secret(&self, fresh: &str) -> Result<String, KeyError> {
        Ok(self.postgres.settle(SECRET, fresh).await?)
    }

    /// Remembers what was used until the next [`TeamKeys::sync`].
    pub(crate) fn note(&self, name: &str, month: String, tokens: u64) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        *used.entry((name.to_owned(), month)).or_default() += tokens;
    }

    /// Writes down what was used here, and reads what was used, made and revoked anywhere.
    pub(crate) async fn sync(&self) -> Result<Vec<Key>, KeyError> {
        let used = std::mem::take(&mut *self.used.lock().unwrap_or_else(PoisonError::into_inner));
        let mut left = used.into_iter();
        let mut failed = None;
        for ((name, month), tokens) in left.by_ref() {
            if let Err(error) = self.ring.add_use(&name, &month, tokens).await {
                self.note(&name, month, tokens);
                failed = Some(error);
                break;
            }
        }
        left.for_each(|((name, month), tokens)| self.note(&name, month, tokens));
        match failed {
            Some(error) => Err(error.into()),
            None => self.list().await,
        }
    }
}

fn damaged(error: serde_json::Error) -> TeamError {
    TeamError::Damaged { what: "PostgreSQL", cause: error.to_string() }
}
