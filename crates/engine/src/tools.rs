//! Where calls go. The engine asks two questions of its servers, no more.

use std::sync::Arc;

use chat::{ErrorReport, Output, Progress, Reading, ToolCall};
use futures::future::BoxFuture;
use mcp::{Answers, Catalogue};
use tokio_util::sync::CancellationToken;

/// Told how far a call says it is.
pub(crate) type OnProgress = Box<dyn Fn(Progress) + Send + Sync>;

/// The tools a turn may use.
pub(crate) trait Tools: Send + Sync {
    /// All that can be called now, in an order that does not change from request to request.
    fn catalogue(&self) -> Arc<Catalogue>;

    /// Runs a call; `answers` is asked what its server wants to know meanwhile. Returns at once when `stop` is
    /// cancelled.
    /// Reads a resource of a server.
    fn read<'a>(
        &'a self,
        server: &'a str,
        uri: &'a str,
        answers: Arc<dyn Answers>,
        stop: CancellationToken,
    ) -> BoxFuture<'a, Result<Reading, ErrorReport>>;

    fn call<'a>(
        &'a self,
        call: &'a ToolCall,
        progress: OnProgress,
        answers: Arc<dyn Answers>,
        stop: CancellationToken,
    ) -> BoxFuture<'a, Result<Output, ErrorReport>>;
}

impl Tools for mcp::Servers {
    fn read<'a>(
        &'a self,
        server: &'a str,
        uri: &'a str,
        answers: Arc<dyn Answers>,
        stop: CancellationToken,
    ) -> BoxFuture<'a, Result<Reading, ErrorReport>> {
        let attendance = mcp::Attendance { answers: Some(answers), stop };
        Box::pin(async move { self.read_resource(server, uri, attendance).await.map_err(|error| error.report()) })
    }

    fn catalogue(&self) -> Arc<Catalogue> {
        self.tools()
    }

    fn call<'a>(
        &'a self,
        call: &'a ToolCall,
        progress: OnProgress,
        answers: Arc<dyn Answers>,
        stop: CancellationToken,
    ) -> BoxFuture<'a, Result<Output, ErrorReport>> {
        let arguments = call.arguments.as_object().cloned().unwrap_or_default();
        let request = mcp::CallRequest::new(&call.server, &call.tool, arguments).answered_by(answers);
        Box::pin(async move { self.call(request, progress, stop).await.map_err(|error| error.report()) })
    }
}
