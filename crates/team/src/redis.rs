//! One connection to Redis or Valkey, which mends itself.

use std::sync::Arc;
use std::time::Duration;

use redis::Client;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};

use crate::TeamError;

/// Whoever has not answered by then is not there.
const DEADLINE: Duration = Duration::from_secs(2);

/// Redis, as the copies of one door use it. Cheap to clone.
#[derive(Clone)]
pub struct Redis {
    pub(crate) connection: ConnectionManager,
    /// In braces: in a cluster everything of one door lies on one node, where one script can see it.
    room: Arc<str>,
}

impl Redis {
    /// Connects. What is kept there is kept apart from what other rooms keep.
    pub async fn connect(url: &str, room: &str) -> Result<Self, TeamError> {
        let client = Client::open(url).map_err(|error| TeamError::Address {
            what: "Redis",
            // The error's own words may repeat the address.
            why: error.category().to_owned(),
        })?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(DEADLINE))
            .set_response_timeout(Some(DEADLINE))
            .set_number_of_retries(2);
        let connection = client.get_connection_manager_with_config(config).await.map_err(unusable)?;
        let room: String = room.chars().filter(|letter| !matches!(letter, '{' | '}')).collect();
        Ok(Self { connection, room: format!("{{loquat:{room}}}").into() })
    }

    pub(crate) fn key(&self, name: &str) -> String {
        format!("{}:{name}", self.room)
    }

    /// Keeps a text for so long; every reading begins the time anew.
    pub async fn keep(&self, name: &str, text: &str, time: Duration) -> Result<(), TeamError> {
        let mut connection = self.connection.clone();
        let command = redis::Cmd::set(self.key(name), text).arg("PX").arg(millis(time)).to_owned();
        command.exec_async(&mut connection).await.map_err(unusable)
    }

    /// What is kept under that name, if it still is.
    pub async fn kept(&self, name: &str, time: Duration) -> Result<Option<String>, TeamError> {
        let mut connection = self.connection.clone();
        let mut command = redis::cmd("GETEX");
        command.arg(self.key(name)).arg("PX").arg(millis(time));
        command.query_async(&mut connection).await.map_err(unusable)
    }

    /// Writes one line of a list that is kept for so long, each under a name of its own.
    pub async fn note(&self, list: &str, line: &str, text: &str, time: Duration) -> Result<(), TeamError> {
        let mut connection = self.connection.clone();
        let key = self.key(list);
        let mut both = redis::pipe();
        both.atomic().hset(&key, line, text).ignore().cmd("PEXPIRE").arg(&key).arg(millis(time)).ignore();
        both.exec_async(&mut connection).await.map_err(unusable)
    }

    /// Takes a line out of a list.
    pub async fn strike(&self, list: &str, line: &str) -> Result<(), TeamError> {
        let mut connection = self.connection.clone();
        redis::Cmd::hdel(self.key(list), line).exec_async(&mut connection).await.map_err(unusable)
    }

    /// The lines of a list, each with its name; none where there is no such list.
    pub async fn noted(&self, list: &str) -> Result<Vec<(String, String)>, TeamError> {
        let mut connection = self.connection.clone();
        redis::Cmd::hgetall(self.key(list)).query_async(&mut connection).await.map_err(unusable)
    }

    /// Keeps whatever has that name for so long from now on.
    pub async fn stays(&self, name: &str, time: Duration) -> Result<(), TeamError> {
        let mut connection = self.connection.clone();
        redis::cmd("PEXPIRE").arg(self.key(name)).arg(millis(time)).exec_async(&mut connection).await.map_err(unusable)
    }

    /// Whether something was kept under that name, which nobody finds any more from now on.
    pub async fn take(&self, name: &str) -> Result<bool, TeamError> {
        let mut connection = self.connection.clone();
        let taken: u64 = redis::Cmd::del(self.key(name)).query_async(&mut connection).await.map_err(unusable)?;
        Ok(taken > 0)
    }

    pub async fn forget(&self, name: &str) -> Result<(), TeamError> {
        let mut connection = self.connection.clone();
        redis::Cmd::del(self.key(name)).exec_async(&mut connection).await.map_err(unusable)
    }

    /// Whether it answers.
    pub async fn answers(&self) -> bool {
        let mut connection = self.connection.clone();
        redis::cmd("PING").exec_async(&mut connection).await.is_ok()
    }
}

pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1)
}

pub(crate) fn unusable(error: redis::RedisError) -> TeamError {
    TeamError::Unusable { what: "Redis", cause: error.to_string() }
}
