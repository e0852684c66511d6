//! Branches: turns follow one another; where several follow the same one, each begins a branch of its own.
//!
//! Nothing is ever replaced: a question that was edited, or answered once more, is another turn in the same place.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::TurnId;

/// Where a turn stands in its conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct Link {
    pub turn: TurnId,
    /// The turn that it follows; nothing where it begins the conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub parent: Option<TurnId>,
    /// The first turn with this very question, where this one answers it once more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub again: Option<TurnId>,
}

/// What a version is a version of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum VersionOf {
    /// Another question in the same place, and what was answered to it.
    Question,
    /// Another answer to the same question.
    Answer,
}

impl Link {
    /// What all answers to one question have in common.
    pub fn question(&self) -> &TurnId {
        self.again.as_ref().unwrap_or(&self.turn)
    }
}

/// How the turns of a conversation hang together, and which branch is looked at.
#[derive(Debug, Clone, Default)]
pub struct Branches {
    /// In the order in which they began, so that a parent stands before its children.
    links: Vec<Link>,
    places: HashMap<TurnId, usize>,
    /// The last turns of the branches that were looked at, the present one last.
    chosen: Vec<usize>,
}

impl Branches {
    /// `links` in the order in which the turns began; `chosen` in the order in which they were.
    pub fn new(links: Vec<Link>, chosen: Vec<TurnId>) -> Self {
        let places: HashMap<TurnId, usize> =
            links.iter().enumerate().map(|(place, link)| (link.turn.clone(), place)).collect();
        let chosen = chosen.iter().filter_map(|turn| places.get(turn).copied()).collect();
        Self { links, places, chosen }
    }

    /// All turns, in the order in which they began.
    pub fn links(&self) -> &[Link] {
        &self.links
    }

    pub fn link(&self, turn: &TurnId) -> Option<&Link> {
        self.links.get(*self.places.get(turn)?)
    }

    /// The branch that is looked at, oldest turn first. Where nobody chose, the newest.
    pub fn path(&self) -> Vec<&Link> {
        let last = self.chosen.last().copied().or_else(|| self.links.len().checked_sub(1));
        last.map(|last| self.path_to(last)).unwrap_or_default()
    }

    /// What was said before `turn`, oldest first; nothing where there is no such turn.
    pub fn before(&self, turn: &TurnId) -> Option<Vec<&Link>> {
        let mut path = self.path_to(*self.places.get(turn)?);
        path.pop();
        Some(path)
    }

    /// The turns that stand in the same place as `link`, itself among them, in the order in which they began.
    pub fn beside<'a>(&'a self, link: &'a Link) -> impl Iterator<Item = &'a Link> {
        self.links.iter().filter(|other| other.parent == link.parent)
    }

    /// All versions in those places of the branch looked at where there are several.
    pub fn versions(&self) -> Vec<Link> {
        let mut seen = HashSet::new();
        let several: HashSet<Option<&TurnId>> =
            self.links.iter().map(|link| link.parent.as_ref()).filter(|parent| !seen.insert(*parent)).collect();
        let shown: HashSet<Option<&TurnId>> = self.path().into_iter().map(|link| link.parent.as_ref()).collect();
        let has = |link: &&Link| several.contains(&link.parent.as_ref()) && shown.contains(&link.parent.as_ref());
        self.links.iter().filter(has).cloned().collect()
    }

    /// Where choosing a version leads: to the end of the branch that was last looked at there.
    pub fn end_of(&self, turn: &TurnId, of: VersionOf) -> Option<&TurnId> {
        let wanted = self.link(turn)?;
        let mut under = vec![false; self.links.len()];
        for (place, link) in self.links.iter().enumerate() {
            let is_it = match of {
                VersionOf::Answer => link.turn == *turn,
                VersionOf::Question => link.parent == wanted.parent && link.question() == wanted.question(),
            };
            under[place] = is_it || self.parent_of(place).is_some_and(|parent| under[parent]);
        }
        let visited = self.chosen.iter().rfind(|place| under[**place]).copied();
        let end = visited.or_else(|| under.iter().rposition(|under| *under))?;
        self.links.get(end).map(|link| &link.turn)
    }

    fn path_to(&self, last: usize) -> Vec<&Link> {
        let mut path: Vec<&Link> =
            std::iter::successors(Some(last), |place| self.parent_of(*place)).map(|place| &self.links[place]).collect();
        path.reverse();
        path
    }

    /// A parent that is missing, or that would not have begun earlier, is none: a damaged journal leads nobody in a
    /// circle.
    fn parent_of(&self, place: usize) -> Option<usize> {
        let parent = self.places.get(self.links[place].parent.as_ref()?)?;
        (*parent < place).then_some(*parent)
    }
}

#[cfg(test)]
#[path = "branch_tests.rs"]
mod tests;
