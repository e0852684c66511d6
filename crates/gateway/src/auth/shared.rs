//! Keys that every copy of the gateway knows.

use std::{collections::HashMap, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use serde::{Deserialize, Serialize};
use team::{Keyring, Postgres, TeamError};
use tokio_util::sync::CancellationToken;

use crate::{GatewayError, caller::Caller};

use super::{NewKey, from_hex, new_key};

/// How soon every copy knows of a key that was made or revoked.
const LOOK: Duration = Duration::from_secs(1);
const DOOR: &str = "gateway";
/// Nothing is counted by the month here.
const NO_MONTH: &str = "";

/// A key as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SharedKey {
    pub name: String,
    pub tenant: String,
    pub roles: Vec<String>,
    pub revoked: bool,
}

/// What is kept of a key besides its hash.
#[derive(Serialize, Deserialize)]
struct Body {
    tenant: String,
    roles: Vec<String>,
}

/// The keys in a database, for whoever makes and revokes them.
pub struct SharedKeys(Keyring);

impl SharedKeys {
    pub async fn open(database: &mcp::Secret) -> Result<Self, GatewayError> {
        Ok(Self(Postgres::connect(database.expose()).await?.keyring(DOOR)))
    }

    /// Makes a key. What is returned is the only time at which it can be read.
    pub async fn create(&self, name: &str, tenant: &str, roles: &[String]) -> Result<NewKey, GatewayError> {
        let made = new_key();
        let body = Body { tenant: tenant.to_owned(), roles: roles.to_owned() };
        let body = serde_json::to_string(&body).map_err(damaged)?;
        self.0.add(name, &made.sha256, &body).await?;
        Ok(made)
    }

    /// From a second later on nobody gets in by it.
    pub async fn revoke(&self, name: &str) -> Result<(), GatewayError> {
        Ok(self.0.revoke(name).await?)
    }

    pub async fn list(&self) -> Result<Vec<SharedKey>, GatewayError> {
        let rows = self.0.list(NO_MONTH).await?;
        let key = |row: team::KeyRow| {
            let body: Body = serde_json::from_str(&row.body).map_err(damaged)?;
            Ok(SharedKey { name: row.name, tenant: body.tenant, roles: body.roles, revoked: row.revoked })
        };
        rows.into_iter().map(key).collect()
    }
}

fn damaged(error: serde_json::Error) -> TeamError {
    TeamError::Damaged { what: "PostgreSQL", cause: error.to_string() }
}

type Known = HashMap<[u8; 32], Arc<Caller>>;

/// The same keys, for whoever lets callers in.
pub(crate) struct TeamKeys {
    ring: Option<Keyring>,
    known: Arc<ArcSwap<Known>>,
}

impl TeamKeys {
    /// A gateway that is one alone knows the keys of its file.
    pub(crate) fn none() -> Self {
        Self { ring: None, known: Arc::default() }
    }

    pub(crate) async fn of(postgres: Postgres) -> Result<Self, GatewayError> {
        let ring = postgres.keyring(DOOR);
        let known = read(&ring).await?;
        Ok(Self { ring: Some(ring), known: Arc::new(ArcSwap::from_pointee(known)) })
    }

    pub(crate) fn are_kept(&self) -> bool {
        self.ring.is_some()
    }

    pub(crate) fn find(&self, hash: &[u8; 32]) -> Option<Arc<Caller>> {
        self.known.load().get(hash).cloned()
    }

    /// Takes in what other copies and programs change, until the end.
    pub(crate) fn follow(&self, end: &CancellationToken) {
        let Some(ring) = self.ring.clone() else { return };
        let (known, end) = (self.known.clone(), end.clone());
        let following = async move {
            loop {
                tokio::time::sleep(LOOK).await;
                match read(&ring).await {
                    Ok(read) => known.store(Arc::new(read)),
                    // Nothing is called meanwhile, since nothing can be written down.
                    Err(error) => tracing::error!(%error, "the keys cannot be read; those of before go on"),
                }
            }
        };
        tokio::spawn(async move { end.run_until_cancelled(following).await });
    }
}

async fn read(ring: &Keyring) -> Result<Known, TeamError> {
    let rows = ring.list(NO_MONTH).await?;
    let rows = rows.into_iter().filter(|row| !row.revoked);
    let caller = |row: team::KeyRow| {
        let body: Body = serde_json::from_str(&row.body).map_err(damaged)?;
        let hash = from_hex(&row.sha256)
            .ok_or_else(|| TeamError::Damaged { what: "PostgreSQL", cause: format!("the hash of {}", row.name) })?;
        let caller = Caller::new(format!("shared-key:{}", row.name), &row.name, &body.tenant, &body.roles);
        Ok((hash, Arc::new(caller)))
    };
    rows.map(caller).collect()
}
