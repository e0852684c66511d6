//! Waiting in this process: for a gateway that is one alone.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use chat::VisitorCall;
use futures::{FutureExt, future::BoxFuture};
use tokio::sync::{oneshot, watch};
use uuid::Uuid;

use super::{Answerer, Kept, MOST, NotEntered, NotTaken, Pending, Unreachable, Verdict, Verdicts, Waiting};

/// The calls that wait, oldest first.
#[derive(Default)]
pub(crate) struct Here {
    waiting: Mutex<BTreeMap<Uuid, Asking>>,
    /// The same, as faces are shown them.
    shown: watch::Sender<Vec<VisitorCall>>,
}

struct Asking {
    kept: Kept,
    answer: oneshot::Sender<Verdict>,
}

impl Here {
    fn enter_now(&self, asked: &Kept) -> Result<Verdicts, NotEntered> {
        let (answer, heard) = oneshot::channel();
        let mut waiting = self.lock();
        if waiting.len() >= MOST {
            return Err(NotEntered::Full);
        }
        waiting.insert(asked.shown.id, Asking { kept: asked.clone(), answer });
        drop(waiting);
        self.tell();
        Ok(heard.map(Result::ok).boxed())
    }

    fn answer_now(&self, id: Uuid, by: Answerer<'_>, verdict: Verdict) -> Result<(), NotTaken> {
        let mut waiting = self.lock();
        let asked = &waiting.get(&id).ok_or(NotTaken::Gone)?.kept;
        match by {
            Answerer::Caller(by) if asked.shown.tenant != by.tenant => return Err(NotTaken::Gone),
            Answerer::Caller(by) if asked.credential == by.credential => return Err(NotTaken::Own),
            Answerer::Caller(_) | Answerer::Window => (),
        }
        let asked = waiting.remove(&id).ok_or(NotTaken::Gone)?;
        drop(waiting);
        self.tell();
        asked.answer.send(verdict).map_err(|_| NotTaken::Gone)
    }

    fn tell(&self) {
        // Looked at while telling: whoever tells last tells what holds.
        self.shown.send_modify(|shown| *shown = self.lock().values().map(|it| it.kept.shown.to_visitor()).collect());
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Uuid, Asking>> {
        // Nothing panics while it is held; and if it did, the list would still be whole.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting for Here {
    fn enter<'a>(&'a self, asked: &'a Kept) -> BoxFuture<'a, Result<Verdicts, NotEntered>> {
        std::future::ready(self.enter_now(asked)).boxed()
    }

    fn leave(&self, id: Uuid) {
        let left = self.lock().remove(&id);
        if left.is_some() {
            self.tell();
        }
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<Pending>, Unreachable>> {
        let list = self.lock().values().map(|asking| asking.kept.shown.clone()).collect();
        std::future::ready(Ok(list)).boxed()
    }

    fn answer<'a>(&'a self, id: Uuid, by: Answerer<'a>, verdict: Verdict) -> BoxFuture<'a, Result<(), NotTaken>> {
        std::future::ready(self.answer_now(id, by, verdict)).boxed()
    }

    fn shown(&self) -> watch::Receiver<Vec<VisitorCall>> {
        self.shown.subscribe()
    }
}
