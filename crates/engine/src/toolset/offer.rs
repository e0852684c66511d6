//! What the model is offered in one request.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use chat::{Tool, ToolChoice};
use mcp::Catalogue;
use serde_json::value::RawValue;

use super::own::Own;
use super::prepared::{Prepared, Preparing};
use crate::visit::CALLER;

/// What fits into a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// For all definitions together, about.
    pub(crate) tokens: u32,
    pub(crate) count: usize,
}

/// The tools of a request, in the order in which they are sent.
#[derive(Debug)]
pub struct Offer {
    pub(crate) sent: Vec<Arc<Prepared>>,
    /// Whether there are more, to be found.
    pub(crate) finds: bool,
    /// All that can be called: what the model remembers from before works without being found again.
    pub(crate) catalogue: Arc<Catalogue>,
    choice: ToolChoice,
    own: Vec<Own>,
    whose: Whose,
}

/// In whose name servers are called, by the server's name, where that is to be said.
pub(crate) type Whose = BTreeMap<String, String>;

/// What a model means by a name.
pub(crate) enum Named<'a> {
    Own(Own),
    Tool(&'a Tool),
}

impl Offer {
    /// All tools of a catalogue that can be sent, and nothing of Loquat's own.
    pub(crate) fn all(catalogue: Arc<Catalogue>, preparing: &Preparing) -> Self {
        let sent = catalogue.tools().iter().filter_map(|tool| preparing.prepare(tool).ok()).collect();
        Self { sent, finds: false, catalogue, choice: ToolChoice::default(), own: vec![], whose: Whose::default() }
    }

    /// The entries of a request's `tools`.
    pub fn functions(&self) -> impl Iterator<Item = &RawValue> {
        self.sent.iter().map(|prepared| &*prepared.function)
    }

    pub(crate) fn find(&self, called: &str) -> Option<Named<'_>> {
        if let Some(own) = self.own.iter().copied().find(|own| own.is_called(called)) {
            return Some(Named::Own(own));
        }
        let tool = self.catalogue.find(called)?;
        self.choice.allows(&tool.server, &tool.name).then_some(Named::Tool(tool))
    }

    /// The same, with its calls in those names.
    pub(crate) fn in_name_of(self, whose: Whose) -> Self {
        Self { whose, ..self }
    }

    pub(crate) fn account_of(&self, server: &str) -> Option<String> {
        self.whose.get(server).cloned()
    }

    /// Names to choose from, for a model that made one up.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.sent.iter().map(|prepared| prepared.called.as_str())
    }

    /// About what all of it costs.
    pub(crate) fn tokens(&self) -> u32 {
        self.sent.iter().map(|prepared| prepared.tokens).sum()
    }
}

pub(super) fn arrange(
    catalogue: Arc<Catalogue>,
    choice: ToolChoice,
    aside: &HashSet<String>,
    preparing: &Preparing,
    (limits, reads): (Limits, Vec<Own>),
) -> Offer {
    let may = |tool: &&Tool| choice.allows(&tool.server, &tool.name) && !aside.contains(&tool.called);
    let usable: Vec<(&Tool, Arc<Prepared>)> =
        catalogue.tools().iter().filter(may).filter_map(|tool| Some((tool, preparing.prepare(tool).ok()?))).collect();
    let tokens: u64 = usable.iter().map(|(_, prepared)| u64::from(prepared.tokens)).sum();
    let finds = tokens > u64::from(limits.tokens) || usable.len() + reads.len() > limits.count;
    let mut own = reads;
    let mut sent = vec![];
    if finds {
        own.insert(0, Own::FindTools);
        sent.push(Own::FindTools.prepared(&servers(&usable)));
        sent.extend(kept(&usable, &choice, limits));
    } else {
        sent.extend(usable.iter().map(|(_, prepared)| prepared.clone()));
    }
    // What is there only sometimes stands last, so that all before it stays the same.
    sent.extend(own.iter().filter(|own| **own != Own::FindTools).map(|own| own.prepared("")));
    Offer { sent, finds, catalogue: catalogue.clone(), choice, own, whose: Whose::default() }
}

/// The pinned tools, then those found, oldest first; where they have become too many, the oldest finds go.
fn kept(usable: &[(&Tool, Arc<Prepared>)], choice: &ToolChoice, limits: Limits) -> Vec<Arc<Prepared>> {
    let is = |tool: &Tool, of: &chat::ToolRef| of.server == tool.server && of.tool == tool.name;
    let is_pinned = |tool: &Tool| tool.server == CALLER || choice.pinned.iter().any(|pin| is(tool, pin));
    let mut kept: Vec<Arc<Prepared>> =
        usable.iter().filter(|(tool, _)| is_pinned(tool)).map(|(_, prepared)| prepared.clone()).collect();
    let found = choice.found.iter().filter_map(|found| usable.iter().find(|(tool, _)| is(tool, found)));
    let found: Vec<Arc<Prepared>> =
        found.filter(|(tool, _)| !is_pinned(tool)).map(|(_, prepared)| prepared.clone()).collect();
    let mut left = u64::from(limits.tokens).saturating_sub(kept.iter().map(|it| u64::from(it.tokens)).sum());
    // Two places are for reading, one for finding.
    let places = limits.count.saturating_sub(kept.len() + 3);
    let mut newest = 0;
    for prepared in found.iter().rev().take(places) {
        let price = u64::from(prepared.tokens);
        // The last searches shall never have been for nothing.
        if price > left && newest >= 2 * super::FOUND_AT_ONCE {
            break;
        }
        left = left.saturating_sub(price);
        newest += 1;
    }
    kept.extend(found[found.len() - newest..].iter().cloned());
    kept
}

/// What can be found, by server: `github (87 tools), jira (31)`.
fn servers(usable: &[(&Tool, Arc<Prepared>)]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (tool, _) in usable.iter().filter(|(tool, _)| tool.server != CALLER) {
        *counts.entry(&tool.server).or_default() += 1;
    }
    let words: Vec<String> = counts.iter().map(|(server, count)| format!("{server} ({count})")).collect();
    words.join(", ")
}
