//! One PostgreSQL database for all copies.

use std::str::FromStr;
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::TeamError;

/// A database that has not answered by then is given up, and with it the connection and all that was held over it.
const DEADLINE: Duration = Duration::from_secs(20);

/// PostgreSQL, as all copies use it. Cheap to clone.
#[derive(Clone)]
pub struct Postgres {
    pub(crate) pool: PgPool,
    pub(crate) options: PgConnectOptions,
}

impl Postgres {
    /// Connects, and makes the tables where there are none yet.
    pub async fn connect(url: &str) -> Result<Self, TeamError> {
        let read = PgConnectOptions::from_str(url);
        let options = read.map_err(|_| TeamError::Address {
            what: "PostgreSQL",
            // The error's own words may repeat the address.
            why: "it is no address of a PostgreSQL database".to_owned(),
        })?;
        // What was confirmed stays, whatever the server's own setting is.
        let options = options.application_name("loquat").options([("synchronous_commit", "on")]);
        let pool = PgPoolOptions::new()
            .max_connections(8)
            .acquire_timeout(Duration::from_secs(5))
            .connect_with(options.clone())
            .await
            .map_err(unusable)?;
        sqlx::migrate!()
            .run(&pool)
            .await
            .map_err(|error| TeamError::Unusable { what: "PostgreSQL", cause: error.to_string() })?;
        Ok(Self { pool, options })
    }

    /// The value that was settled on first, by whichever copy.
    pub async fn settle(&self, name: &str, value: &str) -> Result<String, TeamError> {
        let insert = "INSERT INTO settled (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
        sqlx::query(insert).bind(name).bind(value).execute(&self.pool).await.map_err(unusable)?;
        let settled = sqlx::query_scalar("SELECT value FROM settled WHERE name = $1").bind(name);
        settled.fetch_one(&self.pool).await.map_err(unusable)
    }

    /// How a connection is made over which something is held.
    pub(crate) fn lasting(&self) -> PgConnectOptions {
        // A copy whose machine is gone says no good-bye: it is given up after half a minute.
        let probes = [("tcp_keepalives_idle", "10"), ("tcp_keepalives_interval", "5"), ("tcp_keepalives_count", "4")];
        self.options.clone().options(probes)
    }

    /// Whether it answers.
    pub async fn answers(&self) -> bool {
        sqlx::query("SELECT 1").execute(&self.pool).await.is_ok()
    }
}

pub(crate) fn unusable(error: sqlx::Error) -> TeamError {
    TeamError::Unusable { what: "PostgreSQL", cause: error.to_string() }
}

pub(crate) async fn in_time<T>(work: impl Future<Output = Result<T, sqlx::Error>> + Send) -> Result<T, TeamError> {
    match tokio::time::timeout(DEADLINE, work).await {
        Ok(done) => done.map_err(unusable),
        Err(_) => Err(TeamError::Unusable { what: "PostgreSQL", cause: "it does not answer".to_owned() }),
    }
}
