//! Files as a request to a model carries them.

use std::collections::HashMap;
use std::sync::Arc;

use chat::{Attachment, AttachmentKind, Item, Turn};

use super::Brought;
use crate::store::{KeptFile, Store, StoreError};

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

/// Where files lie: those that a caller brought along, and those that are kept.
pub(crate) struct Files<'a> {
    pub(crate) store: &'a Store,
    pub(crate) brought: &'a [Brought],
}

impl Files<'_> {
    async fn file(&self, id: &str) -> Result<Option<KeptFile>, StoreError> {
        match self.brought.iter().find(|Brought(file)| file.about.id == id) {
            Some(Brought(file)) => Ok(Some(file.clone())),
            None => self.store.attachment(id).await,
        }
    }
}

/// What came with the questions among these.
pub(crate) fn attached<'a>(items: impl IntoIterator<Item = &'a Item>) -> impl Iterator<Item = &'a Attachment> {
    let of = |item: &'a Item| match item {
        Item::Message(message) => Some(&message.attachments),
        Item::ToolCall(_) | Item::Question(_) => None,
    };
    items.into_iter().filter_map(of).flatten()
}

/// Reads what came with the questions of these turns; pictures only for a model that `sees`.
pub(crate) async fn given(files: Files<'_>, earlier: &[Turn], items: &[Item], sees: bool) -> Given {
    let attached: Vec<_> = attached(earlier.iter().flat_map(|turn| &turn.items).chain(items)).collect();
    let is_picture = |kind: &AttachmentKind| matches!(kind, AttachmentKind::Image { .. });
    let pictures = attached.iter().filter(|it| is_picture(&it.kind)).count();
    let (mut given, mut too_early) = (Given::new(), pictures.saturating_sub(MOST_PICTURES));
    for attachment in attached {
        let picture = is_picture(&attachment.kind);
        if picture && (!sees || too_early > 0) {
            too_early = too_early.saturating_sub(1);
            continue;
        }
        match files.file(&attachment.id).await {
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
