//! Sessions that every copy of the gateway knows: where one copy ends, another goes on with them.

use std::sync::Arc;

use futures::{FutureExt, future::BoxFuture};
use rmcp::transport::streamable_http_server::session::{SessionState, SessionStore, SessionStoreError};
use serde::{Deserialize, Serialize};
use team::{Redis, TeamError};

use super::sessions::IDLE;

const LEVEL: &str = "level";
/// Before the address of a resource.
const WATCHED: &str = "watched:";

#[derive(Clone)]
pub(super) struct Kept {
    redis: Redis,
}

/// What another copy must know of a session before it answers its client.
#[derive(Serialize, Deserialize, Clone)]
pub(super) struct Owner {
    pub(super) credential: Arc<str>,
    /// Whether its client can be asked nothing and has asked to be told nothing.
    pub(super) plain: bool,
}

/// What a session's client wants to be told beside its calls.
#[derive(Default)]
pub(super) struct KeptWishes {
    /// How grave a message must be.
    pub(super) level: Option<String>,
    /// Addresses of resources.
    pub(super) watched: Vec<String>,
}

impl Kept {
    pub(super) fn new(redis: Redis) -> Self {
        Self { redis }
    }

    pub(super) async fn own(&self, id: &str, owner: &Owner) -> Result<(), TeamError> {
        let text = serde_json::to_string(owner).unwrap_or_default();
        self.redis.keep(&owner_of(id), &text, IDLE).await
    }

    /// Whose it is, if there is still such a session; it was used just now.
    pub(super) async fn owner(&self, id: &str) -> Result<Option<Owner>, TeamError> {
        let (owner, beginning, wishes) = (owner_of(id), beginning_of(id), wishes_of(id));
        // All live as long as any is used.
        let (owner, beginning, ()) = futures::try_join!(
            self.redis.kept(&owner, IDLE),
            self.redis.kept(&beginning, IDLE),
            self.redis.stays(&wishes, IDLE)
        )?;
        Ok(owner.zip(beginning).and_then(|(owner, _)| serde_json::from_str(&owner).ok()))
    }

    pub(super) async fn wishes(&self, id: &str) -> Result<KeptWishes, TeamError> {
        let mut wishes = KeptWishes::default();
        for (name, text) in self.redis.noted(&wishes_of(id)).await? {
            match name.strip_prefix(WATCHED) {
                Some(uri) => wishes.watched.push(uri.to_owned()),
                None => wishes.level = Some(text),
            }
        }
        Ok(wishes)
    }

    pub(super) async fn wish_level(&self, id: &str, level: &str) -> Result<(), TeamError> {
        self.redis.note(&wishes_of(id), LEVEL, level, IDLE).await
    }

    pub(super) async fn wish_to_watch(&self, id: &str, uri: &str) -> Result<(), TeamError> {
        self.redis.note(&wishes_of(id), &format!("{WATCHED}{uri}"), "", IDLE).await
    }

    pub(super) async fn wish_no_more(&self, id: &str, uri: &str) -> Result<(), TeamError> {
        self.redis.strike(&wishes_of(id), &format!("{WATCHED}{uri}")).await
    }
}

impl SessionStore for Kept {
    fn load<'a, 'b, 'c>(&'a self, id: &'b str) -> BoxFuture<'c, Result<Option<SessionState>, SessionStoreError>>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        let loading = async move {
            let Some(text) = self.redis.kept(&beginning_of(id), IDLE).await? else { return Ok(None) };
            Ok(Some(serde_json::from_str(&text)?))
        };
        loading.boxed()
    }

    fn store<'a, 'b, 's, 'c>(
        &'a self,
        id: &'b str,
        state: &'s SessionState,
    ) -> BoxFuture<'c, Result<(), SessionStoreError>>
    where
        'a: 'c,
        'b: 'c,
        's: 'c,
        Self: 'c,
    {
        async move { Ok(self.redis.keep(&beginning_of(id), &serde_json::to_string(state)?, IDLE).await?) }.boxed()
    }

    fn delete<'a, 'b, 'c>(&'a self, id: &'b str) -> BoxFuture<'c, Result<(), SessionStoreError>>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        async move {
            self.redis.forget(&owner_of(id)).await?;
            self.redis.forget(&wishes_of(id)).await?;
            Ok(self.redis.forget(&beginning_of(id)).await?)
        }
        .boxed()
    }
}

fn owner_of(id: &str) -> String {
    format!("session-owner:{id}")
}

/// What its client said of itself when it began.
fn beginning_of(id: &str) -> String {
    format!("session-beginning:{id}")
}

fn wishes_of(id: &str) -> String {
    format!("session-wishes:{id}")
}
