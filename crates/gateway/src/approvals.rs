//! Calls that wait for a person. Whoever asked can never answer; no answer is a no.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chat::{VisitorCall, Way};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::{oneshot, watch};
use uuid::Uuid;

use crate::caller::Caller;

/// Nobody reads more than this; beyond it, whatever would wait is refused.
const MOST: usize = 1000;

/// The calls that wait, oldest first.
#[derive(Default)]
pub(crate) struct Approvals {
    waiting: Mutex<BTreeMap<Uuid, Waiting>>,
    /// The same, as faces are shown them.
    shown: watch::Sender<Vec<VisitorCall>>,
}

struct Waiting {
    shown: Pending,
    /// Whoever asked.
    credential: Arc<str>,
    answer: oneshot::Sender<Verdict>,
}

/// One call that waits, as whoever answers sees it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Pending {
    pub(crate) id: Uuid,
    pub(crate) tool: String,
    pub(crate) tenant: Arc<str>,
    pub(crate) actor: Arc<str>,
    pub(crate) roles: Arc<[String]>,
    /// What looks secret is masked.
    pub(crate) arguments: Value,
    pub(crate) reason: String,
    pub(crate) asked_at: String,
    pub(crate) until: String,
}

impl Pending {
    fn to_visitor(&self) -> VisitorCall {
        VisitorCall {
            id: self.id.to_string(),
            way: Way::Gateway,
            who: self.actor.to_string(),
            tool: self.tool.clone(),
            server: None,
            arguments: self.arguments.clone(),
            reason: self.reason.clone(),
            conversation: None,
        }
    }
}

/// What a person said, and who.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) approved: bool,
    pub(crate) by: Arc<str>,
}

/// Why an answer was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotTaken {
    /// It is answered already, timed out, or was never there.
    Gone,
    /// It is the answerer's own call.
    Own,
}

/// A call's place among the waiting; leaving it takes the question back.
pub(crate) struct Place<'a> {
    approvals: &'a Approvals,
    pub(crate) id: Uuid,
    pub(crate) answer: oneshot::Receiver<Verdict>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.approvals.lock().remove(&self.id).is_some() {
            self.approvals.tell();
        }
    }
}

/// What is asked.
pub(crate) struct Asked<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) tool: &'a str,
    pub(crate) arguments: Value,
    pub(crate) reason: String,
    pub(crate) wait: Duration,
}

impl Approvals {
    /// Lines up; nothing where too many wait already.
    pub(crate) fn ask(&self, asked: Asked<'_>) -> Option<Place<'_>> {
        let (answer, heard) = oneshot::channel();
        let now = Timestamp::now();
        let until = now.checked_add(asked.wait).unwrap_or(now);
        let id = Uuid::now_v7();
        let shown = Pending {
            id,
            tool: asked.tool.to_owned(),
            tenant: asked.caller.tenant.clone(),
            actor: asked.caller.actor.clone(),
            roles: asked.caller.roles.clone(),
            arguments: asked.arguments,
            reason: asked.reason,
            asked_at: now.to_string(),
            until: until.to_string(),
        };
        let mut waiting = self.lock();
        if waiting.len() >= MOST {
            return None;
        }
        waiting.insert(id, Waiting { shown, credential: asked.caller.credential.clone(), answer });
        drop(waiting);
        self.tell();
        Some(Place { approvals: self, id, answer: heard })
    }

    /// What waits in this tenant.
    pub(crate) fn pending(&self, tenant: &str) -> Vec<Pending> {
        let waiting = self.lock();
        waiting
            .values()
            .filter(|waiting| &*waiting.shown.tenant == tenant)
            .map(|waiting| waiting.shown.clone())
            .collect()
    }

    pub(crate) fn answer(&self, id: Uuid, by: &Caller, approved: bool) -> Result<(), NotTaken> {
        let mut waiting = self.lock();
        let asked = waiting.get(&id).filter(|asked| asked.shown.tenant == by.tenant).ok_or(NotTaken::Gone)?;
        if asked.credential == by.credential {
            return Err(NotTaken::Own);
        }
        let asked = waiting.remove(&id).ok_or(NotTaken::Gone)?;
        drop(waiting);
        self.tell();
        let verdict = Verdict { approved, by: by.credential.clone() };
        asked.answer.send(verdict).map_err(|_| NotTaken::Gone)
    }

    /// What waits in all tenants, now and whenever it changes.
    pub(crate) fn shown(&self) -> watch::Receiver<Vec<VisitorCall>> {
        self.shown.subscribe()
    }

    /// The word of whoever sits at this machine, whose gateway it is; false where the call does not wait any more.
    pub(crate) fn answer_here(&self, id: &str, approved: bool) -> bool {
        let asked = id.parse().ok().and_then(|id: Uuid| self.lock().remove(&id));
        let Some(asked) = asked else { return false };
        self.tell();
        asked.answer.send(Verdict { approved, by: "window".into() }).is_ok()
    }

    fn tell(&self) {
        // Looked at while telling: whoever tells last tells what holds.
        self.shown.send_modify(|shown| *shown = self.lock().values().map(|it| it.shown.to_visitor()).collect());
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Uuid, Waiting>> {
        // Nothing panics while it is held; and if it did, the list would still be whole.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(key: &str, tenant: &str) -> Caller {
        Caller::new(format!("key:{key}"), key, tenant, &["Admin".to_owned()])
    }

    fn asked(caller: &Caller) -> Asked<'_> {
        let reason = "it needs a yes".to_owned();
        Asked { caller, tool: "memory_delete", arguments: Value::Null, reason, wait: Duration::from_secs(60) }
    }

    #[test]
    fn only_somebody_else_of_the_same_tenant_answers_and_only_once() {
        let approvals = Approvals::default();
        let (agent, boss, stranger) = (caller("agent", "acme"), caller("boss", "acme"), caller("boss", "umbrella"));
        let mut place = approvals.ask(asked(&agent)).unwrap();
        assert_eq!(approvals.pending("acme").len(), 1);
        assert_eq!(approvals.pending("umbrella").len(), 0);
        assert_eq!(approvals.answer(place.id, &agent, true), Err(NotTaken::Own));
        assert_eq!(approvals.answer(place.id, &stranger, true), Err(NotTaken::Gone));
        assert_eq!(approvals.answer(place.id, &boss, true), Ok(()));
        assert_eq!(approvals.answer(place.id, &boss, false), Err(NotTaken::Gone));
        assert_eq!(place.answer.try_recv().unwrap(), Verdict { approved: true, by: "key:boss".into() });
    }

    #[test]
    fn who_leaves_is_no_longer_asked_for_and_the_line_is_bounded() {
        let approvals = Approvals::default();
        let agent = caller("agent", "acme");
        let places: Vec<_> = std::iter::from_fn(|| approvals.ask(asked(&agent))).take(MOST + 5).collect();
        assert_eq!(places.len(), MOST);
        drop(places);
        assert!(approvals.pending("acme").is_empty());
    }
}
