//! Waiting where every copy of the gateway sees it: a word given at one is taken by the one that holds the call.

use std::sync::Arc;

use chat::VisitorCall;
use futures::{FutureExt, future::BoxFuture};
use team::{Party, Redis, TeamError, Told};
use tokio::sync::watch;
use uuid::Uuid;

use super::{Answerer, Kept, MOST, NotEntered, NotTaken, Pending, Unreachable, Verdict, Verdicts, Waiting};

pub(crate) struct Shared {
    waiting: Arc<team::Waiting>,
    shown: watch::Sender<Vec<VisitorCall>>,
}

impl Shared {
    pub(crate) fn new(redis: Redis) -> Self {
        Self { waiting: team::Waiting::new(redis), shown: watch::Sender::default() }
    }
}

impl Waiting for Shared {
    fn enter<'a>(&'a self, asked: &'a Kept) -> BoxFuture<'a, Result<Verdicts, NotEntered>> {
        let entering = async {
            let text = serde_json::to_string(asked).map_err(|_| NotEntered::Unreachable)?;
            let entered = self.waiting.enter(asked.shown.id, &text, MOST).await;
            let heard = entered.map_err(|error| {
                log(&error);
                NotEntered::Unreachable
            })?;
            let heard = heard.ok_or(NotEntered::Full)?;
            let verdict = async {
                let word = heard.await.ok()?.inspect_err(log).ok()?;
                serde_json::from_str(&word).ok()
            };
            Ok(verdict.boxed())
        };
        entering.boxed()
    }

    fn leave(&self, id: Uuid) {
        self.waiting.leave(id);
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<Pending>, Unreachable>> {
        let listing = async {
            let list = self.waiting.list().await.map_err(|error| {
                log(&error);
                Unreachable
            })?;
            // What another release wrote in other words cannot be shown; it waits for somebody who can read it.
            let mut list: Vec<Pending> =
                list.iter().filter_map(|text| Some(serde_json::from_str::<Kept>(text).ok()?.shown)).collect();
            list.sort_by_key(|pending| pending.id);
            Ok(list)
        };
        listing.boxed()
    }

    fn answer<'a>(&'a self, id: Uuid, by: Answerer<'a>, verdict: Verdict) -> BoxFuture<'a, Result<(), NotTaken>> {
        let answering = async move {
            let by = match by {
                Answerer::Window => None,
                Answerer::Caller(by) => Some(Party { tenant: &by.tenant, credential: &by.credential }),
            };
            let word = serde_json::to_string(&verdict).map_err(|_| NotTaken::Unreachable)?;
            match self.waiting.answer(id, by, &word).await {
                Ok(Told::Taken) => Ok(()),
                Ok(Told::Gone) => Err(NotTaken::Gone),
                Ok(Told::Own) => Err(NotTaken::Own),
                Err(error) => {
                    log(&error);
                    Err(NotTaken::Unreachable)
                }
            }
        };
        answering.boxed()
    }

    fn shown(&self) -> watch::Receiver<Vec<VisitorCall>> {
        self.shown.subscribe()
    }
}

fn log(error: &TeamError) {
    tracing::error!(%error, "calls that wait for a person cannot be seen to");
}
