//! One call of a tool, from the request to its result, its refusal, or its loss.

use std::{sync::Arc, time::Duration};

use chat::{Output, Tool};
use serde_json::{Map, Value, json};

use crate::{
    Answers, CallError,
    exchange::{Exchange, Terms},
    output,
    session::Session,
};

/// One call of one tool.
#[derive(Debug, Clone)]
pub struct CallRequest {
    /// The server's configured name.
    pub server: String,
    /// The tool's own name at its server.
    pub tool: String,
    pub arguments: Map<String, Value>,
    /// How long it may be silent, where the server's own setting is not meant.
    pub timeout: Option<Duration>,
    /// How long it may take altogether, where the server's own setting is not meant.
    pub limit: Option<Duration>,
    /// Who answers what the server asks meanwhile; nobody where absent.
    pub answers: Option<Arc<dyn Answers>>,
    /// In whose name it is made; in the one that the server is used in where absent.
    pub account: Option<String>,
}

impl CallRequest {
    pub fn new(server: impl Into<String>, tool: impl Into<String>, arguments: Map<String, Value>) -> Self {
        let (server, tool) = (server.into(), tool.into());
        Self { server, tool, arguments, timeout: None, limit: None, answers: None, account: None }
    }

    /// The same call in somebody's name.
    pub fn in_name_of(self, account: Option<String>) -> Self {
        Self { account, ..self }
    }

    /// The same call with somebody who answers questions.
    pub fn answered_by(self, answers: Arc<dyn Answers>) -> Self {
        Self { answers: Some(answers), ..self }
    }
}

pub(crate) async fn call(
    session: &Session,
    tool: &Tool,
    arguments: Map<String, Value>,
    terms: Terms<'_>,
) -> Result<Output, CallError> {
    let params = Map::from_iter([
        ("name".to_owned(), json!(tool.raw_name.as_ref().unwrap_or(&tool.name))),
        ("arguments".to_owned(), json!(arguments)),
    ]);
    let result = Exchange::new(session, terms).run("tools/call", params).await?;
    let (output, tool_failed) = output::read(&result);
    if tool_failed {
        return Err(CallError::ToolFailed { output: Box::new(output) });
    }
    output::warn_of_shape(tool, &output);
    Ok(output)
}
