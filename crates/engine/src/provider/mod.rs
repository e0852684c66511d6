//! Who answers for a model. One required method: a stream of model events.

mod assemble;
mod caller;
mod failure;
mod heard;
mod history;
mod lmstudio;
mod models;
mod openai;
#[cfg(any(test, fuzzing))]
pub(crate) mod outside;
#[cfg(test)]
mod outside_tests;
mod pieces;
mod presets;
mod think;

use std::sync::Arc;

use chat::{Item, Turn, Usage};
use futures::stream::BoxStream;

use crate::attachments::Given;
use crate::exchanges::Tap;
use crate::pictures::CallPictures;
use crate::toolset::Offer;

pub use failure::ProviderError;
pub(crate) use lmstudio::LmStudio;
pub use models::list_models;
pub use openai::OpenAi;
pub use pieces::OnlyInPieces;
pub use presets::{CUSTOM, LMSTUDIO, OPENAI, PRACTICE, PRESETS, Preset, preset};

/// A model that can be asked.
pub trait Provider: Send + Sync {
    /// Asks once. The stream ends after [`ModelEvent::Finished`] or the first error.
    fn stream(&self, request: ModelRequest) -> BoxStream<'static, Result<ModelEvent, ProviderError>>;
}

/// What a model is asked: everything said so far, and the tools it may call.
#[derive(Clone)]
pub struct ModelRequest {
    pub model: String,
    /// Told before everything else; empty means nothing is.
    pub system: String,
    /// Turns that have ended, oldest first.
    pub earlier: Arc<Vec<Turn>>,
    /// The turn under way.
    pub items: Vec<Item>,
    pub tools: Arc<Offer>,
    /// What came with the questions.
    pub given: Arc<Given>,
    /// Images in results, for a model that can see them.
    pub pictures: Arc<CallPictures>,
    pub sampling: Sampling,
    /// Where what goes over the wire is kept, where anybody may want to look at it.
    pub tap: Option<Tap>,
    /// Whether nobody reads along: then the answer is asked for in one piece, which costs all three less.
    pub whole: bool,
    /// Further fields of the request, sent as they are.
    pub extra: Arc<serde_json::Map<String, serde_json::Value>>,
}

/// How the model picks its words; what is absent is left to the provider.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sampling {
    pub temperature: Option<f32>,
    pub top_p: Option<f32>,
    pub max_output_tokens: Option<u32>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ModelEvent {
    Reasoning(String),
    Text(String),
    /// A whole call: the deltas are put together before anyone sees it.
    Call(ProposedCall),
    /// So many calls came without a name: nobody knows what was meant.
    Nameless(usize),
    Usage(Usage),
    /// The model is done with this round.
    Finished,
}

/// A call as the model wrote it, before anybody looked at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposedCall {
    /// Never empty: minted where the model gave none.
    pub wire_id: String,
    pub name: String,
    /// JSON, if the model got it right.
    pub arguments: String,
}
