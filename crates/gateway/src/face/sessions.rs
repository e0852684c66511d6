//! Sessions of the older revisions: each belongs to the credential that began it, and to no other.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rmcp::transport::streamable_http_server::session::{SessionManager, local::LocalSessionManager};
use tokio_util::sync::CancellationToken;

use super::kept::{Kept, Owner};

/// A client that comes back later begins anew, which the protocol provides for.
pub(super) const IDLE: Duration = Duration::from_secs(3600);
/// How long a copy trusts what it knows of a session that any copy may end.
const TRUST: Duration = Duration::from_secs(1);
/// Of one credential: more are the sign of a client that forgets its own.
const MOST: usize = 1000;

pub(super) struct Sessions {
    known: Mutex<HashMap<String, Session>>,
    /// What all copies know, where there are several.
    kept: Option<Kept>,
}

struct Session {
    credential: Arc<str>,
    used: Instant,
    /// When it was last known to be a session still.
    seen: Instant,
    /// Whether another copy has ended it.
    over: bool,
    /// Calls that run beside the session, by the id of their request.
    running: HashMap<String, CancellationToken>,
    /// Whether its client can be asked nothing and has asked to be told nothing.
    plain: bool,
}

impl Session {
    fn of(owner: Owner) -> Self {
        let now = Instant::now();
        Self {
            credential: owner.credential,
            used: now,
            seen: now,
            over: false,
            running: HashMap::new(),
            plain: owner.plain,
        }
    }
}

impl Sessions {
    pub(super) fn new(kept: Option<Kept>) -> Self {
        Self { known: Mutex::default(), kept }
    }

    /// `plain`: its client can be asked nothing.
    pub(super) async fn begin(&self, id: &str, credential: &Arc<str>, plain: bool) {
        let owner = Owner { credential: credential.clone(), plain };
        self.own(id, &owner).await;
        self.lock().insert(id.to_owned(), Session::of(owner));
    }

    /// Tells the other copies. Where that fails the session is this copy's alone.
    async fn own(&self, id: &str, owner: &Owner) {
        if let Some(kept) = &self.kept
            && let Err(error) = kept.own(id, owner).await
        {
            tracing::warn!(%error, "a session is known to this copy alone");
        }
    }

    pub(super) fn end(&self, id: &str) {
        self.lock().remove(id);
    }

    /// Whether it is this caller's; if so, it was used just now.
    pub(super) async fn belongs_to(&self, id: &str, credential: &str) -> bool {
        let here = self.lock().get_mut(id).map(|session| {
            let is_own = *session.credential == *credential && !session.over;
            if is_own {
                session.used = Instant::now();
            }
            (is_own, session.seen.elapsed() < TRUST)
        });
        match (&self.kept, here) {
            (Some(kept), None | Some((true, false))) => self.asked(kept, id, credential).await,
            (_, here) => here.is_some_and(|(is_own, _)| is_own),
        }
    }

    /// The same by what all copies know. A session that another copy has ended is none here either.
    async fn asked(&self, kept: &Kept, id: &str, credential: &str) -> bool {
        let owner = kept.owner(id).await;
        let mut known = self.lock();
        match (owner, known.get_mut(id)) {
            (Ok(Some(owner)), Some(session)) if *owner.credential == *credential => {
                (session.seen, session.plain) = (Instant::now(), owner.plain);
            }
            (Ok(Some(owner)), None) if *owner.credential == *credential => {
                known.insert(id.to_owned(), Session::of(owner));
            }
            (Ok(None), Some(session)) => session.over = true,
            (Ok(_), _) => (),
            (Err(error), _) => tracing::warn!(%error, "whose a session is cannot be asked"),
        }
        // Whoever asks for somebody else's changes nothing for them.
        known.get(id).is_some_and(|session| !session.over && *session.credential == *credential)
    }

    pub(super) fn is_plain(&self, id: &str) -> bool {
        self.lock().get(id).is_some_and(|session| session.plain)
    }

    /// Its client wants to be told what servers write.
    pub(super) async fn listens(&self, id: &str) {
        let told = self.lock().get_mut(id).filter(|session| session.plain).map(|session| {
            session.plain = false;
            Owner { credential: session.credential.clone(), plain: false }
        });
        if let Some(owner) = told {
            self.own(id, &owner).await;
        }
    }

    /// A call of the session that can be cancelled by its request's id.
    pub(super) fn running(&self, id: &str, request: &str, stop: CancellationToken) {
        if let Some(session) = self.lock().get_mut(id) {
            session.running.insert(request.to_owned(), stop);
        }
    }

    pub(super) fn concluded(&self, id: &str, request: &str) -> Option<CancellationToken> {
        self.lock().get_mut(id)?.running.remove(request)
    }

    /// Whether the credential has so many sessions that one more is too many.
    pub(super) fn is_full(&self, credential: &str) -> bool {
        self.lock().values().filter(|session| *session.credential == *credential).count() >= MOST
    }

    /// Ends the sessions that nobody uses any more, here: where another copy goes on with one, it goes on.
    pub(super) async fn tidy(&self, manager: &LocalSessionManager) {
        let idle: Vec<String> = {
            let mut known = self.lock();
            let is_idle = |session: &Session| session.used.elapsed() > IDLE && session.running.is_empty();
            let idle = known.iter().filter(|(_, session)| session.over || is_idle(session));
            let idle: Vec<String> = idle.map(|(id, _)| id.clone()).collect();
            idle.iter().for_each(|id| drop(known.remove(id)));
            idle
        };
        for id in idle {
            if let Err(error) = manager.close_session(&id.into()).await {
                tracing::debug!(%error, "an idle session had ended already");
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
