//! Calls: made by whoever is signed in, and made again after a sign-in for want of which they were refused.

use chat::{Ask, Output, Progress};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Servers;
use crate::{
    CallError, CallRequest, Reply, call,
    exchange::{Deadlines, Passing, Terms},
};

/// A server that wants a sign-in after so many sign-ins will want another.
const MOST_SIGN_INS: usize = 3;

impl Servers {
    /// Calls a tool. `progress` is told what the server says of it; `stop` ends it at once.
    ///
    /// A call is made once or not at all: what was lost on the way is never sent again. What the server turned away for
    /// want of a sign-in was not made; where somebody answers for the call they are asked to sign in, and then it is.
    pub async fn call(
        &self,
        request: CallRequest,
        progress: impl Fn(Progress) + Send + Sync,
        stop: CancellationToken,
    ) -> Result<Output, CallError> {
        let mut sign_ins = 0;
        loop {
            let used = self.in_name_of(&request.server, request.account.as_deref());
            let used = stop.run_until_cancelled(used).await.unwrap_or(Err(CallError::Stopped))?;
            match used.call_once(request.clone(), &progress, stop.clone()).await {
                Err(error @ CallError::SignInRequired { .. }) => {
                    sign_ins += 1;
                    let asked = self.ask_to_sign_in(&request, error, sign_ins <= MOST_SIGN_INS);
                    stop.run_until_cancelled(asked).await.unwrap_or(Err(CallError::Stopped))?;
                }
                outcome => return outcome,
            }
        }
    }

    async fn call_once(
        &self,
        request: CallRequest,
        progress: &(impl Fn(Progress) + Send + Sync),
        stop: CancellationToken,
    ) -> Result<Output, CallError> {
        let (session, server) = self.ready(&request.server)?;
        let offered = server.tools.iter().find(|tool| tool.name == request.tool);
        let Some(tool) = offered.filter(|tool| !server.config.disabled_tools.contains(&tool.name)) else {
            return Err(CallError::NoSuchTool { server: request.server, tool: request.tool });
        };
        let turn = stop.run_until_cancelled(server.turns.acquire()).await.ok_or(CallError::Stopped)?;
        let deadlines = Deadlines {
            idle: request.timeout.unwrap_or(server.config.call_timeout),
            total: request.limit.unwrap_or(server.config.call_limit),
        };
        let (name, begun) = (request.server.clone(), Instant::now());
        let (answers, passing) = (request.answers, Passing::default());
        let terms = Terms { server: &request.server, deadlines, progress, stop, answers, passing };
        let called = call::call(&session, tool, request.arguments, terms).await;
        drop(turn);
        let ms = begun.elapsed().as_millis();
        match &called {
            Ok(_) => tracing::info!(target: "call", server = name, tool = request.tool, ms, "succeeded"),
            Err(error) => tracing::info!(target: "call", server = name, tool = request.tool, ms, "failed: {error}"),
        }
        called
    }

    /// Returns once somebody has signed in; otherwise with the reason why the call cannot be made.
    async fn ask_to_sign_in(&self, request: &CallRequest, refused: CallError, may_ask: bool) -> Result<(), CallError> {
        // What cannot be looked up is not known to be lacking: the refusal stands as it is.
        let account = self.account_of(&request.server, request.account.as_deref()).await;
        let Ok(account) = account else { return Err(refused) };
        let Ok(lacking) = account.lacking().await else { return Err(refused) };
        let visible = |rights: &[String]| rights.iter().map(|right| chat::visible(right)).collect::<Vec<_>>();
        let more = visible(&lacking.more);
        let ask = Ask::SignIn {
            tool: request.tool.clone(),
            account: lacking.account,
            more: more.clone(),
            rights: visible(&lacking.rights),
        };
        let reply = match &request.answers {
            Some(answers) if may_ask => answers.answer(&request.server, ask).await,
            Some(_) | None => Reply::Decline,
        };
        match reply {
            Reply::Accept { .. } => Ok(()),
            Reply::Sampled(_) | Reply::Decline | Reply::Cancel if more.is_empty() => Err(refused),
            Reply::Sampled(_) | Reply::Decline | Reply::Cancel => {
                Err(CallError::RightsRequired { server: request.server.clone(), rights: more })
            }
        }
    }
}
