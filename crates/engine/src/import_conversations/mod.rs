//! Conversations from a file: our own, whole, or those of another program, as far as they can be understood.
//!
//! A file is looked at first and taken over second. It is read as it comes, so its size does not matter, and away
//! from everything else, so nobody waits. Start reading at [`Engine::look_at_conversations`].

mod chatgpt;
mod claude;
mod copy;
mod found;
mod librechat;
mod open_webui;
#[cfg(any(test, fuzzing))]
pub(crate) mod outside;
#[cfg(test)]
mod outside_tests;
mod stream;
mod tree;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use chat::{ConversationId, ErrorCode, ErrorReport};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

pub use found::{ExportedBy, Left};

use crate::engine::Engine;
use crate::store::Whole;
use found::{Entry, count_messages};
use stream::StreamError;

/// So many are written in one go.
const BATCH: usize = 64;

/// What a file would bring.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ConversationsPreview {
    pub path: String,
    pub found: Vec<FoundConversation>,
    /// Entries that are no conversation anybody here knows.
    pub unknown: usize,
    /// Why the file was not read to its end; what was found before can be taken over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub broken: Option<ErrorReport>,
}

/// One conversation of a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct FoundConversation {
    /// Its place in the file, from 0: by this it is chosen.
    pub at: usize,
    pub by: ExportedBy,
    pub title: String,
    pub updated_at: u64,
    pub messages: usize,
    /// What of it cannot be taken over.
    pub left: Left,
    pub fate: FoundFate,
}

/// What would become of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum FoundFate {
    New,
    /// It is there already; taking it over again would change nothing.
    AlreadyThere,
    /// Another state of it is there: this one is put beside it.
    Copy,
    /// Nothing was said in it.
    Empty,
}

/// What was taken over.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ImportedConversations {
    pub conversations: usize,
    pub messages: usize,
    /// What of them could not be.
    pub left: Left,
    /// Why the file was not read to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub broken: Option<ErrorReport>,
}

/// An entry on its way from the file, with its place there.
struct Read {
    at: usize,
    entry: Option<Entry>,
}

impl Engine {
    /// What is in a file of conversations. Nothing is taken over.
    pub async fn look_at_conversations(&self, path: &Path) -> Result<ConversationsPreview, ErrorReport> {
        let mut preview =
            ConversationsPreview { path: path.display().to_string(), found: vec![], unknown: 0, broken: None };
        self.settled().await?;
        let (mut entries, reading) = reading(path);
        let mut seen = HashSet::new();
        while let Some(Read { at, entry }) = entries.recv().await {
            match entry {
                Some(entry) => preview.found.push(self.looked_at(at, &entry, &mut seen).await?),
                None => preview.unknown += 1,
            }
        }
        preview.broken = ending(reading, path, preview.found.is_empty()).await?;
        if preview.found.is_empty() && preview.broken.is_none() {
            return Err(nothing(path));
        }
        Ok(preview)
    }

    /// Takes conversations of a file over: those at these places, or all that are new.
    pub async fn import_conversations(
        &self,
        path: &Path,
        chosen: Option<&[usize]>,
    ) -> Result<ImportedConversations, ErrorReport> {
        let mut imported = ImportedConversations::default();
        self.settled().await?;
        let (mut entries, reading) = reading(path);
        let (mut seen, mut batch, mut known) = (HashSet::new(), vec![], false);
        while let Some(Read { at, entry }) = entries.recv().await {
            known |= entry.is_some();
            let Some(entry) = entry.filter(|_| chosen.is_none_or(|chosen| chosen.contains(&at))) else { continue };
            let fate = self.fate(&entry.whole, &mut seen).await?;
            let whole = match fate {
                FoundFate::AlreadyThere | FoundFate::Empty => continue,
                FoundFate::Copy => copy::of(entry.whole),
                FoundFate::New => entry.whole,
            };
            imported.conversations += 1;
            imported.messages += count_messages(&whole.conversation.turns);
            imported.left += entry.left;
            batch.push(whole);
            if batch.len() >= BATCH {
                self.put_in(&mut batch).await?;
            }
        }
        self.put_in(&mut batch).await?;
        imported.broken = ending(reading, path, !known).await?;
        if known { Ok(imported) } else { Err(nothing(path)) }
    }

    /// Deletes every conversation for good; answers how many are left because another program is writing them.
    pub async fn delete_all(&self) -> Result<u64, ErrorReport> {
        self.inner.hub.stop_all();
        self.inner.titling.give_up();
        self.inner.turns.close();
        self.inner.turns.wait().await;
        self.inner.turns.reopen();
        let left = self.inner.store.wipe().await;
        self.tell_conversations().await?;
        for rule in self.inner.permissions.remembered() {
            // What was allowed in a conversation alone went with it.
            if rule.conversation.is_some() {
                self.inner.permissions.forget(&rule.id)?;
            }
        }
        left.map_err(|error| error.report())
    }

    /// What a file is compared with is on disk.
    async fn settled(&self) -> Result<(), ErrorReport> {
        self.inner.store.flush().await.map_err(|error| error.report())
    }

    async fn looked_at(
        &self,
        at: usize,
        entry: &Entry,
        seen: &mut HashSet<ConversationId>,
    ) -> Result<FoundConversation, ErrorReport> {
        let Entry { by, whole, left } = entry;
        Ok(FoundConversation {
            at,
            by: *by,
            title: whole.conversation.title.clone(),
            updated_at: whole.updated_at,
            messages: count_messages(&whole.conversation.turns),
            left: *left,
            fate: self.fate(whole, seen).await?,
        })
    }

    async fn fate(&self, whole: &Whole, seen: &mut HashSet<ConversationId>) -> Result<FoundFate, ErrorReport> {
        let id = &whole.conversation.id;
        if whole.conversation.turns.is_empty() {
            return Ok(FoundFate::Empty);
        }
        if !seen.insert(id.clone()) {
            return Ok(FoundFate::AlreadyThere);
        }
        let store = &self.inner.store;
        match store.is_removed(id).await.map_err(|error| error.report())? {
            None | Some(true) => Ok(FoundFate::New),
            Some(false) => {
                let same = store.whole(id).await.map_err(|error| error.report())?.holds(whole);
                Ok(if same { FoundFate::AlreadyThere } else { FoundFate::Copy })
            }
        }
    }

    async fn put_in(&self, batch: &mut Vec<Whole>) -> Result<(), ErrorReport> {
        let wholes = std::mem::take(batch);
        if wholes.is_empty() {
            return Ok(());
        }
        self.inner.store.put_in(&wholes).await.map_err(|error| error.report())?;
        self.tell_conversations().await
    }

    /// Tells every face of all conversations there are now: many changed at once.
    async fn tell_conversations(&self) -> Result<(), ErrorReport> {
        let all = self.inner.store.conversations().await.map_err(|error| error.report())?;
        self.inner.hub.replace(all);
        Ok(())
    }
}

/// Reads a file on a thread of its own; entries wait until somebody takes them.
fn reading(path: &Path) -> (mpsc::Receiver<Read>, tokio::task::JoinHandle<Result<(), StreamError>>) {
    let (send, entries) = mpsc::channel(8);
    let path = PathBuf::from(path);
    let reading = tokio::task::spawn_blocking(move || {
        let mut at = 0;
        stream::read(&path, &mut |value| {
            let sent = send.blocking_send(Read { at, entry: found::entry(value) });
            at += 1;
            sent.is_ok()
        })
    });
    (entries, reading)
}

/// How the reading ended. Where nothing at all was found, that is the answer.
async fn ending(
    reading: tokio::task::JoinHandle<Result<(), StreamError>>,
    path: &Path,
    found_nothing: bool,
) -> Result<Option<ErrorReport>, ErrorReport> {
    let ended = reading.await.map_err(|error| unreadable(path).because(error.to_string()))?;
    match ended.map_err(|error| report(path, &error)) {
        Ok(()) => Ok(None),
        Err(report) if found_nothing => Err(report),
        Err(report) => Ok(Some(report)),
    }
}

fn report(path: &Path, error: &StreamError) -> ErrorReport {
    match error {
        StreamError::Io(error) => {
            unreadable(path).because(error.to_string()).fix("Check the path and who may read it.")
        }
        StreamError::Archive(error) => unreadable(path)
            .because(error.to_string())
            .fix("Unpack it yourself, and give the conversations.json in it."),
        StreamError::NothingInArchive => unreadable(path)
            .because("The archive holds no conversations.json.")
            .fix("Give the archive as ChatGPT or Claude sent it, or the conversations.json in it."),
        StreamError::NotJson { cause } => ErrorReport::new(
            ErrorCode::InvalidInput,
            format!("{} is broken: it was read only up to its first error.", path.display()),
        )
        .because(cause)
        .fix("Download the export once more. What was found before the error can be taken over."),
        StreamError::TooDeep => unreadable(path)
            .because("Its messages lie within each other more deeply than can be read.")
            .fix("In LibreChat, switch “recursive” off and export again."),
    }
}

fn unreadable(path: &Path) -> ErrorReport {
    ErrorReport::new(ErrorCode::InvalidInput, format!("{} cannot be read.", path.display()))
}

fn nothing(path: &Path) -> ErrorReport {
    ErrorReport::new(ErrorCode::InvalidInput, format!("There are no conversations in {}.", path.display()))
        .because("It is no export of Loquat, ChatGPT, Claude, LibreChat or Open WebUI.")
        .fix("Give the file or the archive as it was downloaded.")
}
