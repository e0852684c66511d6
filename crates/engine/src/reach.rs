//! What the calls of one round reach: the servers' tools, and Loquat's own.

use std::fmt::Write;
use std::sync::Arc;

use chat::{Content, ErrorCode, ErrorReport, Output, Reading, Tool, ToolCall, Turn};
use futures::future::BoxFuture;
use mcp::Catalogue;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::tools::{OnProgress, Tools};
use crate::toolset::own::Own;
use crate::toolset::{Readable, Toolset, Whose};

/// Longer descriptions are cut where tools are listed.
const LONGEST_LINE: usize = 300;

pub(crate) struct Reach {
    tools: Arc<dyn Tools>,
    toolset: Arc<Toolset>,
    readable: Readable,
}

impl Reach {
    /// The results so far are taken along only where a call may read them.
    pub(crate) fn new(tools: Arc<dyn Tools>, toolset: Arc<Toolset>, earlier: &[Turn], turn: &Turn) -> Self {
        let reads = turn.calls().any(|call| call.own && !call.status.is_final());
        let readable = if reads { Readable::of(earlier, turn) } else { Readable::default() };
        Self { tools, toolset, readable }
    }

    async fn call_own(
        &self,
        call: &ToolCall,
        answers: Arc<dyn mcp::Answers>,
        stop: CancellationToken,
    ) -> Result<Output, ErrorReport> {
        match Own::by_name(&call.tool) {
            Some(Own::FindTools) => {
                let query = call.arguments.get("query").and_then(Value::as_str).unwrap_or_default();
                Ok(said(listed(query, &self.toolset.find(&self.tools.catalogue(), query))))
            }
            Some(Own::ReadResult) => self.readable.read(&call.arguments).map(said),
            Some(Own::ReadResource) => {
                let (server, uri) = self.readable.linked(&call.arguments)?;
                let Reading { content, text } = self.tools.read(&server, &uri, answers, stop).await?;
                Ok(Output { content, ..said(text) })
            }
            None => Err(ErrorReport::new(ErrorCode::ToolUnknown, format!("Loquat has no tool {}.", call.tool))),
        }
    }
}

impl Tools for Reach {
    fn whose(&self) -> BoxFuture<'_, Whose> {
        self.tools.whose()
    }

    fn catalogue(&self) -> Arc<Catalogue> {
        self.tools.catalogue()
    }

    fn read<'a>(
        &'a self,
        server: &'a str,
        uri: &'a str,
        answers: Arc<dyn mcp::Answers>,
        stop: CancellationToken,
    ) -> BoxFuture<'a, Result<Reading, ErrorReport>> {
        self.tools.read(server, uri, answers, stop)
    }

    fn call<'a>(
        &'a self,
        call: &'a ToolCall,
        progress: OnProgress,
        answers: Arc<dyn mcp::Answers>,
        stop: CancellationToken,
    ) -> BoxFuture<'a, Result<Output, ErrorReport>> {
        if call.own {
            return Box::pin(self.call_own(call, answers, stop));
        }
        let catalogue = self.tools.catalogue();
        let known = catalogue.get(&call.server, &call.tool);
        let is_another = known.is_some_and(|tool| {
            !call.definition.is_empty() && !tool.definition.is_empty() && tool.definition != call.definition
        });
        if is_another {
            // Whoever judged the call saw another tool than the one that would run.
            return Box::pin(std::future::ready(Err(changed(call))));
        }
        self.tools.call(call, progress, answers, stop)
    }
}

fn changed(call: &ToolCall) -> ErrorReport {
    ErrorReport::new(ErrorCode::ToolUnknown, "The tool was not run: its definition changed after it was called.")
        .because(format!("{} now describes {} in other words than those that were judged.", call.server, call.tool))
        .fix("Call it again, as it is described now.")
}

fn said(text: String) -> Output {
    let bytes = u64::try_from(text.len()).unwrap_or(u64::MAX);
    Output {
        content: vec![Content::Text { text: text.clone() }],
        structured: None,
        model_text: text,
        whole: None,
        bytes,
        withheld: 0,
        too_deep: false,
    }
}

/// What was found, as the model reads it.
fn listed(query: &str, found: &[Tool]) -> String {
    if found.is_empty() {
        return format!(
            "No tool fits “{query}”. Try other words for what it shall do; the names of servers help, too."
        );
    }
    let mut text = "These tools can be called from now on:".to_owned();
    for tool in found {
        let line: String = tool.description.split_whitespace().collect::<Vec<&str>>().join(" ");
        let cut: String = line.chars().take(LONGEST_LINE).collect();
        let _ = write!(text, "\n- {}: {cut}", tool.called);
    }
    text
}
