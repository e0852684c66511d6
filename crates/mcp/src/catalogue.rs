//! All tools that can be called now, and the tools last known of servers that are not there yet.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fs, io,
    path::Path,
    sync::Arc,
};

use chat::Tool;
use serde::{Deserialize, Serialize};

use crate::{ServerConfig, file::write_atomically, naming, tools};

/// The tools of all ready servers, sorted by server and tool.
#[derive(Debug, Default, PartialEq)]
pub struct Catalogue {
    tools: Vec<Tool>,
    by_called: HashMap<String, usize>,
    /// Where a spelling stands for exactly one tool.
    by_spelling: HashMap<String, Option<usize>>,
}

impl Catalogue {
    pub(crate) fn new<'a>(lists: impl IntoIterator<Item = &'a [Tool]>) -> Self {
        let mut tools: Vec<Tool> = lists.into_iter().flatten().cloned().collect();
        tools.sort_by(|one, other| (&one.server, &one.name).cmp(&(&other.server, &other.name)));
        let mut taken = HashSet::new();
        for tool in &mut tools {
            // Within one server names differ already; this is for servers whose names only look different.
            if !taken.insert(tool.called.to_lowercase()) {
                tool.called = naming::hashed(&tool.called, &tool.server, &tool.name);
                taken.insert(tool.called.to_lowercase());
            }
        }
        let by_called = tools.iter().enumerate().map(|(at, tool)| (tool.called.clone(), at)).collect();
        let mut by_spelling = HashMap::new();
        for (at, tool) in tools.iter().enumerate() {
            by_spelling.entry(naming::normalised(&tool.called)).and_modify(|only| *only = None).or_insert(Some(at));
        }
        Self { tools, by_called, by_spelling }
    }

    /// Of these tools alone, whichever server they are of.
    pub fn of(tools: &[Tool]) -> Self {
        Self::new([tools])
    }

    /// The tools that somebody describes, named as those of `server`.
    pub fn described(server: &str, raws: &[serde_json::Value]) -> Self {
        Self::new([tools::read(server, raws).as_slice()])
    }

    pub fn tools(&self) -> &[Tool] {
        &self.tools
    }

    /// The tool that a model means by that name: exactly, else whatever its case and punctuation where only one
    /// tool comes into question.
    pub fn find(&self, called: &str) -> Option<&Tool> {
        let exact = self.by_called.get(called).copied();
        let at = exact.or_else(|| self.by_spelling.get(&naming::normalised(called)).copied().flatten())?;
        self.tools.get(at)
    }

    /// The tool of that server by its own name.
    pub fn get(&self, server: &str, tool: &str) -> Option<&Tool> {
        self.tools.iter().find(|known| known.server == server && known.name == tool)
    }
}

/// What is kept on disk: the tools of each server as last seen, and of which configuration.
#[derive(Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct LastKnown(BTreeMap<String, Known>);

#[derive(Serialize, Deserialize, PartialEq)]
struct Known {
    config: u64,
    tools: Arc<Vec<Tool>>,
}

impl LastKnown {
    /// Nothing known is no error: the servers will tell.
    pub(crate) fn load(path: &Path) -> Self {
        fs::read(path).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
    }

    pub(crate) fn of(&self, config: &ServerConfig) -> Arc<Vec<Tool>> {
        let known = self.0.get(&config.name).filter(|known| known.config == fingerprint(config));
        known.map(|known| known.tools.clone()).unwrap_or_default()
    }

    pub(crate) fn collect<'a>(servers: impl Iterator<Item = (&'a ServerConfig, &'a Arc<Vec<Tool>>)>) -> Self {
        let known = servers
            .map(|(config, tools)| (config.name.clone(), Known { config: fingerprint(config), tools: tools.clone() }));
        Self(known.collect())
    }

    pub(crate) fn save(&self, path: &Path) -> io::Result<()> {
        write_atomically(path, &serde_json::to_vec(self)?)
    }
}

/// The same as long as it is the same server. The hash does not give the settings away.
pub(crate) fn fingerprint(config: &ServerConfig) -> u64 {
    naming::fnv(&serde_json::to_string(&config.transport).unwrap_or_default())
}
