//! What servers offer besides tools, for every face.

use chat::{Blank, Completion, ErrorReport, FilledPrompt, LogLevel, LogLine, Prompt, Reading, ResourceList};
use futures::future::join_all;
use mcp::Attendance;
use serde_json::{Map, Value};

use crate::engine::Engine;

impl Engine {
    /// The prompts of one server, or of all that are ready; those that cannot say are left out of all.
    pub async fn prompts(&self, server: Option<&str>) -> Result<Vec<Prompt>, ErrorReport> {
        let servers = self.servers();
        if let Some(server) = server {
            return servers.prompts(server).await.map_err(|error| error.report());
        }
        let names = self.ready_servers();
        let lists = join_all(names.iter().map(|name| servers.prompts(name))).await;
        Ok(lists.into_iter().flatten().flatten().collect())
    }

    pub async fn fill_prompt(
        &self,
        server: &str,
        name: &str,
        arguments: Map<String, Value>,
    ) -> Result<FilledPrompt, ErrorReport> {
        let filled = self.servers().fill_prompt(server, name, arguments, self.attendance()).await;
        filled.map_err(|error| error.report())
    }

    /// Resources and templates of one server, or of all that are ready.
    pub async fn resources(&self, server: Option<&str>) -> Result<ResourceList, ErrorReport> {
        let servers = self.servers();
        if let Some(server) = server {
            return servers.resources(server).await.map_err(|error| error.report());
        }
        let names = self.ready_servers();
        let lists = join_all(names.iter().map(|name| servers.resources(name))).await;
        let mut all = ResourceList::default();
        for list in lists.into_iter().flatten() {
            all.resources.extend(list.resources);
            all.templates.extend(list.templates);
        }
        Ok(all)
    }

    pub async fn read_resource(&self, server: &str, uri: &str) -> Result<Reading, ErrorReport> {
        self.servers().read_resource(server, uri, self.attendance()).await.map_err(|error| error.report())
    }

    /// What could stand in a blank that begins with `begun`; `others` are the blanks filled already.
    pub async fn complete(
        &self,
        server: &str,
        blank: &Blank,
        begun: &str,
        others: Map<String, Value>,
    ) -> Result<Completion, ErrorReport> {
        self.servers().complete(server, blank, begun, others).await.map_err(|error| error.report())
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

    fn ready_servers(&self) -> Vec<String> {
        let servers = self.servers().snapshot();
        let ready = servers.iter().filter(|server| matches!(server.state, chat::ServerState::Ready { .. }));
        ready.map(|server| server.config.name.clone()).collect()
    }
}
