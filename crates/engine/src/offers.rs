//! What servers offer besides tools, for every face: as they are used everywhere, or as one chat uses them.

use std::collections::BTreeMap;
use std::time::Duration;

use chat::{Blank, Completion, ConversationId, ErrorReport, FilledPrompt, LogLevel, LogLine, Prompt, Reading};
use chat::{ResourceList, ServerState};
use futures::future::join_all;
use mcp::{Attendance, Servers};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::time::timeout;

use crate::engine::Engine;

/// Nobody who looks through what all servers offer waits longer for one that begins only now.
const LISTS_WAIT: Duration = Duration::from_secs(10);

/// The chat in which something is asked of servers: it may use them in a name of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct InChat {
    /// Nothing where it is yet to begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub conversation: Option<ConversationId>,
}

/// What servers offer to whoever asks.
pub struct Offers<'a> {
    engine: &'a Engine,
    /// In no chat, each server is asked in the name in which it is used everywhere.
    chat: Option<&'a InChat>,
}

impl Engine {
    /// What servers offer, in a chat or outside of any.
    pub fn offers<'a>(&'a self, chat: Option<&'a InChat>) -> Offers<'a> {
        Offers { engine: self, chat }
    }

    /// Every face is told when that resource changes, for as long as the server stays connected.
    pub async fn subscribe_resource(&self, server: &str, uri: &str, on: bool) -> Result<(), ErrorReport> {
        let servers = self.servers();
        let done = if on { servers.subscribe(server, uri).await } else { servers.unsubscribe(server, uri).await };
        done.map_err(|error| error.report())
    }

    /// The last lines a server wrote that are at least so grave.
    pub fn server_log(&self, server: &str, least: LogLevel) -> Vec<LogLine> {
        self.servers().log_lines(server).into_iter().filter(|line| line.level >= least).collect()
    }

    /// How grave a message must be for the server to send it at all.
    pub async fn set_server_log_level(&self, server: &str, level: LogLevel) -> Result<(), ErrorReport> {
        self.servers().set_log_level(server, level).await.map_err(|error| error.report())
    }

    /// A person is there to be asked meanwhile.
    fn attendance(&self) -> Attendance {
        let stop = self.inner.ended.child_token();
        Attendance { answers: Some(self.asker(stop.clone())), stop }
    }
}

impl Offers<'_> {
    /// The prompts of one server, or of all that are ready; those that cannot say are left out of all.
    pub async fn prompts(&self, server: Option<&str>) -> Result<Vec<Prompt>, ErrorReport> {
        if let Some(server) = server {
            return self.at(server).await?.prompts(server).await.map_err(|error| error.report());
        }
        let all = self.all().await?;
        let lists = join_all(all.iter().map(|(name, servers)| servers.prompts(name))).await;
        Ok(lists.into_iter().flatten().flatten().collect())
    }

    pub async fn fill_prompt(
        &self,
        server: &str,
        name: &str,
        arguments: Map<String, Value>,
    ) -> Result<FilledPrompt, ErrorReport> {
        let filled = self.at(server).await?.fill_prompt(server, name, arguments, self.engine.attendance()).await;
        filled.map_err(|error| error.report())
    }

    /// Resources and templates of one server, or of all that are ready.
    pub async fn resources(&self, server: Option<&str>) -> Result<ResourceList, ErrorReport> {
        if let Some(server) = server {
            return self.at(server).await?.resources(server).await.map_err(|error| error.report());
        }
        let all = self.all().await?;
        let lists = join_all(all.iter().map(|(name, servers)| servers.resources(name))).await;
        let mut found = ResourceList::default();
        for list in lists.into_iter().flatten() {
            found.resources.extend(list.resources);
            found.templates.extend(list.templates);
        }
        Ok(found)
    }

    pub async fn read_resource(&self, server: &str, uri: &str) -> Result<Reading, ErrorReport> {
        let read = self.at(server).await?.read_resource(server, uri, self.engine.attendance()).await;
        read.map_err(|error| error.report())
    }

    /// What could stand in a blank that begins with `begun`; `others` are the blanks filled already.
    pub async fn complete(
        &self,
        server: &str,
        blank: &Blank,
        begun: &str,
        others: Map<String, Value>,
    ) -> Result<Completion, ErrorReport> {
        self.at(server).await?.complete(server, blank, begun, others).await.map_err(|error| error.report())
    }

    /// In whose name the chat uses servers, where it says so.
    async fn whose(&self) -> Result<BTreeMap<String, String>, ErrorReport> {
        match self.chat {
            Some(chat) => Ok(self.engine.tool_choice(chat.conversation.as_ref()).await?.accounts),
            None => Ok(BTreeMap::new()),
        }
    }

    /// The servers among which that one is used in the name of whoever it is.
    async fn at(&self, server: &str) -> Result<Servers, ErrorReport> {
        let account = self.whose().await?.remove(server);
        self.engine.servers().in_name_of(server, account.as_deref()).await.map_err(|error| error.report())
    }

    /// Each server that can be asked, with the servers among which it is.
    async fn all(&self) -> Result<Vec<(String, Servers)>, ErrorReport> {
        let (whose, servers) = (self.whose().await?, self.engine.servers());
        let known = servers.snapshot();
        let is_ready = |state: &ServerState| matches!(state, ServerState::Ready { .. });
        // One that is not ready for everybody may be for somebody.
        let asked = known.iter().filter(|it| is_ready(&it.state) || whose.contains_key(&it.config.name));
        let asked = asked.map(|it| it.config.name.clone()).map(|name| {
            let account = whose.get(&name).map(String::as_str);
            async move {
                let there = timeout(LISTS_WAIT, servers.in_name_of(&name, account)).await.ok()?.ok()?;
                Some((name, there))
            }
        });
        Ok(join_all(asked).await.into_iter().flatten().collect())
    }
}
