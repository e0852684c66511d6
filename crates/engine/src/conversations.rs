//! The conversations: reading, naming, removing and bringing them back.

use chat::{Conversation, ConversationId, ConversationSummary, ErrorCode, ErrorReport, PageFrom};

use crate::clock::now;
use crate::engine::Engine;
use crate::store::{StoreError, TitledBy};

impl Engine {
    /// A conversation with everything in it, also of its turn under way.
    pub async fn conversation(&self, id: &ConversationId) -> Result<Conversation, ErrorReport> {
        self.settle_store().await;
        self.inner.store.conversation(id).await.map_err(|error| error.report())
    }

    /// Tells every face of a conversation's latest turns, in step with the turn under way.
    pub async fn open_conversation(&self, id: &ConversationId) -> Result<(), ErrorReport> {
        let (conversation, earlier) = self.latest(id).await?;
        if self.inner.hub.open(conversation, earlier, false) {
            return Ok(());
        }
        // Its turn ended between reading and telling: now its end is on disk. A turn that still runs
        // after that is another program's.
        let (conversation, earlier) = self.latest(id).await?;
        self.inner.hub.open(conversation, earlier, true);
        Ok(())
    }

    /// A conversation with its latest turns alone, and how many there are before them.
    async fn latest(&self, id: &ConversationId) -> Result<(Conversation, usize), ErrorReport> {
        let page = self.read_turns(id, &PageFrom::End).await?;
        let summary = self.inner.store.summary(id).await.map_err(|error| error.report())?;
        let ConversationSummary { id, title, created_at, .. } = summary;
        let versions = self.inner.store.branches(&id).await.map_err(|error| error.report())?.versions();
        Ok((Conversation { id, title, created_at, turns: page.turns, versions }, page.earlier))
    }

    pub fn conversations(&self) -> Vec<ConversationSummary> {
        self.inner.hub.conversations()
    }

    pub fn rename(&self, id: &ConversationId, name: &str) -> Result<(), ErrorReport> {
        let name = name.trim();
        if name.is_empty() {
            return Err(ErrorReport::new(ErrorCode::InvalidInput, "A conversation needs a name."));
        }
        if !self.inner.hub.change(id, |summary| summary.title = name.to_owned()) {
            return Err(StoreError::NoSuchConversation.report());
        }
        self.inner.store.title(id, name, TitledBy::Person);
        Ok(())
    }

    /// Keeps a conversation on top of the list, or puts it back among the others.
    pub fn pin(&self, id: &ConversationId, pinned: bool) -> Result<(), ErrorReport> {
        if !self.inner.hub.change(id, |summary| summary.pinned = pinned) {
            return Err(StoreError::NoSuchConversation.report());
        }
        self.inner.store.set_pinned(id, pinned.then(now));
        Ok(())
    }

    /// Takes a conversation out of the list; [`Engine::restore`] brings it back.
    pub fn remove(&self, id: &ConversationId) -> Result<(), ErrorReport> {
        self.inner.hub.stop(id);
        self.inner.hub.take(id).ok_or_else(|| StoreError::NoSuchConversation.report())?;
        self.inner.store.set_removed(id, Some(now()));
        self.purge();
        Ok(())
    }

    /// Brings a removed conversation back into the list.
    pub async fn restore(&self, id: &ConversationId) -> Result<(), ErrorReport> {
        let summary = self.inner.store.summary(id).await.map_err(|error| error.report())?;
        self.inner.store.set_removed(id, None);
        self.inner.hub.put(summary);
        Ok(())
    }
}
