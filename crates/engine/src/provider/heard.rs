//! What a model is asked and what it answers, for the log.

use futures::{StreamExt, stream::BoxStream};
use serde_json::value::RawValue;
use tracing::debug;

use super::{ModelEvent, ProviderError};

/// Of a long answer the beginning is written down.
const MOST: usize = 16 * 1024;

type Events = BoxStream<'static, Result<ModelEvent, ProviderError>>;

/// The same events; what was asked and what is said is also written down, where anybody wants it.
pub(super) fn written_down(provider: &'static str, body: Option<Box<RawValue>>, events: Events) -> Events {
    let Some(body) = body else { return events };
    debug!(target: "model", provider, "→ {body}");
    let mut said = String::new();
    let hear = move |event: &Result<ModelEvent, ProviderError>| match event {
        Ok(ModelEvent::Text(text) | ModelEvent::Reasoning(text)) if said.len() < MOST => said.push_str(text),
        Ok(ModelEvent::Text(_) | ModelEvent::Reasoning(_)) => (),
        Ok(ModelEvent::Call(call)) => debug!(target: "model", provider, "← call {} {}", call.name, call.arguments),
        Ok(ModelEvent::Usage(usage)) => {
            debug!(target: "model", provider, "← tokens: {} in, {} of them cached, {} out", usage.input, usage.cached, usage.output);
        }
        Ok(ModelEvent::Nameless(count)) => debug!(target: "model", provider, "← {count} calls without a name"),
        Ok(ModelEvent::Finished) => debug!(target: "model", provider, "← {said}"),
        Err(error) => debug!(target: "model", provider, "← failed: {error}"),
    };
    events.inspect(hear).boxed()
}
