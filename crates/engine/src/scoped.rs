//! What of this computer's tools a caller may use, and the caller's own beside them.

use std::sync::{Arc, Mutex, PoisonError};

use chat::{ErrorReport, Output, Progress, Reading, Tool, ToolCall};
use futures::future::BoxFuture;
use mcp::{Answers, Catalogue};
use tokio_util::sync::CancellationToken;

use crate::tools::{OnProgress, Tools};
use crate::toolset::Whose;
use crate::visit::CALLER;

/// A tool that its server calls idempotent is tried this often again.
const RETRIES: u32 = 2;

/// The tools of some servers, and the caller's own.
pub(crate) struct ScopedTools {
    tools: Arc<dyn Tools>,
    servers: Option<Vec<String>>,
    own: Vec<Tool>,
    /// What was made of which catalogue: it changes rarely.
    made: Mutex<Option<(Arc<Catalogue>, Arc<Catalogue>)>>,
}

impl ScopedTools {
    pub(crate) fn new(tools: Arc<dyn Tools>, servers: Option<Vec<String>>, own: Vec<Tool>) -> Self {
        let own = own.into_iter().map(|tool| Tool { server: CALLER.into(), ..tool }).collect();
        Self { tools, servers, own, made: Mutex::default() }
    }

    fn scoped(&self, all: &Catalogue) -> Catalogue {
        let may = |tool: &&Tool| self.servers.as_ref().is_none_or(|servers| servers.contains(&tool.server));
        // A tool of the caller hides one of ours that the model would know by the same name.
        let hidden = |tool: &&Tool| self.own.iter().any(|own| own.called == tool.called);
        let ours = all.tools().iter().filter(may).filter(|tool| !hidden(tool)).cloned();
        Catalogue::of(&ours.chain(self.own.iter().cloned()).collect::<Vec<_>>())
    }
}

impl Tools for ScopedTools {
    fn whose(&self) -> BoxFuture<'_, Whose> {
        self.tools.whose()
    }

    fn catalogue(&self) -> Arc<Catalogue> {
        let all = self.tools.catalogue();
        if self.servers.is_none() && self.own.is_empty() {
            return all;
        }
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        match &*made {
            Some((of, scoped)) if Arc::ptr_eq(of, &all) => scoped.clone(),
            _ => {
                let scoped = Arc::new(self.scoped(&all));
                *made = Some((all, scoped.clone()));
                scoped
            }
        }
    }

    fn read<'a>(
        &'a self,
        server: &'a str,
        uri: &'a str,
        answers: Arc<dyn Answers>,
        stop: CancellationToken,
    ) -> BoxFuture<'a, Result<Reading, ErrorReport>> {
        self.tools.read(server, uri, answers, stop)
    }

    fn call<'a>(
        &'a self,
        call: &'a ToolCall,
        progress: OnProgress,
        answers: Arc<dyn Answers>,
        stop: CancellationToken,
    ) -> BoxFuture<'a, Result<Output, ErrorReport>> {
        if call.server == CALLER {
            let handed = Output {
                content: vec![],
                structured: None,
                model_text: String::new(),
                whole: None,
                bytes: 0,
                withheld: 0,
                too_deep: false,
            };
            return Box::pin(std::future::ready(Ok(handed)));
        }
        Box::pin(async move {
            let progress: Arc<dyn Fn(Progress) + Send + Sync> = progress.into();
            let mut left = if call.hints.idempotent { RETRIES } else { 0 };
            loop {
                let told = progress.clone();
                let outcome = self.tools.call(call, Box::new(move |it| told(it)), answers.clone(), stop.clone()).await;
                if outcome.is_ok() || left == 0 || stop.is_cancelled() {
                    return outcome;
                }
                left -= 1;
            }
        })
    }
}
