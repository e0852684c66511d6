//! Pictures that come with a caller's messages.

use std::collections::HashMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chat::{Attachment, AttachmentKind};
use engine::Brought;
use serde_json::Value;

use crate::error::ApiError;

/// So many in one request at most; of these a model is given the newest few.
const MOST: usize = 20;

/// The pictures of a request, made ready.
#[derive(Debug, Default)]
pub(crate) struct Pictures {
    of_message: HashMap<usize, Vec<Attachment>>,
    pub(crate) files: Vec<Brought>,
}

impl Pictures {
    /// Reads those in the user's messages. Nothing is fetched: what a request names is not to be trusted with that.
    pub(crate) async fn read(messages: &Value) -> Result<Self, ApiError> {
        let mut pictures = Self::default();
        for (at, message) in messages.as_array().into_iter().flatten().enumerate() {
            if message.get("role").and_then(Value::as_str) != Some("user") {
                continue;
            }
            let parts = message.get("content").and_then(Value::as_array).into_iter().flatten().enumerate();
            for (part_at, part) in parts.filter(|(_, part)| is_picture(part)) {
                pictures.take(at, part, &format!("messages[{at}].content[{part_at}].image_url")).await?;
            }
        }
        Ok(pictures)
    }

    /// Those of the message in that place.
    pub(crate) fn of(&self, message: usize) -> Vec<Attachment> {
        self.of_message.get(&message).cloned().unwrap_or_default()
    }

    async fn take(&mut self, message: usize, part: &Value, param: &str) -> Result<(), ApiError> {
        if self.files.len() == MOST {
            return Err(ApiError::wrong(param, format!("At most {MOST} pictures come with a request.")));
        }
        let bytes = bytes(address(part).unwrap_or_default()).map_err(|why| ApiError::wrong(param, why))?;
        let name = format!("picture-{}", self.files.len() + 1);
        let brought = engine::bring(&name, bytes).await.map_err(|report| {
            let why = report.cause.unwrap_or(report.message);
            ApiError::wrong(param, format!("The picture cannot be read. {why}"))
        })?;
        if !matches!(brought.about().kind, AttachmentKind::Image { .. }) {
            return Err(ApiError::wrong(param, "This is no picture. PNG, JPEG, GIF and WebP can be read."));
        }
        self.of_message.entry(message).or_default().push(brought.about().clone());
        self.files.push(brought);
        Ok(())
    }
}

/// Whether a part of a message is a picture, as chat completions or responses spell it.
pub(crate) fn is_picture(part: &Value) -> bool {
    matches!(part.get("type").and_then(Value::as_str), Some("image_url" | "input_image"))
}

/// Completions nest the address; responses do not.
fn address(part: &Value) -> Option<&str> {
    let url = part.get("image_url")?;
    url.as_str().or_else(|| url.get("url")?.as_str())
}

/// What a `data:` URL holds (RFC 2397).
fn bytes(url: &str) -> Result<Vec<u8>, &'static str> {
    let Some(data) = strip(url, "data:") else {
        return Err("Pictures are taken as `data:` URLs only; no address is fetched. Send the picture itself: \
                    data:image/png;base64,…");
    };
    let coded = data.split_once(',').filter(|(kind, _)| kind.to_ascii_lowercase().ends_with(";base64"));
    let (_, coded) = coded.ok_or("This is no `data:` URL in Base64.")?;
    BASE64_STANDARD.decode(coded.trim()).map_err(|_| "What follows `base64,` is not Base64.")
}

fn strip<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    let head = text.get(..start.len())?;
    head.eq_ignore_ascii_case(start).then(|| &text[start.len()..])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_in_the_request_is_read() {
        for (url, read) in [
            ("data:image/png;base64,aGk=", Ok("hi")),
            ("DATA:image/png;charset=x;BASE64, aGk= ", Ok("hi")),
            ("https://example.com/a.png", Err("fetched")),
            ("file:///etc/passwd", Err("fetched")),
            ("http://169.254.169.254/", Err("fetched")),
            ("", Err("fetched")),
            ("dätä:", Err("fetched")),
            ("data:image/png,hi", Err("no `data:`")),
            ("data:;base64", Err("no `data:`")),
            ("data:;base64,*", Err("not Base64")),
        ] {
            match (bytes(url), read) {
                (Ok(bytes), Ok(wanted)) => assert_eq!(bytes, wanted.as_bytes()),
                (Err(why), Err(wanted)) => assert!(why.contains(wanted), "{url}: {why}"),
                (found, _) => panic!("{url}: {found:?}"),
            }
        }
    }

    #[test]
    fn both_spellings_are_known() {
        for part in [
            json!({ "type": "image_url", "image_url": { "url": "x", "detail": "low" } }),
            json!({ "type": "input_image", "image_url": "x" }),
        ] {
            assert!(is_picture(&part));
            assert_eq!(address(&part), Some("x"));
        }
        assert_eq!(address(&json!({ "type": "image_url", "image_url": 7 })), None);
        assert!(!is_picture(&json!({ "type": "text", "text": "x" })));
    }
}
