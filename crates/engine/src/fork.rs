//! A conversation is copied, whole or up to one of its turns: what is said in the copy changes nothing in the original.

use std::collections::HashMap;

use chat::{Condensed, ConversationId, ConversationSummary, ErrorReport, Link, Turn, TurnId, TurnStatus};

use crate::clock::now;
use crate::engine::{Engine, busy, fresh_id};
use crate::store::{StoreError, TitledBy};

impl Engine {
    /// Copies the conversation with all its branches; with `at`, only what led to that turn, and that turn itself.
    pub async fn fork(&self, id: &ConversationId, at: Option<&TurnId>) -> Result<ConversationId, ErrorReport> {
        let store = &self.inner.store;
        self.settle_store().await;
        let origin = store.summary(id).await.map_err(|error| error.report())?;
        let branches = store.branches(id).await.map_err(|error| error.report())?;
        let links: Vec<&Link> = match at {
            Some(turn) => {
                let own = branches.link(turn).ok_or_else(|| StoreError::NoSuchTurn.report())?;
                branches.before(turn).unwrap_or_default().into_iter().chain([own]).collect()
            }
            None => branches.links().iter().collect(),
        };
        let mut turns = store.turns(&links).await.map_err(|error| error.report())?;
        if at.is_some() && turns.iter().any(|turn| turn.status == TurnStatus::Running) {
            return Err(busy());
        }
        turns.retain(|turn| turn.status != TurnStatus::Running);
        let ids: HashMap<TurnId, TurnId> = turns.iter().map(|turn| (turn.id.clone(), TurnId(fresh_id()))).collect();
        let end = match at {
            Some(turn) => ids.get(turn),
            None => branches.path().into_iter().rev().find_map(|link| ids.get(&link.turn)),
        };
        let copy = ConversationSummary {
            id: ConversationId(fresh_id()),
            title: self.numbered(&origin.title),
            updated_at: now(),
            running: false,
            pinned: false,
            ..origin
        };
        store.add_conversation(&copy, TitledBy::Person);
        if let Some(choice) = store.tool_choice(id).await.map_err(|error| error.report())? {
            store.choose_tools(&copy.id, &choice);
        }
        let instructions = store.instructions(id).await.map_err(|error| error.report())?;
        store.instruct(&copy.id, instructions.as_deref());
        for turn in turns {
            store.add_turn(&copy.id, &renamed(turn, &ids));
        }
        if let Some(end) = end {
            store.choose(&copy.id, end);
        }
        store.flush().await.map_err(|error| error.report())?;
        let id = copy.id.clone();
        self.inner.hub.put(copy);
        Ok(id)
    }

    /// The title with the first number that no conversation has: “Invoices”, “Invoices (2)”.
    fn numbered(&self, title: &str) -> String {
        let taken: Vec<String> = self.conversations().into_iter().map(|summary| summary.title).collect();
        let number = |name: &str| {
            name.strip_suffix(')')?
                .rsplit_once(" (")
                .filter(|(_, nth)| nth.parse::<u32>().is_ok())
                .map(|(stem, _)| stem.to_owned())
        };
        let stem = number(title).unwrap_or_else(|| title.to_owned());
        let mut names = (2_u32..).map(|nth| format!("{stem} ({nth})"));
        names.find(|name| !taken.contains(name)).unwrap_or(stem)
    }
}

/// What is not copied along is nobody's parent and nobody's first answer.
fn renamed(turn: Turn, ids: &HashMap<TurnId, TurnId>) -> Turn {
    let new = |id: &TurnId| ids.get(id).cloned();
    Turn {
        id: new(&turn.id).unwrap_or_else(|| turn.id.clone()),
        parent: turn.parent.as_ref().and_then(new),
        again: turn.again.as_ref().and_then(new),
        condensed: turn.condensed.as_ref().and_then(|it| Some(Condensed { upto: new(&it.upto)?, ..it.clone() })),
        ..turn
    }
}
