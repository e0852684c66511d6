//! Where a question stands in its conversation: at the end, or in the place of an earlier one, as a branch of its own.

use chat::{Attachment, ConversationId, ErrorCode, ErrorReport, Item, ItemId, Message, ModelRef, Role};
use chat::{Turn, TurnId, VersionOf};

use crate::clock::now;
use crate::engine::{Engine, busy, fresh_id};
use crate::store::StoreError;

/// Where a question goes. What stood there before stays, and can be looked at again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Place {
    /// After all that is looked at.
    #[default]
    End,
    /// In the place of that turn, in other words.
    Edited(TurnId),
    /// In the place of that turn, in the very same words.
    Again(TurnId),
}

/// A question's words and what comes with them.
pub(crate) struct Asked<'a> {
    pub(crate) text: &'a str,
    pub(crate) attachments: Vec<Attachment>,
}

/// What a new turn follows.
#[derive(Default)]
pub(crate) struct Standing {
    /// Oldest first.
    pub(crate) earlier: Vec<Turn>,
    parent: Option<TurnId>,
    /// The first turn with the same question, and that question.
    again: Option<(TurnId, Item)>,
}

impl Standing {
    /// A turn in this place.
    pub(crate) fn place(&self, turn: Turn) -> Turn {
        Turn { parent: self.parent.clone(), again: self.again.as_ref().map(|(first, _)| first.clone()), ..turn }
    }

    /// A turn in this place that asks `asked`, or what was asked there before.
    pub(crate) fn ask(&self, asked: Asked<'_>, model: ModelRef, max_rounds: u32) -> Result<Turn, ErrorReport> {
        let (id, at) = (TurnId(fresh_id()), now());
        let item = ItemId(format!("{id}-0"));
        let question = match &self.again {
            Some((_, Item::Message(message))) => Message { id: item, at, ..message.clone() },
            Some((_, Item::ToolCall(_) | Item::Question(_))) => return Err(nothing_asked()),
            None if asked.text.trim().is_empty() && asked.attachments.is_empty() => {
                let nothing = ErrorReport::new(ErrorCode::InvalidInput, "There is nothing to send.");
                return Err(nothing.fix("Write something, or attach a file."));
            }
            None => spoken(item, asked, at),
        };
        let turn = Turn::new(id, model, Item::Message(question), at);
        Ok(self.place(Turn { max_rounds: max_rounds.max(1), ..turn }))
    }
}

fn spoken(id: ItemId, asked: Asked<'_>, at: u64) -> Message {
    let Asked { text, attachments } = asked;
    let (text, reasoning) = (text.trim().to_owned(), String::new());
    Message { id, role: Role::User, round: 0, text, attachments, reasoning, at, spoke_at: None }
}

impl Engine {
    /// Looks at another version of a turn, and at what was last said after it. Answers the turn that stands there now.
    pub async fn choose_version(
        &self,
        id: &ConversationId,
        turn: &TurnId,
        of: VersionOf,
    ) -> Result<TurnId, ErrorReport> {
        if self.inner.hub.is_running(id) {
            return Err(busy());
        }
        self.settle_store().await;
        let branches = self.inner.store.branches(id).await.map_err(|error| error.report())?;
        let gone = || StoreError::NoSuchTurn.report();
        let (wanted, end) = (branches.link(turn).ok_or_else(gone)?, branches.end_of(turn, of).ok_or_else(gone)?);
        let path = branches.before(end).into_iter().flatten().chain(branches.link(end));
        let shown = path.into_iter().find(|link| link.parent == wanted.parent).ok_or_else(gone)?;
        self.inner.store.choose(id, end);
        self.open_conversation(id).await?;
        Ok(shown.turn.clone())
    }

    /// Looks at the branch on which a turn stands; false where that is looked at already.
    pub async fn reach_turn(&self, id: &ConversationId, turn: &TurnId) -> Result<bool, ErrorReport> {
        self.settle_store().await;
        let branches = self.inner.store.branches(id).await.map_err(|error| error.report())?;
        if branches.path().iter().any(|link| link.turn == *turn) {
            return Ok(false);
        }
        self.choose_version(id, turn, VersionOf::Answer).await?;
        Ok(true)
    }

    /// What a turn in that place follows. Nothing begins while another turn of the conversation is under way.
    pub(crate) async fn standing(&self, id: &ConversationId, place: &Place) -> Result<Standing, ErrorReport> {
        let store = &self.inner.store;
        self.settle_store().await;
        store.summary(id).await.map_err(|error| error.report())?;
        if store.is_under_way(id).await.map_err(|error| error.report())? {
            return Err(busy());
        }
        let branches = store.branches(id).await.map_err(|error| error.report())?;
        let (path, replaced) = match place {
            Place::End => (branches.path(), None),
            Place::Edited(turn) | Place::Again(turn) => {
                let path = branches.before(turn).ok_or_else(|| StoreError::NoSuchTurn.report())?;
                (path, branches.link(turn))
            }
        };
        let earlier = store.turns(&path).await.map_err(|error| error.report())?;
        let parent = path.last().map(|link| link.turn.clone());
        let again = match (place, replaced) {
            (Place::Again(_), Some(link)) => {
                let asked = store.turns(&[link]).await.map_err(|error| error.report())?;
                let question = asked.into_iter().next().and_then(|turn| turn.items.into_iter().next());
                Some((link.question().clone(), question.ok_or_else(nothing_asked)?))
            }
            _ => None,
        };
        Ok(Standing { earlier, parent, again })
    }

    /// Everything told so far is on disk, or it is said in the log why not: what is there can be read all the same.
    pub(crate) async fn settle_store(&self) {
        if let Err(error) = self.inner.store.flush().await {
            tracing::warn!("reading while writing fails: {error}");
        }
    }
}

fn nothing_asked() -> ErrorReport {
    ErrorReport::new(ErrorCode::InvalidInput, "Nothing was asked here that could be asked again.")
}
