//! Results without what is too large to be told to every face: whoever looks at one asks for the whole of it.

use serde_json::Value;

use crate::{CallStatus, Content, Item, Output, Turn, TurnEvent};

/// Smaller results are told whole.
const MOST: usize = 96 * 1024;
/// Of a larger one this much of its text is.
const TEXT: usize = 16 * 1024;

impl Output {
    /// Leaves out what is too large; `withheld` says how much. What the model was given stays.
    pub fn shorten(&mut self) {
        // Only the tool that reads cut results looks at it.
        self.whole = None;
        let size: usize =
            self.content.iter().map(size_of).sum::<usize>() + self.structured.as_ref().map_or(0, depth_size);
        if size <= MOST {
            return;
        }
        let beginning =
            self.structured.take().filter(|_| self.content.is_empty()).map(|value| Content::Other { value });
        self.content.extend(beginning);
        let mut left = TEXT;
        self.content.iter_mut().for_each(|content| shorten(content, &mut left));
        let kept: usize = self.content.iter().map(size_of).sum();
        self.withheld = u64::try_from(size - kept.min(size)).unwrap_or(u64::MAX).max(1);
    }
}

impl Turn {
    /// The turn with its large results shortened: see [`Output::shorten`].
    pub fn shorten(&mut self) {
        self.items.iter_mut().for_each(Item::shorten);
    }
}

impl Item {
    fn shorten(&mut self) {
        if let Self::ToolCall(call) = self
            && let CallStatus::Succeeded { output } = &mut call.status
        {
            output.shorten();
        }
    }
}

impl TurnEvent {
    /// The event with a large result shortened: see [`Output::shorten`].
    pub fn shorten(&mut self) {
        if let Self::Item { item } = self {
            item.shorten();
        }
    }
}

fn size_of(content: &Content) -> usize {
    match content {
        Content::Text { text } => text.len(),
        Content::Image { data, .. } | Content::Audio { data, .. } => data.len(),
        Content::Link { uri, name } => uri.len() + name.len(),
        Content::Resource { uri, text, blob, .. } => {
            uri.len() + text.as_ref().map_or(0, String::len) + blob.as_ref().map_or(0, String::len)
        }
        Content::Other { value } => depth_size(value),
    }
}

/// About how long a value is as JSON.
fn depth_size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 5,
        Value::String(text) => text.len() + 2,
        Value::Array(list) => 2 + list.iter().map(|each| 1 + depth_size(each)).sum::<usize>(),
        Value::Object(map) => 2 + map.iter().map(|(key, each)| key.len() + 4 + depth_size(each)).sum::<usize>(),
    }
}

/// Text is cut where there is no room left; what cannot be shown in part goes.
fn shorten(content: &mut Content, left: &mut usize) {
    match content {
        Content::Text { text } => cut(text, left),
        Content::Image { data, .. } | Content::Audio { data, .. } => drop_large(data, left),
        Content::Link { .. } => (),
        Content::Resource { text, blob, .. } => {
            if let Some(text) = text {
                cut(text, left);
            }
            if let Some(blob) = blob {
                drop_large(blob, left);
            }
        }
        Content::Other { value } => {
            if depth_size(value) > *left {
                let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
                cut(&mut text, left);
                *content = Content::Text { text };
            }
        }
    }
}

fn cut(text: &mut String, left: &mut usize) {
    if text.len() > *left {
        let end = (0..=*left).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        text.truncate(end);
        text.shrink_to_fit();
    }
    *left -= text.len();
}

fn drop_large(data: &mut String, left: &mut usize) {
    if data.len() > *left {
        *data = String::new();
    }
    *left -= data.len();
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shortened(content: Vec<Content>, structured: Option<Value>) -> Output {
        let whole = Some("x".repeat(200_000));
        let mut output =
            Output { content, structured, model_text: "seen".into(), whole, bytes: 9, withheld: 0, too_deep: false };
        output.shorten();
        assert_eq!((output.whole.as_ref(), output.model_text.as_str(), output.bytes), (None, "seen", 9));
        output
    }

    #[test]
    fn what_is_small_stays_whole() {
        let content = vec![Content::Text { text: "ä".repeat(20_000) }];
        let output = shortened(content.clone(), Some(json!({ "a": 1 })));
        assert_eq!((output.content, output.structured, output.withheld), (content, Some(json!({ "a": 1 })), 0));
    }

    #[test]
    fn what_is_large_keeps_its_beginning() {
        let long = "ä".repeat(100_000);
        let image = Content::Image { data: "A".repeat(90_000), mime_type: "image/png".into() };
        let output = shortened(vec![Content::Text { text: long }, image], Some(json!({ "rows": vec![1; 90_000] })));
        let [Content::Text { text }, Content::Image { data, .. }] = output.content.as_slice() else { panic!() };
        assert_eq!((text.len(), data.len(), output.structured), (TEXT, 0, None));
        assert!(output.withheld > 300_000, "{}", output.withheld);
    }

    #[test]
    fn a_value_alone_is_shown_as_its_beginning() {
        let output = shortened(vec![], Some(json!(vec!["some words"; 50_000])));
        let [Content::Text { text }] = output.content.as_slice() else { panic!() };
        assert!(text.starts_with("[\n  \"some words\",") && text.len() == TEXT);
    }
}
