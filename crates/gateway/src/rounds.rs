//! Requests in several rounds: the client repeats them with answers to what was asked. What has to be known again
//! travels with the client, sealed; a call that waits in the middle waits here.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use mcp::{PassedOn, Question};
use rmcp::model::{RequestStateCodec, RequestStateError, SealOptions};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use team::Redis;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};
use tokio_util::sync::DropGuard;
use uuid::Uuid;

use crate::{answer::Answer, line::Told};

/// How long a client may take to come back.
const PATIENCE: Duration = Duration::from_secs(600);
/// Calls that wait for clients to come back; one more is answered as if its client could not be asked.
const MOST: usize = 1000;

/// What a client carries from one round to the next.
#[derive(Serialize, Deserialize, Default, Debug, PartialEq)]
pub(crate) struct State {
    /// What whoever asked wants back.
    #[serde(default)]
    pub(crate) theirs: Option<String>,
    /// A person has agreed to the request: good for one more round.
    #[serde(default)]
    pub(crate) agreed: Option<Uuid>,
    /// The call that waits here for the answers.
    #[serde(default)]
    pub(crate) held: Option<Uuid>,
}

/// A call in the middle, with what it wants to know.
pub(crate) struct Held {
    pub(crate) running: JoinHandle<Answer>,
    pub(crate) heard: mpsc::Receiver<Told>,
    open: BTreeMap<String, (Question, oneshot::Sender<PassedOn>)>,
    /// Ends the call when nobody comes back for it.
    pub(crate) stop: Option<DropGuard>,
    asked: usize,
    since: Instant,
}

impl Held {
    pub(crate) fn new(running: JoinHandle<Answer>, heard: mpsc::Receiver<Told>, stop: DropGuard) -> Self {
        Self { running, heard, open: BTreeMap::new(), stop: Some(stop), asked: 0, since: Instant::now() }
    }

    /// Hands the answers to whoever asked. What was not answered stays open.
    pub(crate) fn take_in(&mut self, answers: &Map<String, Value>) {
        for (key, answer) in answers {
            if answer.is_object()
                && let Some((_, reply)) = self.open.remove(key)
            {
                // The server may have taken its question back.
                let _ = reply.send(Ok(answer.clone()));
            }
        }
    }

    pub(crate) fn put(&mut self, question: Question, reply: oneshot::Sender<PassedOn>) {
        self.asked += 1;
        self.open.insert(format!("question-{}", self.asked), (question, reply));
    }

    /// Whether anything is to be answered that is still wanted.
    pub(crate) fn has_questions(&mut self) -> bool {
        self.open.retain(|_, (_, reply)| !reply.is_closed());
        !self.open.is_empty()
    }

    /// What the client is to answer, as the protocol writes it.
    pub(crate) fn questions(&self) -> Value {
        let questions = self
            .open
            .iter()
            .map(|(key, (question, _))| (key.clone(), json!({ "method": question.method, "params": question.params })));
        Value::Object(questions.collect())
    }
}

/// The request to which a state belongs: whose, which, and with what.
pub(crate) fn binding(credential: &str, method: &str, name: &str, arguments: &Map<String, Value>) -> Vec<u8> {
    let arguments = serde_json::to_vec(arguments).unwrap_or_default();
    let mut digest = Sha256::new();
    for part in [credential.as_bytes(), method.as_bytes(), name.as_bytes(), &arguments] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().to_vec()
}

pub(crate) struct Rounds {
    codec: RequestStateCodec,
    held: Mutex<HashMap<Uuid, Held>>,
    agreed: Agreements,
}

/// Where it is noted that a person has agreed, good for one more round each.
enum Agreements {
    Here(Mutex<HashMap<Uuid, Instant>>),
    /// Any copy may be asked for the next round.
    Shared(Redis),
}

/// What states are sealed with. Copies have one in common.
pub(crate) fn fresh_key() -> String {
    [Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4()].map(|id| id.simple().to_string()).concat()
}

impl Rounds {
    pub(crate) fn new(key: String, redis: Option<Redis>) -> Result<Self, RequestStateError> {
        let codec = RequestStateCodec::try_new(key.into_bytes())?;
        let agreed = redis.map_or_else(|| Agreements::Here(Mutex::default()), Agreements::Shared);
        Ok(Self { codec, held: Mutex::default(), agreed })
    }

    pub(crate) fn seal(&self, state: &State, binding: &[u8]) -> Option<String> {
        let options = SealOptions::new().associated_data(binding).ttl(PATIENCE);
        self.codec.seal_json_with(state, &options).ok()
    }

    /// Nothing where it was not made here for this very request, or too long ago.
    pub(crate) fn open(&self, sealed: &str, binding: &[u8]) -> Option<State> {
        self.codec.open_json_with(sealed, binding).ok()
    }

    /// Keeps a call until its client comes back; gives it back where too many wait already.
    pub(crate) fn hold(&self, held: Held) -> Result<Uuid, Box<Held>> {
        let mut all = self.lock();
        if all.len() >= MOST {
            return Err(Box::new(held));
        }
        let id = Uuid::new_v4();
        all.insert(id, Held { since: Instant::now(), ..held });
        Ok(id)
    }

    /// Notes that a person has agreed to a request of which more rounds follow. Where it cannot be noted, they are asked
    /// again.
    pub(crate) async fn agree(&self) -> Option<Uuid> {
        let id = Uuid::new_v4();
        match &self.agreed {
            Agreements::Here(agreed) => {
                lock(agreed).insert(id, Instant::now());
                Some(id)
            }
            Agreements::Shared(redis) => match redis.keep(&name(&id), "", PATIENCE).await {
                Ok(()) => Some(id),
                Err(error) => {
                    tracing::warn!(%error, "a person will be asked again");
                    None
                }
            },
        }
    }

    /// Whether that was noted and not used before.
    pub(crate) async fn has_agreed(&self, id: &Uuid) -> bool {
        match &self.agreed {
            Agreements::Here(agreed) => lock(agreed).remove(id).is_some(),
            Agreements::Shared(redis) => redis.take(&name(id)).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "a person will be asked again");
                false
            }),
        }
    }

    pub(crate) fn resume(&self, id: &Uuid) -> Option<Held> {
        self.lock().remove(id)
    }

    /// Ends the calls whose clients never came back.
    pub(crate) fn tidy(&self) {
        self.lock().retain(|_, held| held.since.elapsed() < PATIENCE);
        if let Agreements::Here(agreed) = &self.agreed {
            lock(agreed).retain(|_, since| since.elapsed() < PATIENCE);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Held>> {
        lock(&self.held)
    }
}

fn name(agreement: &Uuid) -> String {
    format!("agreed:{agreement}")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_state_is_good_for_its_own_request_alone() {
        let key = fresh_key();
        let rounds = Rounds::new(key.clone(), None).unwrap();
        let arguments = |value: Value| value.as_object().unwrap().clone();
        let own = binding("key:a", "tools/call", "pay", &arguments(json!({ "sum": 1 })));
        let state = State { theirs: Some("s".into()), agreed: rounds.agree().await, held: None };
        let sealed = rounds.seal(&state, &own).unwrap();
        assert_eq!(rounds.open(&sealed, &own).as_ref(), Some(&state));
        for (credential, tool, sum) in [("key:b", "pay", 1), ("key:a", "pay", 2), ("key:a", "play", 1)] {
            let other = binding(credential, "tools/call", tool, &arguments(json!({ "sum": sum })));
            assert!(rounds.open(&sealed, &other).is_none(), "{credential} {tool} {sum}");
        }
        let agreed = rounds.agree().await.unwrap();
        assert!(rounds.has_agreed(&agreed).await && !rounds.has_agreed(&agreed).await);
        assert!(rounds.open(&format!("{sealed}-TAMPERED"), &own).is_none());
        assert!(Rounds::new(fresh_key(), None).unwrap().open(&sealed, &own).is_none());
        // Copies seal with one key.
        assert_eq!(Rounds::new(key, None).unwrap().open(&sealed, &own), Some(state));
    }
}
