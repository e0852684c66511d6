//! How the gateway meets the world: MCP over HTTP and over standard input and output, and what its operators ask.

mod admin;
mod attend;
mod fast;
mod guard;
mod hear;
mod http;
mod kept;
mod sessions;
mod speaker;
mod wishes;
mod words;

use std::sync::Arc;

use rmcp::ServiceExt;
use tokio_util::sync::CancellationToken;

use crate::{GatewayError, caller::Caller, gateway::Inner};

use speaker::Speaker;

pub(crate) use http::serve;

/// Serves one client over standard input and output, until it leaves.
pub(crate) async fn serve_stdio(inner: Arc<Inner>, caller: Arc<Caller>) -> Result<(), GatewayError> {
    let end: CancellationToken = inner.end.child_token();
    let speaker = Speaker::new(inner, Some(caller), None);
    let broken = |error: String| GatewayError::Serve(std::io::Error::other(error));
    let running =
        speaker.serve_with_ct(rmcp::transport::stdio(), end).await.map_err(|error| broken(error.to_string()))?;
    running.waiting().await.map_err(|error| broken(error.to_string()))?;
    Ok(())
}
