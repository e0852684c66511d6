//! What a model says when Loquat itself asks it something: a title, a summary.

use chat::Usage;
use futures::StreamExt;
use futures::stream::BoxStream;

use crate::provider::{ModelEvent, ProviderError};

/// Where such a request stands among those of its turn: beside them.
pub(crate) const BESIDE: u32 = 0;
/// More than this is neither a title nor a summary, in bytes.
const MOST: usize = 64 * 1024;

#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) text: String,
    /// Also of an answer that broke off, as far as it was counted.
    pub(crate) usage: Usage,
}

impl Heard {
    /// Listens to the end; false where the model does not answer.
    pub(crate) async fn hear(&mut self, mut answer: BoxStream<'_, Result<ModelEvent, ProviderError>>) -> bool {
        while let Some(event) = answer.next().await {
            match event {
                Ok(ModelEvent::Text(more)) => self.text.push_str(&more),
                Ok(ModelEvent::Usage(usage)) => self.usage += usage,
                Ok(ModelEvent::Reasoning(_) | ModelEvent::Call(_) | ModelEvent::Nameless(_)) => (),
                Ok(ModelEvent::Finished) => return true,
                Err(error) => {
                    tracing::debug!("asked beside a turn, the model did not answer: {error}");
                    return false;
                }
            }
            if self.text.len() > MOST {
                return false;
            }
        }
        true
    }
}
