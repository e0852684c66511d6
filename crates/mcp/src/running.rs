//! The requests that a session works on, so that what the server asks meanwhile finds the one it belongs to.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use rmcp::model::RequestId;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use crate::{
    Answers,
    questions::{Asked, Question, Unanswerable},
};

/// A server's request on its way to whoever answers for a call.
pub(crate) struct Inquiry {
    pub(crate) asked: Asked,
    pub(crate) question: Question,
    pub(crate) reply: oneshot::Sender<Result<Value, Unanswerable>>,
}

/// Cheap to clone; all clones are the same list.
#[derive(Clone, Default)]
pub(crate) struct Running {
    calls: Arc<Mutex<Vec<Entry>>>,
    serials: Arc<AtomicU64>,
}

struct Entry {
    serial: u64,
    /// Unknown for the moment between sending and having sent.
    id: Option<RequestId>,
    whose: Whose,
    inquiries: mpsc::UnboundedSender<Inquiry>,
}

/// Who made a request, and who hears what the server says meanwhile.
#[derive(Clone, Default)]
pub(crate) struct Whose {
    /// Of somebody else, for whom it is passed on; nothing where it is our own.
    pub(crate) owner: Option<Arc<str>>,
    pub(crate) answers: Option<Arc<dyn Answers>>,
}

/// A request that runs for as long as this lives.
pub(crate) struct Registered {
    running: Running,
    serial: u64,
    pub(crate) inquiries: mpsc::UnboundedReceiver<Inquiry>,
}

impl Running {
    pub(crate) fn register(&self, whose: Whose) -> Registered {
        let serial = self.serials.fetch_add(1, Ordering::Relaxed);
        let (send, inquiries) = mpsc::unbounded_channel();
        self.calls().push(Entry { serial, id: None, whose, inquiries: send });
        Registered { running: self.clone(), serial, inquiries }
    }

    pub(crate) fn has_run(&self) -> bool {
        self.serials.load(Ordering::Relaxed) > 0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.calls().is_empty()
    }

    /// The request that a question belongs to: the one on whose stream it came, else the newest. Where a
    /// transport has but one stream nothing else can be known; and where requests of several owners run there, not
    /// even that: then it belongs to nobody, rather than to the wrong one.
    pub(crate) fn of(&self, origin: Option<&RequestId>) -> Option<mpsc::UnboundedSender<Inquiry>> {
        let calls = self.calls();
        let named = calls.iter().find(|call| origin.is_some() && call.id.as_ref() == origin);
        named.or_else(|| newest_of_one_owner(&calls)).map(|call| call.inquiries.clone())
    }

    /// Who hears a message that the server wrote for its log.
    pub(crate) fn listener(&self) -> Option<Arc<dyn Answers>> {
        newest_of_one_owner(&self.calls()).and_then(|call| call.whose.answers.clone())
    }

    fn calls(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn newest_of_one_owner(calls: &[Entry]) -> Option<&Entry> {
    let last = calls.last()?;
    calls.iter().all(|call| call.whose.owner == last.whose.owner).then_some(last)
}

impl Registered {
    /// Names the request under which it was sent, also when it is sent anew.
    pub(crate) fn sent_as(&self, id: &RequestId) {
        let mut calls = self.running.calls();
        if let Some(call) = calls.iter_mut().find(|call| call.serial == self.serial) {
            call.id = Some(id.clone());
        }
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.running.calls().retain(|call| call.serial != self.serial);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_belongs_to_its_stream_or_to_the_newest_call() {
        let running = Running::default();
        assert!(running.of(None).is_none() && running.is_empty());
        let mine = |owner: &str| Whose { owner: Some(owner.into()), answers: None };
        let (first, mut second) = (running.register(mine("a")), running.register(mine("a")));
        first.sent_as(&RequestId::Number(1));
        second.sent_as(&RequestId::Number(2));
        let ask = |origin: Option<i64>| {
            let (reply, _) = oneshot::channel();
            let question = Question { method: "roots/list".into(), params: Value::Null };
            let call = running.of(origin.map(RequestId::Number).as_ref()).unwrap();
            call.send(Inquiry { asked: Asked::Roots, question, reply }).is_ok()
        };
        assert!(ask(None) && second.inquiries.try_recv().is_ok());
        assert!(ask(Some(1)) && second.inquiries.try_recv().is_err());
        let other = running.register(mine("b"));
        assert!(running.of(None).is_none() && running.of(Some(&RequestId::Number(1))).is_some());
        drop((second, other));
        let mut first = first;
        assert!(first.inquiries.try_recv().is_ok() && ask(Some(2)) && first.inquiries.try_recv().is_ok());
    }
}
