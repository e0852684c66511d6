//! Files that come with imported conversations: whoever wrote the import may have put anything there.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chat::{AttachmentKind, Item};

use super::name;
use super::reading::MOST_CHARACTERS;
use crate::pictures;
use crate::store::{KeptFile, Whole};

/// Leaves only what came with a question and is what it says; answers how many pictures and other files were not.
pub(crate) fn take_over(whole: &mut Whole) -> (usize, usize) {
    let messages = whole.conversation.turns.iter_mut().flat_map(|turn| &mut turn.items).filter_map(|item| match item {
        Item::Message(message) => Some(message),
        Item::ToolCall(_) | Item::Question(_) => None,
    });
    let mut named = vec![];
    for file in messages.flat_map(|message| &mut message.attachments) {
        file.name = name::shown(&file.name);
        named.push(file.clone());
    }
    let (genuine, other): (Vec<_>, Vec<_>) = std::mem::take(&mut whole.attachments).into_iter().partition(is_genuine);
    whole.attachments = genuine.into_iter().filter(|file| named.iter().any(|it| it.id == file.about.id)).collect();
    let pictures = other.iter().filter(|file| matches!(file.about.kind, AttachmentKind::Image { .. })).count();
    (pictures, other.len() - pictures)
}

fn is_genuine(file: &KeptFile) -> bool {
    match file.about.kind {
        AttachmentKind::Image { .. } => {
            let body = file.body.strip_prefix("data:image/").and_then(|rest| rest.split_once(";base64,"));
            let bytes = body.and_then(|(_, data)| BASE64_STANDARD.decode(data).ok());
            // As it would be written here: what it is called must be what it is.
            bytes.is_some_and(|bytes| pictures::url_of(&bytes).as_ref() == Some(&file.body))
        }
        AttachmentKind::Text { .. } => file.body.chars().count() <= MOST_CHARACTERS && !file.body.contains('\0'),
    }
}
