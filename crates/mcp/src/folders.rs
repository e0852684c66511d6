//! The folders that the server of one session knows of.
//!
//! Servers up to 2025-11-25 ask for them once and keep the answer, for the calls of every conversation. One that knows
//! others than a call brings is told that they changed, and the call leaves after it has asked anew. Of calls that run
//! at the same time the newest decides: such a server knows but one list.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::FutureExt;
use serde_json::Value;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use crate::{
    exchange::Exchange,
    questions,
    session::{Era, Session},
};

/// A server that is told of other folders and does not ask for them within that time is not waited for again.
const ASKING: Duration = Duration::from_secs(1);

/// What a server was told last. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub(crate) struct Folders {
    told: Arc<watch::Sender<Option<Value>>>,
    is_deaf: Arc<AtomicBool>,
}

impl Folders {
    pub(crate) fn new() -> Self {
        Self { told: Arc::new(watch::Sender::new(None)), is_deaf: Arc::default() }
    }

    /// The server asked, and this is what it is told.
    pub(crate) fn tell(&self, roots: &Value) {
        self.told.send_replace(Some(roots.clone()));
    }
}

impl Exchange<'_> {
    /// Lets a server that keeps what it was told learn of the folders of this request.
    pub(crate) async fn tell_folders(&mut self) {
        let Some(answers) = self.terms.answers.as_ref().filter(|_| self.terms.passing.owner.is_none()) else { return };
        let (session, wanted): (&Session, _) = (self.session, questions::roots(&answers.roots()));
        let mut told = session.folders.told.subscribe();
        let is_right = |told: &Option<Value>| told.as_ref().is_none_or(|told| *told == wanted);
        if session.era == Era::Modern || is_right(&told.borrow()) {
            return;
        }
        session.roots_changed().await;
        if session.folders.is_deaf.load(Ordering::Relaxed) {
            return;
        }
        let until = Instant::now() + ASKING;
        loop {
            tokio::select! {
                biased;
                () = self.terms.stop.cancelled() => return,
                () = session.closed.cancelled() => return,
                Some(inquiry) = self.registered.inquiries.recv() => {
                    // It may ask something else just now, of a person who takes time.
                    tokio::spawn(self.answering(inquiry).map(|(reply, answer)| drop(reply.send(answer))));
                }
                known = told.wait_for(is_right) => {
                    drop(known);
                    break;
                }
                () = sleep_until(until) => return session.folders.is_deaf.store(true, Ordering::Relaxed),
            }
        }
        // Whoever answers this has read what it was told.
        let _ = session.ping(ASKING).await;
    }
}
