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
};

pub(crate) struct Ground {
    pub(crate) counting: Arc<dyn Counting>,
    pub(crate) approvals: Approvals,
    pub(crate) audit: Audit,
    pub(crate) team_keys: TeamKeys,
}

impl Ground {
    pub(crate) async fn open(
        plan: &Plan,
        database: Option<&Secret>,
        redis: Option<&Secret>,
    ) -> Result<Self, GatewayError> {
        let (counting, approvals): (Arc<dyn Counting>, _) = match redis {
            Some(url) => {
                // Gateways of different names may share one Redis and count apart.
                let redis = Redis::connect(url.expose(), &plan.name).await?;
                (Arc::new(redis.clone()), Approvals::new(approvals::Shared::new(redis)))
            }
            None => (Arc::new(limits::Here::default()), Approvals::new(approvals::Here::default())),
        };
        let (audit, team_keys) = match database {
            Some(url) => {
                let postgres = Postgres::connect(url.expose()).await?;
                (Audit::in_database(&postgres)?, TeamKeys::of(postgres).await?)
            }
            None => (Audit::in_file(&plan.audit.file, plan.audit.rotate_bytes)?, TeamKeys::none()),
        };
        Ok(Self { counting, approvals, audit, team_keys })
    }
}
