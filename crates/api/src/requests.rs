//! What is being answered now, and what was a moment ago: for whoever watches.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use chat::{ModelRef, RequestState, Usage, VisitorRequest};
use jiff::Timestamp;

use crate::api::Api;
use crate::caller::Caller;
use crate::error::ApiError;

/// So many are remembered; of those that run, all that were not crowded out by newer ones.
const MOST: usize = 50;

/// The latest requests, oldest first.
#[derive(Default)]
pub(crate) struct Requests(Mutex<Latest>);

#[derive(Default)]
struct Latest {
    next: u64,
    list: VecDeque<VisitorRequest>,
}

impl Requests {
    /// Newest first.
    pub(crate) fn list(&self) -> Vec<VisitorRequest> {
        self.latest().list.iter().rev().cloned().collect()
    }

    fn begin(&self, who: &str, what: &str) -> u64 {
        let mut latest = self.latest();
        latest.next += 1;
        let id = latest.next;
        latest.list.push_back(VisitorRequest {
            id,
            at: u64::try_from(Timestamp::now().as_millisecond()).unwrap_or_default(),
            who: who.to_owned(),
            what: what.to_owned(),
            state: RequestState::Running,
            duration_ms: None,
            tokens: None,
        });
        if latest.list.len() > MOST {
            latest.list.pop_front();
        }
        id
    }

    fn change(&self, id: u64, change: impl FnOnce(&mut VisitorRequest)) {
        if let Some(request) = self.latest().list.iter_mut().find(|request| request.id == id) {
            change(request);
        }
    }

    fn latest(&self) -> MutexGuard<'_, Latest> {
        // Every statement leaves it whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request under way. Whoever drops it before it was answered has left.
pub(crate) struct Running {
    api: Arc<Api>,
    who: String,
    id: u64,
    began: Instant,
    state: RequestState,
}

impl Running {
    pub(crate) fn begin(api: &Arc<Api>, caller: &Caller, what: &str) -> Self {
        api.metrics.begun();
        let id = api.requests.begin(&caller.name, what);
        let (who, began) = (caller.name.clone(), Instant::now());
        Self { api: api.clone(), who, id, began, state: RequestState::Left }
    }

    /// Which model is asked.
    pub(crate) fn asks(&self, model: &ModelRef) {
        self.api.requests.change(self.id, |request| request.what = format!("{} · {}", request.what, model.model));
    }

    /// Counts what the model read and wrote.
    pub(crate) fn used(&self, usage: Usage) {
        self.api.metrics.used(usage);
        let tokens = usage.input + usage.output;
        self.api.keys.count(&self.who, tokens);
        self.api.requests.change(self.id, |request| *request.tokens.get_or_insert(0) += tokens);
    }

    pub(crate) fn answered(&mut self) {
        self.state = RequestState::Answered;
    }

    pub(crate) fn failed(&mut self, error: &ApiError) {
        self.api.metrics.failed();
        self.state = RequestState::Failed { code: error.code().to_owned() };
    }

    /// The same result; an error is noted.
    pub(crate) fn noting<T>(&mut self, result: Result<T, ApiError>) -> Result<T, ApiError> {
        result.inspect_err(|error| self.failed(error))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.api.metrics.ended();
        let took = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let state = std::mem::replace(&mut self.state, RequestState::Left);
        self.api.requests.change(self.id, |request| {
            (request.state, request.duration_ms) = (state, Some(took));
        });
    }
}
