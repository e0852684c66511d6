//! Calls that wait for a person. Whoever asked can never answer; no answer is a no.

mod here;
mod shared;

use std::{sync::Arc, time::Duration};

use chat::{VisitorCall, Way};
use futures::future::BoxFuture;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::watch;
use uuid::Uuid;

use crate::caller::Caller;

pub(crate) use here::Here;
pub(crate) use shared::Shared;

/// Nobody reads more than this; beyond it, whatever would wait is refused.
const MOST: usize = 1000;

/// Where calls wait: in this process, or where every copy of the gateway sees them.
pub(crate) trait Waiting: Send + Sync {
    /// Lines up. What is returned is the verdict, or nothing where the place was lost.
    fn enter<'a>(&'a self, asked: &'a Kept) -> BoxFuture<'a, Result<Verdicts, NotEntered>>;
    /// Takes the question back.
    fn leave(&self, id: Uuid);
    /// Everything that waits, oldest first.
    fn list(&self) -> BoxFuture<'_, Result<Vec<Pending>, Unreachable>>;
    /// Gives a person's word, which is taken once.
    fn answer<'a>(&'a self, id: Uuid, by: Answerer<'a>, verdict: Verdict) -> BoxFuture<'a, Result<(), NotTaken>>;
    /// What waits, as a window shows it. A window's own gateway is one alone: with copies nothing is ever told.
    fn shown(&self) -> watch::Receiver<Vec<VisitorCall>>;
}

/// A verdict to come.
pub(crate) type Verdicts = BoxFuture<'static, Option<Verdict>>;

/// A call that waits, and whose it is.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Kept {
    #[serde(flatten)]
    shown: Pending,
    /// Whoever asked.
    credential: Arc<str>,
}

/// One call that waits, as whoever answers sees it.
#[derive(Debug, Clone, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Verdict {
    pub(crate) approved: bool,
    pub(crate) by: Arc<str>,
}

/// Who gives a word.
#[derive(Clone, Copy)]
pub(crate) enum Answerer<'a> {
    /// Whoever sits at this machine, whose gateway it is.
    Window,
    Caller(&'a Caller),
}

/// Why a call does not wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotEntered {
    /// Too many wait already.
    Full,
    Unreachable,
}

/// Where the copies keep what waits cannot be reached now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unreachable;

/// Why an answer was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotTaken {
    /// It is answered already, timed out, or was never there.
    Gone,
    /// It is the answerer's own call.
    Own,
    Unreachable,
}

/// A call's place among the waiting; leaving it takes the question back.
pub(crate) struct Place<'a> {
    waiting: &'a dyn Waiting,
    pub(crate) id: Uuid,
    pub(crate) answer: Verdicts,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.waiting.leave(self.id);
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

/// The calls that wait.
pub(crate) struct Approvals(Box<dyn Waiting>);

impl Approvals {
    pub(crate) fn new(waiting: impl Waiting + 'static) -> Self {
        Self(Box::new(waiting))
    }

    /// Lines up.
    pub(crate) async fn ask(&self, asked: Asked<'_>) -> Result<Place<'_>, NotEntered> {
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
        let answer = self.0.enter(&Kept { shown, credential: asked.caller.credential.clone() }).await?;
        Ok(Place { waiting: &*self.0, id, answer })
    }

    /// What waits in this tenant, oldest first.
    pub(crate) async fn pending(&self, tenant: &str) -> Result<Vec<Pending>, Unreachable> {
        let mut pending = self.0.list().await?;
        pending.retain(|waiting| &*waiting.tenant == tenant);
        Ok(pending)
    }

    pub(crate) async fn answer(&self, id: Uuid, by: &Caller, approved: bool) -> Result<(), NotTaken> {
        let verdict = Verdict { approved, by: by.credential.clone() };
        self.0.answer(id, Answerer::Caller(by), verdict).await
    }

    /// What waits in all tenants, now and whenever it changes.
    pub(crate) fn shown(&self) -> watch::Receiver<Vec<VisitorCall>> {
        self.0.shown()
    }

    /// The word of whoever sits at this machine; false where the call does not wait any more.
    pub(crate) async fn answer_here(&self, id: &str, approved: bool) -> bool {
        let Ok(id) = id.parse() else { return false };
        self.0.answer(id, Answerer::Window, Verdict { approved, by: "window".into() }).await.is_ok()
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

    /// The contract of wherever calls wait: `asks` and `answers` may be two copies of a gateway.
    async fn check(asks: &Approvals, answers: &Approvals) {
        let (agent, boss, stranger) = (caller("agent", "acme"), caller("boss", "acme"), caller("boss", "umbrella"));
        let mut place = asks.ask(asked(&agent)).await.unwrap();
        let other = asks.ask(asked(&agent)).await.unwrap();
        let ids: Vec<Uuid> = answers.pending("acme").await.unwrap().iter().map(|pending| pending.id).collect();
        assert_eq!(ids, [place.id, other.id], "oldest first");
        assert_eq!(answers.pending("umbrella").await.unwrap().len(), 0);
        assert_eq!(answers.answer(place.id, &agent, true).await, Err(NotTaken::Own));
        assert_eq!(answers.answer(place.id, &stranger, true).await, Err(NotTaken::Gone));
        assert_eq!(answers.answer(place.id, &boss, true).await, Ok(()));
        assert_eq!(asks.answer(place.id, &boss, false).await, Err(NotTaken::Gone));
        assert_eq!((&mut place.answer).await, Some(Verdict { approved: true, by: "key:boss".into() }));
        drop(other);
        while !answers.pending("acme").await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        let mut place = asks.ask(asked(&agent)).await.unwrap();
        assert!(answers.answer_here(&place.id.to_string(), false).await);
        assert!(!answers.answer_here(&place.id.to_string(), true).await && !answers.answer_here("none", true).await);
        assert_eq!((&mut place.answer).await, Some(Verdict { approved: false, by: "window".into() }));
        let mut places = vec![];
        let full = loop {
            match asks.ask(asked(&agent)).await {
                Ok(place) => places.push(place),
                Err(full) => break full,
            }
        };
        assert_eq!((full, places.len()), (NotEntered::Full, MOST));
    }

    #[tokio::test]
    async fn waiting_here_keeps_the_contract() {
        let approvals = Approvals::new(Here::default());
        check(&approvals, &approvals).await;
        assert!(approvals.pending("acme").await.unwrap().is_empty(), "who leaves is no longer asked for");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn waiting_where_all_copies_see_it_keeps_the_contract_and_what_is_lost_is_a_no() {
        let mut server = testkit::TestRedis::start();
        let url = server.url();
        let copy = async || Approvals::new(Shared::new(team::Redis::connect(&url, "door").await.unwrap()));
        let (asks, answers) = (copy().await, copy().await);
        check(&asks, &answers).await;
        while !answers.pending("acme").await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        let agent = caller("agent", "acme");
        let mut place = asks.ask(asked(&agent)).await.unwrap();
        server.start_again();
        assert_eq!((&mut place.answer).await, None, "it came back without the question");
        server.kill();
        assert_eq!(asks.ask(asked(&agent)).await.err(), Some(NotEntered::Unreachable));
        assert_eq!(answers.answer(place.id, &agent, true).await, Err(NotTaken::Unreachable));
    }
}
