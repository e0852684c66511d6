//! Files as a request to a model carries them.

use std::collections::HashMap;
use std::sync::Arc;

use chat::{AttachmentKind, Item, Turn};

use crate::store::Store;

/// The newest so many pictures of a conversation are sent: each costs like a page of text.
const MOST_PICTURES: usize = 8;

/// What a model is given of files, by their ids. A file that is not here is only named.
pub type Given = HashMap<String, GivenFile>;

/// What a model is given of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GivenFile {
    Text(Arc<str>),
    /// A data URL.
    Picture(Arc<str>),
}

/// Reads what came with the questions of these turns; pictures only for a model that `sees`.
pub(crate) async fn given(store: &Store, earlier: &[Turn], items: &[Item], sees: bool) -> Given {
    let all = earlier.iter().flat_map(|turn| &turn.items).chain(items);
    let attached = all.filter_map(|item| match item {
        Item::Message(message) => Some(&message.attachments),
        Item::ToolCall(_) | Item::Question(_) => None,
    });
    let attached: Vec<_> = attached.flatten().collect();
    let is_picture = |kind: &AttachmentKind| matches!(kind, AttachmentKind::Image { .. });
    let pictures = attached.iter().filter(|it| is_picture(&it.kind)).count();
    let (mut given, mut too_early) = (Given::new(), pictures.saturating_sub(MOST_PICTURES));
    for attachment in attached {
        let picture = is_picture(&attachment.kind);
        if picture && (!sees || too_early > 0) {
            too_early = too_early.saturating_sub(1);
            continue;
        }
        match store.attachment(&attachment.id).await {
            Ok(Some(file)) if picture => given.insert(attachment.id.clone(), GivenFile::Picture(file.body.into())),
            Ok(Some(file)) => given.insert(attachment.id.clone(), GivenFile::Text(file.body.into())),
            Ok(None) => None,
            Err(error) => {
                tracing::warn!("a file cannot be read, the model is only told its name: {error}");
                None
            }
        };
    }
    given
}
