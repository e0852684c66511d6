//! Calls that run now, and those of a moment ago: for whoever watches. The audit log is what counts.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use chat::{RequestState, VisitorRequest};
use jiff::Timestamp;

const MOST: usize = 50;

#[derive(Default)]
pub(crate) struct Recent(Mutex<Latest>);

#[derive(Default)]
struct Latest {
    next: u64,
    list: VecDeque<VisitorRequest>,
}

/// A call under way. Dropped before it has concluded: its caller left.
pub(crate) struct Watched<'a> {
    recent: &'a Recent,
    id: u64,
    began: Instant,
    state: RequestState,
}

impl Recent {
    /// Newest first.
    pub(crate) fn list(&self) -> Vec<VisitorRequest> {
        self.lock().list.iter().rev().cloned().collect()
    }

    pub(crate) fn begin(&self, who: &str, tool: &str) -> Watched<'_> {
        let mut latest = self.lock();
        latest.next += 1;
        let id = latest.next;
        latest.list.push_back(VisitorRequest {
            id,
            at: u64::try_from(Timestamp::now().as_millisecond()).unwrap_or_default(),
            who: who.to_owned(),
            what: tool.to_owned(),
            state: RequestState::Running,
            duration_ms: None,
            tokens: None,
        });
        if latest.list.len() > MOST {
            latest.list.pop_front();
        }
        Watched { recent: self, id, began: Instant::now(), state: RequestState::Left }
    }

    fn lock(&self) -> MutexGuard<'_, Latest> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watched<'_> {
    /// `code` as it stands in the audit log.
    pub(crate) fn concluded(mut self, code: &str) {
        self.state = match code {
            "ok" => RequestState::Answered,
            "cancelled" => RequestState::Left,
            code => RequestState::Failed { code: code.to_owned() },
        };
    }
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        let took = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let state = std::mem::replace(&mut self.state, RequestState::Left);
        if let Some(request) = self.recent.lock().list.iter_mut().rev().find(|request| request.id == self.id) {
            (request.state, request.duration_ms) = (state, Some(took));
        }
    }
}
