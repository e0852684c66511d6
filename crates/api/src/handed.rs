//! Calls that were handed to callers to run: what had happened before them is remembered until their results come.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use chat::Item;

/// Of so many calls at once; the oldest are forgotten first. A caller then gets its answer all the same, only without
/// what our own tools had returned before.
const MOST: usize = 1_000;

/// Answers that wait for results of the caller's own tools, by the ids of those calls.
#[derive(Default)]
pub(crate) struct Handed(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    by_call: HashMap<String, Arc<Vec<Item>>>,
    order: VecDeque<String>,
}

impl Handed {
    /// Remembers what led to these calls.
    pub(crate) fn put(&self, calls: &[String], items: Vec<Item>) {
        let items = Arc::new(items);
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for call in calls {
            waiting.by_call.insert(call.clone(), items.clone());
            waiting.order.push_back(call.clone());
        }
        while waiting.order.len() > MOST {
            if let Some(oldest) = waiting.order.pop_front() {
                waiting.by_call.remove(&oldest);
            }
        }
    }

    /// What led to this call. It stays: a caller may ask twice.
    pub(crate) fn get(&self, call: &str) -> Option<Arc<Vec<Item>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).by_call.get(call).cloned()
    }
}
