//! Where calls go, and in whose name.

use std::sync::Arc;

use chat::{ErrorReport, Output, Progress, Reading, ToolCall};
use futures::future::BoxFuture;
use mcp::{Answers, Catalogue};
use tokio_util::sync::CancellationToken;

use crate::toolset::{Toolset, Whose};

/// Told how far a call says it is.
pub(crate) type OnProgress = Box<dyn Fn(Progress) + Send + Sync>;

/// The tools a turn may use.
pub(crate) trait Tools: Send + Sync {
    /// In whose name servers are called, where that is to be said; begins what is needed for it.
    fn whose(&self) -> BoxFuture<'_, Whose>;

    /// All that can be called now, in an order that does not change from request to request.
    fn catalogue(&self) -> Arc<Catalogue>;

    /// Reads a resource of a server.
    fn read<'a>(
        &'a self,
        server: &'a str,
        uri: &'a str,
        answers: Arc<dyn Answers>,
        stop: CancellationToken,
    ) -> BoxFuture<'a, Result<Reading, ErrorReport>>;

    /// Runs a call; `answers` is asked what its server wants to know meanwhile. Returns at once when `stop` is
    /// cancelled.
    fn call<'a>(
        &'a self,
        call: &'a ToolCall,
        progress: OnProgress,
        answers: Arc<dyn Answers>,
        stop: CancellationToken,
    ) -> BoxFuture<'a, Result<Output, ErrorReport>>;
}

/// The servers as a conversation uses them: each in the name that it chose.
pub(crate) struct Chosen {
    pub(crate) servers: mcp::Servers,
    /// Read anew each time: a person may change it meanwhile.
    pub(crate) toolset: Arc<Toolset>,
}

impl Chosen {
    fn accounts(&self) -> Whose {
        (self.toolset.choice)().accounts
    }
}

impl Tools for Chosen {
    fn whose(&self) -> BoxFuture<'_, Whose> {
        Box::pin(async move {
            let chosen = self.accounts();
            self.servers.begin_as(&chosen).await;
            let shared = self.servers.signed_in().await.into_iter().filter(|server| server.names.len() > 1);
            let mut whose: Whose = shared.map(|server| (server.server, server.used)).collect();
            whose.extend(chosen);
            whose
        })
    }

    fn catalogue(&self) -> Arc<Catalogue> {
        self.servers.tools_as(&self.accounts())
    }

    fn read<'a>(
        &'a self,
        server: &'a str,
        uri: &'a str,
        answers: Arc<dyn Answers>,
        stop: CancellationToken,
    ) -> BoxFuture<'a, Result<Reading, ErrorReport>> {
        let attendance = mcp::Attendance { answers: Some(answers), stop };
        Box::pin(async move {
            let account = self.accounts().remove(server);
            let servers = self.servers.in_name_of(server, account.as_deref()).await.map_err(|error| error.report())?;
            servers.read_resource(server, uri, attendance).await.map_err(|error| error.report())
        })
    }

    fn call<'a>(
        &'a self,
        call: &'a ToolCall,
        progress: OnProgress,
        answers: Arc<dyn Answers>,
        stop: CancellationToken,
    ) -> BoxFuture<'a, Result<Output, ErrorReport>> {
        let request = request(call, answers);
        Box::pin(async move { self.servers.call(request, progress, stop).await.map_err(|error| error.report()) })
    }
}

/// That call, in the name in which it was proposed.
pub(crate) fn request(call: &ToolCall, answers: Arc<dyn Answers>) -> mcp::CallRequest {
    let arguments = call.arguments.as_object().cloned().unwrap_or_default();
    let request = mcp::CallRequest::new(&call.server, &call.tool, arguments);
    request.answered_by(answers).in_name_of(call.account.clone())
}

/// What can be called where that call goes, by whoever makes it.
pub(crate) fn around(call: &ToolCall, servers: &mcp::Servers) -> Arc<Catalogue> {
    let account = call.account.clone().map(|account| (call.server.clone(), account));
    servers.tools_as(&account.into_iter().collect())
}
