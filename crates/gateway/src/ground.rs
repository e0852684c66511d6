//! What a gateway stands on: this process and its files, or what it shares with its other copies.

use std::sync::Arc;

use mcp::Secret;
use team::{Postgres, Redis};

use crate::{
    GatewayError,
    approvals::{self, Approvals},
    audit::Audit,
    auth::TeamKeys,
    limits::{self, Counting},
    plan::Plan,
    rounds::{Rounds, fresh_key},
};

pub(crate) struct Ground {
    pub(crate) counting: Arc<dyn Counting>,
    pub(crate) approvals: Approvals,
    pub(crate) audit: Audit,
    pub(crate) team_keys: TeamKeys,
    pub(crate) rounds: Rounds,
    pub(crate) redis: Option<Redis>,
}

/// What requests in several rounds are sealed with.
const SEAL: &str = "gateway-rounds";

impl Ground {
    pub(crate) async fn open(
        plan: &Plan,
        database: Option<&Secret>,
        redis: Option<&Secret>,
    ) -> Result<Self, GatewayError> {
        let redis = match redis {
            // Gateways of different names may share one Redis and count apart.
            Some(url) => Some(Redis::connect(url.expose(), &plan.name).await?),
            None => None,
        };
        let (counting, approvals): (Arc<dyn Counting>, _) = match &redis {
            Some(redis) => (Arc::new(redis.clone()), Approvals::new(approvals::Shared::new(redis.clone()))),
            None => (Arc::new(limits::Here::default()), Approvals::new(approvals::Here::default())),
        };
        let (audit, team_keys, seal) = match database {
            Some(url) => {
                let postgres = Postgres::connect(url.expose()).await?;
                let seal = postgres.settle(SEAL, &fresh_key()).await?;
                (Audit::in_database(&postgres)?, TeamKeys::of(postgres).await?, seal)
            }
            None => (Audit::in_file(&plan.audit.file, plan.audit.rotate_bytes)?, TeamKeys::none(), fresh_key()),
        };
        let rounds =
            Rounds::new(seal, redis.clone()).map_err(|error| GatewayError::Serve(std::io::Error::other(error)))?;
        Ok(Self { counting, approvals, audit, team_keys, rounds, redis })
    }
}
