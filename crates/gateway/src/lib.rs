//! One guarded door: an MCP server in front of HTTP backends and of other MCP servers, with tenants, roles, approvals,
//! limits and audit.
//!
//! **Invariant:** no model and no window is known here; whoever cannot be told apart, judged or written down is refused.
//!
//! Start reading at [`Gateway`]; what one call goes through is in `door.rs`, from top to bottom.

mod answer;
mod approvals;
mod audit;
mod auth;
mod backend;
mod breaker;
mod caller;
mod catalogue;
mod client;
mod config;
mod dev;
mod door;
mod error;
mod face;
mod fetch;
mod gateway;
mod ground;
mod judge;
mod limits;
mod line;
mod metrics;
mod offer;
#[cfg(any(test, fuzzing))]
pub mod outside;
mod plan;
mod recent;
mod reload;
mod rounds;
mod switch;
mod telemetry;
mod troubles;
mod upstream;

pub use audit::{AuditDecision, AuditEntry, AuditFilter, AuditPage, Verified, VerifyError, verify, verify_in};
pub use auth::{NewKey, SharedKey, SharedKeys, new_key};
pub use client::{Client, ClientError};
pub use dev::DevBackend;
pub use error::{GatewayError, Problem};
pub use gateway::{Gateway, Options, Served, check};
pub use reload::Reading;
pub use switch::{GatewayKey, LocalGateway, Switch};
