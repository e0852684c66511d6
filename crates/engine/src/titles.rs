//! Titles: by rule from the question, then in the words of the model that answered, asked beside everything else.
//!
//! Nothing waits for a title, and whoever asks the next question need not either: a title still on its way is given up
//! then. What a person wrote is never written over.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chat::{ConversationId, Item, ItemId, Message, Role, Turn, TurnStatus, visible};
use tokio_util::sync::CancellationToken;

use crate::clock::now;
use crate::engine::Engine;
use crate::heard::{BESIDE, Heard};
use crate::ledger::Face;
use crate::provider::{ModelRequest, PRACTICE, Provider, Sampling};
use crate::store::TitledBy;
use crate::toolset::Offer;

const LONGEST: usize = 60;
/// So much of a question and of its answer says what they are about, in characters.
const EXCERPT: usize = 1200;
/// A model that thinks for longer is left alone.
const DEADLINE: Duration = Duration::from_secs(45);
const SYSTEM: &str = "You name conversations. Answer with a title of two to six words, in the language of the \
                      question: no quotation marks, no Markdown, no full stop, nothing but the title.";

/// What a title may take, a model's thinking included.
const MOST_TOKENS: u32 = 2000;

/// The title that is on its way, if one is: there is never more than one.
#[derive(Default)]
pub(crate) struct Titling {
    all: CancellationToken,
    current: Mutex<CancellationToken>,
}

impl Titling {
    /// From now on nothing is asked any more.
    pub(crate) fn close(&self) {
        self.all.cancel();
    }

    /// Gives up what is on its way; what comes back is for the next one.
    pub(crate) fn give_up(&self) -> CancellationToken {
        let next = self.all.child_token();
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *current, next.clone()).cancel();
        next
    }
}

impl Engine {
    /// Has a conversation named by the model that has just answered in it, where nobody but a rule named it so far.
    pub(crate) async fn entitle(&self, id: &ConversationId, turn: &Turn, provider: Arc<dyn Provider>) {
        // Elsewhere nobody looks at a list of conversations.
        let seen = self.inner.face == Face::Window;
        let wanted = seen && self.settings().titles && turn.model.provider != PRACTICE;
        if !wanted || turn.status != TurnStatus::Completed {
            return;
        }
        let given_up = self.inner.titling.give_up();
        let Some(before) = self.title_by_rule(id).await else { return };
        let mut heard = Heard::default();
        let asked = tokio::time::timeout(DEADLINE, heard.hear(provider.stream(self.title_request(turn))));
        let answered = tokio::select! {
            () = given_up.cancelled() => false,
            answered = asked => answered == Ok(true),
        };
        // What was read and written is paid for, whatever came of it.
        self.inner.store.spend(&turn.id, heard.usage);
        let Some(title) = clean(&heard.text).filter(|_| answered) else { return };
        if self.title_by_rule(id).await.as_ref() != Some(&before) {
            return;
        }
        let mut named = false;
        self.inner.hub.change(id, |summary| {
            // Somebody may have written another title in this very moment.
            named = summary.title == before;
            if named {
                summary.title.clone_from(&title);
            }
        });
        if named {
            self.inner.store.title(id, &title, TitledBy::Model);
        }
    }

    /// The title, where a rule gave it.
    async fn title_by_rule(&self, id: &ConversationId) -> Option<String> {
        self.settle_store().await;
        let by_rule = matches!(self.inner.store.titled_by(id).await, Ok(TitledBy::Rule));
        self.inner.hub.summary(id).map(|summary| summary.title).filter(|_| by_rule)
    }

    fn title_request(&self, turn: &Turn) -> ModelRequest {
        let said = |role| {
            let words = turn.items.iter().filter_map(move |item| match item {
                Item::Message(message) if message.role == role => Some(message.text.as_str()),
                Item::Message(_) | Item::ToolCall(_) | Item::Question(_) => None,
            });
            words.collect::<Vec<_>>().join("\n").chars().take(EXCERPT).collect::<String>()
        };
        let text = format!("Question:\n{}\n\nAnswer:\n{}\n\nTitle:", said(Role::User), said(Role::Assistant));
        let (id, reasoning, attachments) = (ItemId("title".into()), String::new(), vec![]);
        let message =
            Message { id, role: Role::User, round: 0, text, attachments, reasoning, at: now(), spoke_at: None };
        ModelRequest {
            model: turn.model.model.clone(),
            system: SYSTEM.into(),
            earlier: Arc::default(),
            items: vec![Item::Message(message)],
            tools: Arc::new(Offer::all(Arc::default(), &self.inner.preparing)),
            given: Arc::default(),
            pictures: Arc::default(),
            sampling: Sampling { max_output_tokens: Some(MOST_TOKENS), ..Sampling::default() },
            tap: Some(self.inner.exchanges.tap(&turn.id, BESIDE)),
            whole: false,
            extra: Arc::default(),
        }
    }
}

/// What was asked.
pub(crate) fn question_of(turn: &Turn) -> &str {
    match turn.items.first() {
        Some(Item::Message(message)) if message.text.is_empty() => {
            message.attachments.first().map_or("", |file| file.name.as_str())
        }
        Some(Item::Message(message)) => &message.text,
        Some(Item::ToolCall(_) | Item::Question(_)) | None => "",
    }
}

/// The question's first line, cut at a word.
pub(crate) fn by_rule(question: &str) -> String {
    cut(question.lines().next().unwrap_or_default().trim())
}

fn cut(line: &str) -> String {
    let Some((end, _)) = line.char_indices().nth(LONGEST) else { return line.to_owned() };
    let cut = line[..end].rfind(char::is_whitespace).filter(|&at| at > end / 2).unwrap_or(end);
    format!("{}…", line[..cut].trim_end_matches([' ', ',', '.', ';']))
}

/// The title without what models like to put around it.
fn clean(text: &str) -> Option<String> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    let line = line.trim_start_matches(['#', ' ']);
    let line = line.strip_prefix("Title:").or_else(|| line.strip_prefix("Titel:")).unwrap_or(line);
    let around = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '“' | '”' | '„' | '«' | '»' | '*' | '_' | '`');
    let line = line.trim_matches(around).trim_end_matches('.').trim_matches(around);
    let title = cut(&visible(line));
    (!title.is_empty()).then_some(title)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_stripped_of_what_models_put_around_them() {
        for (said, title) in [
            ("Critical tickets", Some("Critical tickets")),
            ("\n\n**\"Critical tickets.\"**\nBecause you asked", Some("Critical tickets")),
            ("Title: „Kritische Tickets“", Some("Kritische Tickets")),
            ("# What's new in `rmcp`", Some("What's new in `rmcp")),
            ("A\u{202e}B", Some("A⟨U+202E⟩B")),
            ("  \n", None),
            ("\"\"", None),
        ] {
            assert_eq!(clean(said).as_deref(), title, "{said}");
        }
        assert!(clean(&"word ".repeat(50)).unwrap().chars().count() <= LONGEST + 1);
    }
}
