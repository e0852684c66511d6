//! Things that wait for somebody's word, which may be given at any copy. A word is taken once, by the copy that waits.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use redis::Script;
use tokio::sync::{Notify, oneshot};
use uuid::Uuid;

use crate::TeamError;
use crate::redis::{Redis, millis, unusable};

/// What a copy that ended left behind is gone after that; and so is what a copy holds that cannot reach Redis so long.
const LEASE: Duration = Duration::from_secs(10);
/// How soon a word is heard that was given at another copy. A person took longer to give it.
const LOOK: Duration = Duration::from_millis(200);

/// What was said; or that Redis could not be asked for so long that nobody can say anything any more.
pub type Word = Result<String, TeamError>;

/// Whoever asked, or whoever answers.
#[derive(Debug, Clone, Copy)]
pub struct Party<'a> {
    pub tenant: &'a str,
    pub credential: &'a str,
}

/// What came of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    Taken,
    /// It does not wait any more, or never did in this tenant.
    Gone,
    /// It is the answerer's own.
    Own,
}

/// Everything below `waiting`, `said` and `leases` is by the id of what waits.
const PURGE: &str = r"
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now)) do
        redis.call('HDEL', KEYS[1], id)
        redis.call('HDEL', KEYS[2], id)
        redis.call('ZREM', KEYS[3], id)
    end
";

fn script(body: &str) -> Script {
    Script::new(&format!("{PURGE}{body}"))
}

static ENTER: LazyLock<Script> = LazyLock::new(|| {
    script(
        r"
        if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[4]) then return 0 end
        redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
        redis.call('ZADD', KEYS[3], now + ARGV[3], ARGV[1])
        return 1
        ",
    )
});

static LIST: LazyLock<Script> = LazyLock::new(|| script("return redis.call('HVALS', KEYS[1])"));

static ANSWER: LazyLock<Script> = LazyLock::new(|| {
    script(
        r"
        local waiting = redis.call('HGET', KEYS[1], ARGV[1])
        if not waiting then return 'gone' end
        local asker = cjson.decode(waiting)
        if ARGV[3] ~= '' then
            if asker.tenant ~= ARGV[2] then return 'gone' end
            if asker.credential == ARGV[3] then return 'own' end
        end
        redis.call('HDEL', KEYS[1], ARGV[1])
        redis.call('HSET', KEYS[2], ARGV[1], ARGV[4])
        return 'taken'
        ",
    )
});

/// Takes the words that were given, and holds the places of what still waits. Nothing where a place is lost.
static CLAIM: LazyLock<Script> = LazyLock::new(|| {
    script(
        r"
        local found = {}
        for at = 2, #ARGV do
            local id = ARGV[at]
            local word = redis.call('HGET', KEYS[2], id)
            if word then
                redis.call('HDEL', KEYS[2], id)
                redis.call('ZREM', KEYS[3], id)
                found[#found + 1] = { id, word }
            elseif redis.call('HEXISTS', KEYS[1], id) == 1 then
                redis.call('ZADD', KEYS[3], now + ARGV[1], id)
            else
                found[#found + 1] = { id, '' }
            end
        end
        return found
        ",
    )
});

static LEAVE: LazyLock<Script> = LazyLock::new(|| {
    script(
        r"
        redis.call('HDEL', KEYS[1], ARGV[1])
        redis.call('HDEL', KEYS[2], ARGV[1])
        return redis.call('ZREM', KEYS[3], ARGV[1])
        ",
    )
});

/// All that waits; this copy holds some of the places.
pub struct Waiting {
    redis: Redis,
    lease: Duration,
    /// What waits here for a word.
    here: Mutex<HashMap<Uuid, oneshot::Sender<Word>>>,
    /// Told when something begins to wait.
    begun: Arc<Notify>,
}

impl Waiting {
    /// Listens for words until it is dropped.
    pub fn new(redis: Redis) -> Arc<Self> {
        Self::leased(redis, LEASE)
    }

    /// The same, where places are held for another time.
    pub fn leased(redis: Redis, lease: Duration) -> Arc<Self> {
        let waiting = Arc::new(Self { redis, lease, here: Mutex::default(), begun: Arc::new(Notify::new()) });
        tokio::spawn(listen(Arc::downgrade(&waiting), waiting.begun.clone()));
        waiting
    }

    /// Lines up; nothing where so many wait already. What is heard ends without a word where the place is lost, and
    /// with an error where Redis cannot be asked for so long that it must be. `shown` is an object with the asker's
    /// `tenant` and `credential` in it.
    pub async fn enter(
        &self,
        id: Uuid,
        shown: &str,
        most: usize,
    ) -> Result<Option<oneshot::Receiver<Word>>, TeamError> {
        let mut script = self.on(&ENTER);
        script.arg(id.to_string()).arg(shown).arg(millis(self.lease)).arg(most);
        let entered: u8 = script.invoke_async(&mut self.redis.connection.clone()).await.map_err(unusable)?;
        if entered == 0 {
            return Ok(None);
        }
        let (say, heard) = oneshot::channel();
        self.here().insert(id, say);
        self.begun.notify_one();
        Ok(Some(heard))
    }

    /// Everything that waits, at whichever copy, in no order.
    pub async fn list(&self) -> Result<Vec<String>, TeamError> {
        self.on(&LIST).invoke_async(&mut self.redis.connection.clone()).await.map_err(unusable)
    }

    /// Gives a word. It counts once, whoever else gives one at the same moment.
    /// `by` nobody: somebody who may answer for everybody.
    pub async fn answer(&self, id: Uuid, by: Option<Party<'_>>, word: &str) -> Result<Told, TeamError> {
        let by = by.unwrap_or(Party { tenant: "", credential: "" });
        let mut script = self.on(&ANSWER);
        script.arg(id.to_string()).arg(by.tenant).arg(by.credential).arg(word);
        let told: String = script.invoke_async(&mut self.redis.connection.clone()).await.map_err(unusable)?;
        Ok(match told.as_str() {
            "taken" => Told::Taken,
            "own" => Told::Own,
            _ => Told::Gone,
        })
    }

    /// Takes the question back. Where Redis cannot be reached, its lease does so.
    pub fn leave(&self, id: Uuid) {
        if self.here().remove(&id).is_none() {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (redis, keys) = (self.redis.clone(), self.keys());
        runtime.spawn(async move {
            let mut script = LEAVE.prepare_invoke();
            for key in keys {
                script.key(key);
            }
            script.arg(id.to_string());
            let _: Result<u8, _> = script.invoke_async(&mut redis.connection.clone()).await;
        });
    }

    fn keys(&self) -> [String; 3] {
        ["waiting", "said", "leases"].map(|name| self.redis.key(name))
    }

    fn on<'a>(&self, script: &'a Script) -> redis::ScriptInvocation<'a> {
        let mut invocation = script.prepare_invoke();
        for key in self.keys() {
            invocation.key(key);
        }
        invocation
    }

    /// Hears what was said meanwhile; false where nothing waits here any more.
    async fn look(&self) -> Result<bool, TeamError> {
        let ids: Vec<Uuid> = self.here().keys().copied().collect();
        if ids.is_empty() {
            return Ok(false);
        }
        let mut script = self.on(&CLAIM);
        script.arg(millis(self.lease));
        for id in ids {
            script.arg(id.to_string());
        }
        let found: Vec<(String, String)> =
            script.invoke_async(&mut self.redis.connection.clone()).await.map_err(unusable)?;
        for (id, word) in found {
            let Some(say) = id.parse().ok().and_then(|id: Uuid| self.here().remove(&id)) else { continue };
            if !word.is_empty() {
                // Whoever waited may have left in this moment: then nothing is run.
                let _ = say.send(Ok(word));
            }
        }
        Ok(true)
    }

    /// Nothing waits here any more: nobody could give a word that would be heard.
    fn give_up(&self, why: &TeamError) {
        for (_, say) in self.here().drain() {
            let error = TeamError::Unusable { what: "Redis", cause: why.to_string() };
            // Whoever waited may have left in this moment.
            let _ = say.send(Err(error));
        }
    }

    fn here(&self) -> MutexGuard<'_, HashMap<Uuid, oneshot::Sender<Word>>> {
        self.here.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.begun.notify_one();
    }
}

async fn listen(waiting: Weak<Waiting>, begun: Arc<Notify>) {
    let mut heard = Instant::now();
    loop {
        let Some(held) = waiting.upgrade() else { return };
        let waits = match held.look().await {
            Ok(waits) => {
                heard = Instant::now();
                waits
            }
            // Nothing runs without a word meanwhile; but after so long its place is anybody's.
            Err(error) if heard.elapsed() >= held.lease => {
                held.give_up(&error);
                false
            }
            Err(_) => true,
        };
        drop(held);
        if waits {
            tokio::time::sleep(LOOK).await;
        } else {
            begun.notified().await;
            heard = Instant::now();
        }
    }
}
