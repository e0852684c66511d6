//! What a session's client wants to be told beside its calls. Where there are several copies it lies where all of them
//! find it: whichever goes on with the session goes on telling.

use std::sync::{Arc, Mutex, PoisonError};

use http::request::Parts;
use rmcp::{ErrorData, model::Extensions};
use team::TeamError;
use tokio::sync::{
    OnceCell,
    broadcast::{Receiver, error::RecvError},
};

use crate::{
    caller::Caller,
    gateway::{Inner, News},
};

use super::{hear::Watched, http::SESSION, kept::Kept};

/// What is told where nothing else was asked for.
const USUAL: &str = "info";

#[derive(Clone)]
pub(super) struct Wishes(Arc<All>);

struct All {
    /// How grave a message must be.
    level: Mutex<String>,
    watched: Watched,
    kept: Option<Kept>,
    recalled: OnceCell<()>,
    /// Was watched at another copy; what it belongs to is not there yet.
    missing: tokio::sync::Mutex<Vec<String>>,
}

/// Of what session a request is, and who sent it.
struct Asker<'a> {
    session: &'a str,
    caller: &'a Arc<Caller>,
}

impl<'a> Asker<'a> {
    fn of(said: &'a Extensions) -> Option<Self> {
        let parts = said.get::<Parts>()?;
        let session = parts.headers.get(SESSION)?.to_str().ok()?;
        Some(Self { session, caller: parts.extensions.get()? })
    }
}

impl Wishes {
    pub(super) fn new(kept: Option<Kept>) -> Self {
        let level = Mutex::new(USUAL.to_owned());
        let (watched, recalled, missing) = (Watched::default(), OnceCell::new(), tokio::sync::Mutex::default());
        Self(Arc::new(All { level, watched, kept, recalled, missing }))
    }

    pub(super) fn level(&self) -> String {
        self.0.level.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn watched(&self) -> &Watched {
        &self.0.watched
    }

    /// What was asked for at another copy holds here, too, from now on. Whether all of it does.
    pub(super) async fn recall(&self, inner: &Inner, said: &Extensions) -> bool {
        let Some((kept, asker)) = self.0.kept.as_ref().zip(Asker::of(said)) else { return true };
        let recalling = self.0.recalled.get_or_try_init(async || {
            let wishes = kept.wishes(asker.session).await?;
            if let Some(level) = &wishes.level {
                self.write(inner, asker.caller, level).await;
            }
            *self.0.missing.lock().await = wishes.watched;
            Ok::<_, TeamError>(())
        });
        if let Err(error) = recalling.await {
            tracing::warn!(%error, "what a session wants to be told cannot be asked");
            return false;
        }
        let mut missing = self.0.missing.lock().await;
        let mut at = 0;
        while let Some(uri) = missing.get(at) {
            match self.0.watched.add(inner, asker.caller, uri).await {
                Ok(()) => drop(missing.remove(at)),
                Err(error) => {
                    tracing::debug!(%error, "a resource cannot be watched yet");
                    at += 1;
                }
            }
        }
        missing.is_empty()
    }

    /// The same, until nothing of it is missing any more.
    pub(super) async fn recall_all(&self, inner: &Inner, said: &Extensions) {
        let (mut changed, mut told) = (inner.changed(), inner.told.subscribe());
        while !self.recall(inner, said).await {
            tokio::select! {
                Ok(()) = changed.changed() => (),
                () = resources(&mut told) => (),
            }
        }
    }

    pub(super) async fn set_level(&self, inner: &Inner, caller: &Caller, level: &str, said: &Extensions) {
        self.recall(inner, said).await;
        self.write(inner, caller, level).await;
        self.tell(said, async |kept, session| kept.wish_level(session, level).await).await;
    }

    pub(super) async fn watch(
        &self,
        inner: &Inner,
        caller: &Arc<Caller>,
        uri: &str,
        said: &Extensions,
    ) -> Result<(), ErrorData> {
        self.recall(inner, said).await;
        self.0.watched.add(inner, caller, uri).await?;
        self.tell(said, async |kept, session| kept.wish_to_watch(session, uri).await).await;
        Ok(())
    }

    pub(super) async fn forget(&self, inner: &Inner, uri: &str, said: &Extensions) {
        self.recall(inner, said).await;
        self.0.watched.remove(uri);
        self.0.missing.lock().await.retain(|missing| missing != uri);
        self.tell(said, async |kept, session| kept.wish_no_more(session, uri).await).await;
    }

    /// Servers of the older era write down what is at least as grave, and the client is told of it.
    async fn write(&self, inner: &Inner, caller: &Caller, level: &str) {
        level.clone_into(&mut self.0.level.lock().unwrap_or_else(PoisonError::into_inner));
        if let Ok(level) = serde_json::from_value(level.into()) {
            inner.log_from(caller, level).await;
        }
    }

    /// Tells the other copies. Where that fails the wish is this copy's alone.
    async fn tell(&self, said: &Extensions, telling: impl AsyncFnOnce(&Kept, &str) -> Result<(), TeamError>) {
        let Some((kept, asker)) = self.0.kept.as_ref().zip(Asker::of(said)) else { return };
        if let Err(error) = telling(kept, asker.session).await {
            tracing::warn!(%error, "what a session wants to be told is known to this copy alone");
        }
    }
}

/// Until other resources are there than before.
async fn resources(told: &mut Receiver<News>) {
    loop {
        match told.recv().await {
            Ok(News::Resources) | Err(RecvError::Lagged(_)) => return,
            Ok(News::Prompts | News::Updated { .. }) => (),
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
