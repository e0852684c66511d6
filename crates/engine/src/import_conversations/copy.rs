//! A second state of a conversation, under ids of its own.

use std::collections::HashMap;

use chat::{CallId, ConversationId, Item, ItemId, Turn, TurnId};

use crate::engine::fresh_id;
use crate::store::Whole;

/// The same conversation, as another one.
pub(super) fn of(mut whole: Whole) -> Whole {
    whole.conversation.id = ConversationId(fresh_id());
    let ids: HashMap<TurnId, TurnId> =
        whole.conversation.turns.iter().map(|turn| (turn.id.clone(), TurnId(fresh_id()))).collect();
    let renamed = |id: &TurnId| ids.get(id).unwrap_or(id).clone();
    for turn in &mut whole.conversation.turns {
        turn.parent = turn.parent.as_ref().map(renamed);
        turn.again = turn.again.as_ref().map(renamed);
        if let Some(condensed) = &mut turn.condensed {
            condensed.upto = renamed(&condensed.upto);
        }
        rename(turn, &ids);
    }
    whole.branches = whole.branches.iter().map(renamed).collect();
    whole
}

fn rename(turn: &mut Turn, ids: &HashMap<TurnId, TurnId>) {
    let Some(new) = ids.get(&turn.id).cloned() else { return };
    let old = std::mem::replace(&mut turn.id, new.clone());
    // The ids of items begin with their turn's.
    let renamed = |id: &str| id.strip_prefix(old.as_str()).map_or_else(|| id.to_owned(), |rest| format!("{new}{rest}"));
    for item in &mut turn.items {
        match item {
            Item::Message(message) => message.id = ItemId(renamed(message.id.as_str())),
            Item::ToolCall(call) => call.id = CallId(renamed(call.id.as_str())),
            Item::Question(question) => {
                question.id = ItemId(renamed(question.id.as_str()));
                question.call = question.call.take().map(|call| CallId(renamed(call.as_str())));
            }
        }
    }
}
