//! What all sessions have in common and may change while they run.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::watch;

use crate::{Answers, Root};

/// Cheap to clone; all clones are the same.
#[derive(Clone)]
pub(crate) struct Common {
    roots: Arc<watch::Sender<Vec<Root>>>,
    /// Told to sessions when they begin.
    sampling: Arc<AtomicBool>,
    /// Who answers what belongs to no request of ours; nobody until somebody is named.
    answers: Arc<OnceLock<Arc<dyn Answers>>>,
}

impl Common {
    pub(crate) fn new(sampling: bool, roots: Vec<Root>) -> Self {
        Self {
            roots: Arc::new(watch::Sender::new(roots)),
            sampling: Arc::new(AtomicBool::new(sampling)),
            answers: Arc::default(),
        }
    }

    pub(crate) fn roots(&self) -> Vec<Root> {
        self.roots.borrow().clone()
    }

    /// Whether they differ from those before.
    pub(crate) fn set_roots(&self, roots: Vec<Root>) -> bool {
        self.roots.send_if_modified(|known| {
            let differs = *known != roots;
            *known = roots;
            differs
        })
    }

    pub(crate) fn answers(&self) -> Option<Arc<dyn Answers>> {
        self.answers.get().cloned()
    }

    /// The first who is named stays.
    pub(crate) fn set_answers(&self, answers: Arc<dyn Answers>) {
        let _ = self.answers.set(answers);
    }

    pub(crate) fn sampling(&self) -> bool {
        self.sampling.load(Ordering::Relaxed)
    }

    /// Whether that is another answer than before.
    pub(crate) fn set_sampling(&self, on: bool) -> bool {
        self.sampling.swap(on, Ordering::Relaxed) != on
    }
}
