//! Conversations in parts: a face shows the latest turns, and others when somebody goes there.

use std::sync::{Arc, Mutex, PoisonError};

use chat::{CallId, CallStatus, Content, ConversationId, ErrorCode, ErrorReport, Output, Page, PageFrom, TurnId};
use serde::{Deserialize, Serialize};

use crate::engine::Engine;
use crate::store::StoreError;

/// Longer lines of a result are broken here, so that one line never fills a face.
const WIDEST: usize = 400;

/// Some lines of a result, of however many there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ResultLines {
    pub total: usize,
    pub lines: Vec<String>,
}

/// The lines of the result that was looked at last: whoever reads in one reads on in it.
#[derive(Default)]
pub(crate) struct LastResult(Mutex<Option<(CallId, Arc<Vec<String>>)>>);

impl Engine {
    /// A part of a conversation, as far as it is on disk; results that are too large are shortened.
    pub async fn read_turns(&self, id: &ConversationId, from: &PageFrom) -> Result<Page, ErrorReport> {
        self.settle_store().await;
        let mut page = self.inner.store.page(id, from).await.map_err(|error| error.report())?;
        page.turns.iter_mut().for_each(chat::Turn::shorten);
        Ok(page)
    }

    /// What a call brought, whole.
    pub async fn output(&self, turn: &TurnId, call: &CallId) -> Result<Output, ErrorReport> {
        self.settle_store().await;
        let turn = self.inner.store.turn(turn).await.map_err(|error| error.report())?;
        let found = turn.calls().find(|known| known.id == *call).map(|known| known.status.clone());
        match found {
            Some(CallStatus::Succeeded { output }) => Ok(output),
            Some(_) | None => Err(ErrorReport::new(ErrorCode::NotFound, "This call has no result.")),
        }
    }

    /// Lines of what a call brought, as text: from one line up to, but not with, another.
    pub async fn output_lines(
        &self,
        turn: &TurnId,
        call: &CallId,
        from: usize,
        to: usize,
    ) -> Result<ResultLines, ErrorReport> {
        let known = self.inner.last_result.of(call);
        let lines = match known {
            Some(lines) => lines,
            None => {
                let output = self.output(turn, call).await?;
                let made = tokio::task::spawn_blocking(move || Arc::new(lines_of(&text_of(&output)))).await;
                let made = made.map_err(|error| StoreError::Read { cause: error.to_string() }.report())?;
                self.inner.last_result.keep(call, made.clone());
                made
            }
        };
        let to = to.min(lines.len());
        Ok(ResultLines { total: lines.len(), lines: lines.get(from.min(to)..to).unwrap_or_default().to_vec() })
    }
}

impl LastResult {
    fn of(&self, call: &CallId) -> Option<Arc<Vec<String>>> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.as_ref().filter(|(known, _)| known == call).map(|(_, lines)| lines.clone())
    }

    fn keep(&self, call: &CallId, lines: Arc<Vec<String>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((call.clone(), lines));
    }
}

/// A result as a person reads it: its structured form where it has one, else its texts.
fn text_of(output: &Output) -> String {
    if let Some(value) = &output.structured {
        return serde_json::to_string_pretty(value).unwrap_or_default();
    }
    let texts = output.content.iter().map(|content| match content {
        Content::Text { text } => pretty(text),
        Content::Image { mime_type, data } | Content::Audio { mime_type, data } => {
            format!("[{mime_type}, {} bytes]", data.len() / 4 * 3)
        }
        Content::Link { uri, name } => format!("{name} {uri}"),
        Content::Resource { uri, text, .. } => format!("{uri}\n{}", text.as_deref().unwrap_or_default()),
        Content::Other { value } => serde_json::to_string_pretty(value).unwrap_or_default(),
    });
    texts.collect::<Vec<_>>().join("\n\n")
}

/// JSON in one line is nothing to read.
fn pretty(text: &str) -> String {
    let is_json = text.trim_start().starts_with(['{', '[']);
    let value = is_json.then(|| serde_json::from_str::<serde_json::Value>(text).ok()).flatten();
    value.and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or_else(|| text.to_owned())
}

fn lines_of(text: &str) -> Vec<String> {
    let mut lines = vec![];
    for line in text.lines() {
        let mut rest = line;
        while let Some((end, _)) = rest.char_indices().nth(WIDEST) {
            lines.push(rest[..end].to_owned());
            rest = &rest[end..];
        }
        lines.push(rest.to_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_broken_and_json_is_laid_out() {
        assert_eq!(
            lines_of(&format!("a\n{}\n", "ä".repeat(900))).iter().map(|it| it.chars().count()).collect::<Vec<_>>(),
            [1, 400, 400, 100]
        );
        assert_eq!(pretty(r#"{"a":[1]}"#), "{\n  \"a\": [\n    1\n  ]\n}");
        assert_eq!(pretty("{broken"), "{broken");
    }
}
