//! Finding what was said in any conversation.

use chat::{ConversationId, ErrorReport, TurnId};
use serde::{Deserialize, Serialize};

use crate::engine::Engine;

/// More than this nobody reads; a further word narrows it.
const MOST: usize = 50;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct SearchFound {
    /// Best first.
    pub hits: Vec<SearchHit>,
    /// Whether older conversations are still being made ready for searching, so that there may be more.
    pub behind: bool,
}

/// A message, call or question that holds all the words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct SearchHit {
    pub conversation: ConversationId,
    /// The conversation's.
    pub title: String,
    pub turn: TurnId,
    /// The id of the item in that turn.
    pub item: String,
    pub kind: SearchKind,
    pub at: u64,
    /// The words around what was found, in order.
    pub snippet: Vec<SnippetPiece>,
}

/// Whose words they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum SearchKind {
    /// A person's.
    Asked,
    /// The model's.
    Answered,
    /// A call's: its tool, its arguments or its result.
    Called,
    /// A server's, which asked something.
    ServerAsked,
}

impl SearchKind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Answered => "answered",
            Self::Called => "called",
            Self::ServerAsked => "serverAsked",
        }
    }

    pub(crate) fn of(word: &str) -> Self {
        match word {
            "asked" => Self::Asked,
            "called" => Self::Called,
            "serverAsked" => Self::ServerAsked,
            _ => Self::Answered,
        }
    }
}

/// Some words, and whether they are what was looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct SnippetPiece {
    pub text: String,
    pub hit: bool,
}

impl Engine {
    /// Messages, calls and questions that hold all these words, each as the beginning of a word; `"in quotes"` they
    /// must stand so, and with `-before` they must not be there.
    pub async fn search(&self, text: &str) -> Result<SearchFound, ErrorReport> {
        let (hits, behind) = self.inner.store.search(text, MOST).await.map_err(|error| error.report())?;
        Ok(SearchFound { hits, behind })
    }
}
