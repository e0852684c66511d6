//! Asking a model on a server's behalf, after a person has seen everything and agreed.

use std::collections::HashMap;
use std::sync::Arc;

use chat::{CallId, CallStatus, Content, ErrorCode, ErrorReport, Item, ItemId, Message, ModelRef, Output, Role};
use chat::{SamplingMessage, SamplingPart, SamplingRequest, SamplingTool, ToolCall, ToolHints};
use futures::StreamExt;
use mcp::{Catalogue, Sampled, SampledCall};
use serde_json::{Map, Value, json};

use crate::clock::now;
use crate::engine::Engine;
use crate::provider::{ModelEvent, ModelRequest, ProposedCall, ProviderError, Sampling};
use crate::toolset::Offer;

impl Engine {
    /// What the settings' model writes for a server, after a person has seen everything and agreed.
    pub async fn written(&self, request: SamplingRequest) -> Result<Sampled, ErrorReport> {
        let model = self.usual_model().ok_or_else(|| {
            ErrorReport::new(ErrorCode::NotFound, "No model is chosen that could write this.")
                .fix("Choose one in Settings → Models.")
        })?;
        self.clone().sample(request, model).await
    }

    /// Asks `model` what the server wants to know. The tools are the server's: it runs them itself.
    pub(crate) async fn sample(self, request: SamplingRequest, model: ModelRef) -> Result<Sampled, ErrorReport> {
        let provider = self.provider(&model.provider).await?;
        let tools = if request.tool_choice.as_deref() == Some("none") { &[][..] } else { &request.tools };
        let catalogue = Arc::new(Catalogue::described("server", &tools.iter().map(described).collect::<Vec<Value>>()));
        let mut answer = provider.stream(ModelRequest {
            model: model.model.clone(),
            system: request.system_prompt.clone().unwrap_or_default(),
            earlier: Arc::default(),
            items: items(&request.messages),
            tools: Arc::new(Offer::all(catalogue.clone(), &self.inner.preparing)),
            given: Arc::default(),
            pictures: Arc::default(),
            tap: None,
            whole: false,
            extra: Arc::new(extra(&request)),
            sampling: Sampling { temperature: request.temperature, top_p: None, max_output_tokens: request.max_tokens },
        });
        let mut sampled = Sampled { model: model.model, text: String::new(), calls: vec![], cut: false };
        while let Some(event) = answer.next().await {
            match event {
                Ok(ModelEvent::Text(delta)) => sampled.text.push_str(&delta),
                Ok(ModelEvent::Call(call)) => sampled.calls.push(named(call, &catalogue)?),
                Ok(
                    ModelEvent::Reasoning(_) | ModelEvent::Nameless(_) | ModelEvent::Usage(_) | ModelEvent::Finished,
                ) => (),
                // It wrote as much as it was allowed to: that is what the server asked for.
                Err(ProviderError::TooLong) if !sampled.text.is_empty() => sampled.cut = true,
                Err(error) => return Err(error.report()),
            }
        }
        if let Some(end) = request.stop.iter().filter_map(|stop| sampled.text.find(stop.as_str())).min() {
            sampled.text.truncate(end);
        }
        Ok(sampled)
    }
}

/// What is sent besides, where the server wants it.
fn extra(request: &SamplingRequest) -> Map<String, Value> {
    let stop = (!request.stop.is_empty()).then(|| ("stop".to_owned(), json!(request.stop)));
    let must_call = request.tool_choice.as_deref() == Some("required") && !request.tools.is_empty();
    let choice = must_call.then(|| ("tool_choice".to_owned(), json!("required")));
    stop.into_iter().chain(choice).collect()
}

fn described(tool: &SamplingTool) -> Value {
    json!({ "name": tool.name, "description": tool.description, "inputSchema": tool.input_schema })
}

/// The call under the server's own name for its tool.
fn named(call: ProposedCall, catalogue: &Catalogue) -> Result<SampledCall, ErrorReport> {
    let wrong =
        |why: String| ErrorReport::new(ErrorCode::ToolUnknown, "The model's answer cannot be used.").because(why);
    let Some(tool) = catalogue.find(&call.name) else {
        return Err(wrong(format!("It wants {}, which the server did not offer.", call.name)));
    };
    let input = serde_json::from_str(&call.arguments).map_err(|error| wrong(error.to_string()))?;
    Ok(SampledCall { id: call.wire_id, name: tool.name.clone(), input })
}

/// The server's messages as a turn's items, each a round of its own.
fn items(messages: &[SamplingMessage]) -> Vec<Item> {
    let results = results(messages);
    let mut items = vec![];
    for (round, message) in messages.iter().enumerate() {
        let round = u32::try_from(round).unwrap_or(u32::MAX);
        let mut text = vec![];
        let mut calls = vec![];
        for part in &message.parts {
            match part {
                SamplingPart::Content { content } => text.push(words(content)),
                SamplingPart::ToolUse { id, name, input } => {
                    let output = results.get(id.as_str()).cloned().unwrap_or_else(|| "(no result)".to_owned());
                    calls.push(Item::ToolCall(call(id, name, input, output, round)));
                }
                // Told where its call is.
                SamplingPart::ToolResult { .. } => (),
            }
        }
        if !text.is_empty() {
            items.push(Item::Message(said(message.role, text.join("\n"), round)));
        }
        items.append(&mut calls);
    }
    items
}

fn results(messages: &[SamplingMessage]) -> HashMap<&str, String> {
    let parts = messages.iter().flat_map(|message| &message.parts);
    let result = |part| match part {
        &SamplingPart::ToolResult { ref id, ref content, failed } => {
            let text = content.iter().map(words).collect::<Vec<String>>().join("\n");
            Some((id.as_str(), if failed { format!("Tool error: {text}") } else { text }))
        }
        SamplingPart::Content { .. } | SamplingPart::ToolUse { .. } => None,
    };
    parts.filter_map(result).collect()
}

fn words(content: &Content) -> String {
    match content {
        Content::Text { text } => text.clone(),
        Content::Image { mime_type, .. } => format!("[image: {mime_type}]"),
        Content::Audio { mime_type, .. } => format!("[audio: {mime_type}]"),
        Content::Link { uri, name } => format!("[resource: {name} ({uri})]"),
        Content::Resource { text: Some(text), .. } => text.clone(),
        Content::Resource { uri, .. } => format!("[file: {uri}]"),
        Content::Other { value } => value.to_string(),
    }
}

fn said(role: Role, text: String, round: u32) -> Message {
    let id = ItemId(format!("sampled-{round}"));
    Message { id, role, round, text, reasoning: String::new(), attachments: vec![], at: now(), spoke_at: None }
}

fn call(id: &str, name: &str, input: &Value, output: String, round: u32) -> ToolCall {
    let output = Output {
        content: vec![],
        structured: None,
        model_text: output,
        whole: None,
        bytes: 0,
        withheld: 0,
        too_deep: false,
    };
    ToolCall {
        id: CallId(id.to_owned()),
        leave: None,
        wire_id: id.to_owned(),
        account: None,
        mended: None,
        round,
        called: format!("server__{name}"),
        server: String::new(),
        tool: name.to_owned(),
        own: false,
        definition: String::new(),
        title: None,
        hints: ToolHints::default(),
        arguments: input.clone(),
        status: CallStatus::Succeeded { output },
        started_at: None,
        ended_at: None,
    }
}
