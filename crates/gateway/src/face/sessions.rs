//! Sessions of the older revisions: each belongs to the credential that began it, and to no other.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rmcp::transport::streamable_http_server::session::{SessionManager, local::LocalSessionManager};
use tokio_util::sync::CancellationToken;

/// A client that comes back later begins anew, which the protocol provides for.
const IDLE: Duration = Duration::from_secs(3600);
/// Of one credential: more are the sign of a client that forgets its own.
const MOST: usize = 1000;

#[derive(Default)]
pub(super) struct Sessions {
    known: Mutex<HashMap<String, Session>>,
}

struct Session {
    credential: Arc<str>,
    used: Instant,
    /// Calls that run beside the session, by the id of their request.
    running: HashMap<String, CancellationToken>,
    /// Whether its client can be asked nothing and has asked to be told nothing.
    plain: bool,
}

impl Sessions {
    /// `plain`: its client can be asked nothing.
    pub(super) fn begin(&self, id: &str, credential: &Arc<str>, plain: bool) {
        let session = Session { credential: credential.clone(), used: Instant::now(), running: HashMap::new(), plain };
        self.lock().insert(id.to_owned(), session);
    }

    pub(super) fn end(&self, id: &str) {
        self.lock().remove(id);
    }

    /// Whether it is this caller's; if so, it was used just now.
    pub(super) fn belongs_to(&self, id: &str, credential: &str) -> bool {
        match self.lock().get_mut(id) {
            Some(session) if *session.credential == *credential => {
                session.used = Instant::now();
                true
            }
            Some(_) | None => false,
        }
    }

    pub(super) fn is_plain(&self, id: &str) -> bool {
        self.lock().get(id).is_some_and(|session| session.plain)
    }

    /// Its client wants to be told what servers write.
    pub(super) fn listens(&self, id: &str) {
        if let Some(session) = self.lock().get_mut(id) {
            session.plain = false;
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

    /// Ends the sessions that nobody uses any more.
    pub(super) async fn tidy(&self, manager: &LocalSessionManager) {
        let idle: Vec<String> = {
            let mut known = self.lock();
            let idle = known.iter().filter(|(_, session)| session.used.elapsed() > IDLE && session.running.is_empty());
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
