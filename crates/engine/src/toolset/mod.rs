//! Which tools the model gets in a request, and Loquat's own ones among them.
//!
//! Up to a budget all tools of the conversation go. Past it the model finds them by [`own::Own::FindTools`]; what was
//! found stays for the conversation, what is pinned is always there, and the order of both never changes.

mod offer;
pub(crate) mod own;
mod prepared;
mod reading;
mod search;
mod words;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use chat::{Tool, ToolChoice, ToolRef};
use mcp::Catalogue;

pub use offer::Offer;
pub(crate) use offer::{Limits, Named, Whose};
pub(crate) use prepared::Preparing;
pub use prepared::token_price;
pub(crate) use reading::{Readable, is_offered as reads, short_id};
pub use search::ToolIndex;

/// How many tools a search finds.
const FOUND_AT_ONCE: usize = 6;

/// The tools of one turn.
pub(crate) struct Toolset {
    pub(crate) preparing: Arc<Preparing>,
    /// Read anew for every round: a person may change it meanwhile.
    pub(crate) choice: Box<dyn Fn() -> ToolChoice + Send + Sync>,
    /// Told what the model has found.
    pub(crate) keep_found: Box<dyn Fn(Vec<ToolRef>) + Send + Sync>,
    pub(crate) limits: Limits,
    /// Names of tools that the provider refused in this turn.
    pub(crate) aside: Mutex<HashSet<String>>,
}

impl Toolset {
    /// What the model is offered now. `reads` are Loquat's own tools for reading that have something to read.
    pub(crate) fn offer(&self, catalogue: Arc<Catalogue>, reads: Vec<own::Own>) -> Offer {
        let aside = self.aside.lock().unwrap_or_else(PoisonError::into_inner).clone();
        offer::arrange(catalogue, (self.choice)(), &aside, &self.preparing, (self.limits, reads))
    }

    /// Leaves a tool out for the rest of the turn; false where it was left out already.
    pub(crate) fn set_aside(&self, called: &str) -> bool {
        self.aside.lock().unwrap_or_else(PoisonError::into_inner).insert(called.to_owned())
    }

    /// The tools of the conversation that fit a description best. From now on the model has them.
    pub(crate) fn find(&self, catalogue: &Arc<Catalogue>, query: &str) -> Vec<Tool> {
        let choice = (self.choice)();
        let index = self.preparing.index(catalogue);
        let places = index.search(query, catalogue.tools().len());
        let found = places.into_iter().filter_map(|at| catalogue.tools().get(at));
        let usable =
            found.filter(|tool| choice.allows(&tool.server, &tool.name) && self.preparing.prepare(tool).is_ok());
        let found: Vec<Tool> = usable.take(FOUND_AT_ONCE).cloned().collect();
        (self.keep_found)(found.iter().map(|tool| ToolRef::new(&tool.server, &tool.name)).collect());
        found
    }
}
