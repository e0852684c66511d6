//! Session ids: conversations, signed for one key, so that no other key can read them.

use chat::ConversationId;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::error::ApiError;

/// Enough that nobody guesses one.
const SIGNATURE: usize = 32;

/// The id by which `key` may go on with this conversation.
pub(crate) fn session_id(secret: &str, key: &str, conversation: &ConversationId) -> String {
    format!("{conversation}-{}", signature(secret, key, conversation.as_str()))
}

/// The conversation of a session, if it is one of `key`'s.
pub(crate) fn conversation(secret: &str, key: &str, session: &str) -> Result<ConversationId, ApiError> {
    let unknown = || {
        ApiError::not_found("session_not_found", "There is no such session. Leave session_id out to begin a new one.")
    };
    let (id, given) = session.rsplit_once('-').ok_or_else(unknown)?;
    let expected = signature(secret, key, id);
    let same: bool = subtle::ConstantTimeEq::ct_eq(given.as_bytes(), expected.as_bytes()).into();
    if same { Ok(ConversationId(id.to_owned())) } else { Err(unknown()) }
}

fn signature(secret: &str, key: &str, id: &str) -> String {
    // HMAC takes keys of any length; there is nothing to fail.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    for part in [key, "\0", id] {
        mac.update(part.as_bytes());
    }
    let mut text = hex::encode(mac.finalize().into_bytes());
    text.truncate(SIGNATURE);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_one_key_s_alone() {
        let id = ConversationId("0123".into());
        let session = session_id("secret", "mine", &id);
        assert_eq!(conversation("secret", "mine", &session), Ok(id));
        for (secret, key, session) in [
            ("secret", "yours", session.as_str()),
            ("another", "mine", &session),
            ("secret", "mine", "0123"),
            ("secret", "mine", "0124-00000000000000000000000000000000"),
            ("secret", "mine", ""),
        ] {
            assert!(conversation(secret, key, session).is_err(), "{session}");
        }
    }
}
