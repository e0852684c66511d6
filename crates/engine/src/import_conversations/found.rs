//! A conversation as it was found in a file, whoever wrote the file.

use chat::{Conversation, ConversationId, Item, Turn};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::tree::Planted;
use super::{chatgpt, claude, librechat, open_webui};
use crate::attachments::take_over;
use crate::store::Whole;

/// Longer titles are cut.
const LONGEST_TITLE: usize = 200;

/// Who wrote a file of conversations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum ExportedBy {
    Loquat,
    ChatGpt,
    Claude,
    LibreChat,
    OpenWebUi,
}

/// What of a conversation cannot be taken over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Left {
    pub images: usize,
    pub files: usize,
    /// Messages on branches that were not looked at.
    pub elsewhere: usize,
}

impl std::ops::AddAssign for Left {
    fn add_assign(&mut self, other: Self) {
        self.images += other.images;
        self.files += other.files;
        self.elsewhere += other.elsewhere;
    }
}

/// One conversation, and what of it is missing.
pub(super) struct Found {
    pub(super) id: ConversationId,
    title: String,
    turns: Vec<Turn>,
    created_at: u64,
    updated_at: u64,
    left: Left,
}

impl Found {
    /// `id` is the other program's; ours is made of it, so that the same conversation is known when it comes again.
    pub(super) fn new(program: &str, id: &str, title: &str) -> Self {
        let harmless: String = id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(64).collect();
        let title = title.split_whitespace().collect::<Vec<&str>>().join(" ").chars().take(LONGEST_TITLE).collect();
        let id = ConversationId(format!("{program}-{harmless}"));
        Self { id, title, turns: vec![], created_at: 0, updated_at: 0, left: Left::default() }
    }

    pub(super) fn of(self, planted: Planted, left: Left) -> Self {
        Self { turns: planted.turns, left: Left { elsewhere: planted.elsewhere, ..left }, ..self }
    }

    pub(super) fn at(self, created_at: u64, updated_at: u64) -> Self {
        Self { created_at, updated_at: updated_at.max(created_at), ..self }
    }
}

/// What an entry of a file turned out to be.
pub(super) struct Entry {
    pub(super) by: ExportedBy,
    pub(super) whole: Whole,
    pub(super) left: Left,
}

/// Reads one entry; nothing where it is no conversation that anybody here knows.
pub(super) fn entry(value: Value) -> Option<Entry> {
    type Reader = fn(&Map<String, Value>) -> Option<Found>;
    let readers: [(ExportedBy, Reader); 4] = [
        (ExportedBy::ChatGpt, chatgpt::found),
        (ExportedBy::Claude, claude::found),
        (ExportedBy::OpenWebUi, open_webui::found),
        (ExportedBy::LibreChat, librechat::found),
    ];
    let map = value.as_object()?;
    if map.contains_key("conversation") {
        let mut whole = serde_json::from_value(value).ok()?;
        let (images, files) = take_over(&mut whole);
        return Some(Entry { by: ExportedBy::Loquat, whole, left: Left { images, files, ..Left::default() } });
    }
    let (by, found) = readers.iter().find_map(|(by, read)| Some((*by, read(map)?)))?;
    let Found { id, title, turns, created_at, updated_at, left } = found;
    let title = if title.is_empty() { first_words(&turns) } else { title };
    let conversation = Conversation { id, title, created_at, turns, versions: vec![] };
    Some(Entry { by, whole: Whole::straight(conversation, updated_at), left })
}

/// How many messages people and models said.
pub(super) fn count_messages(turns: &[Turn]) -> usize {
    turns.iter().flat_map(|turn| &turn.items).filter(|item| matches!(item, Item::Message(_))).count()
}

fn first_words(turns: &[Turn]) -> String {
    let first = turns.iter().flat_map(|turn| &turn.items).find_map(|item| match item {
        Item::Message(message) => message.text.lines().next(),
        Item::ToolCall(_) | Item::Question(_) => None,
    });
    first.unwrap_or_default().chars().take(60).collect()
}

pub(super) fn text(value: Option<&Value>) -> Option<&str> {
    value.and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// Seconds since the Unix epoch, or milliseconds where it would be a far future, in milliseconds.
pub(super) fn seconds(value: &Value) -> Option<u64> {
    let seconds = value.as_f64().filter(|seconds| *seconds > 0.0 && *seconds < 1e15)?;
    let milliseconds = if seconds > 1e11 { seconds } else { seconds * 1000.0 };
    std::time::Duration::try_from_secs_f64(milliseconds / 1000.0).ok().and_then(|it| u64::try_from(it.as_millis()).ok())
}

/// A moment as ISO 8601 writes it, in milliseconds.
pub(super) fn iso(value: Option<&Value>) -> Option<u64> {
    let at: jiff::Timestamp = text(value)?.parse().ok()?;
    u64::try_from(at.as_millisecond()).ok()
}
