//! Our side of a session: what we say of ourselves, and where the server's notifications go.

use std::sync::Arc;

use chat::Progress;
use rmcp::{
    ClientHandler, RoleClient,
    model::{ClientConfig, Implementation, ProgressNotificationParam, ProgressToken, ProtocolVersion},
    service::NotificationContext,
};
use tokio::sync::{Notify, broadcast};

/// Progress of every running call of one server; each call picks its own.
pub(crate) type ProgressSender = broadcast::Sender<(ProgressToken, Progress)>;

pub(crate) struct Host {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) progress: ProgressSender,
    pub(crate) tools_changed: Arc<Notify>,
}

impl ClientHandler for Host {
    fn get_info(&self) -> ClientConfig {
        let mut config = ClientConfig::default();
        // The default is a version that has no `initialize`.
        config.protocol_version = ProtocolVersion::LATEST_WITH_INITIALIZE;
        config.client_info = Implementation::new(self.name.clone(), self.version.clone());
        config
    }

    async fn on_progress(&self, params: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        let progress = Progress { done: params.progress, total: params.total, message: params.message };
        // Nobody listens when no call is running.
        let _ = self.progress.send((params.progress_token, progress));
    }

    async fn on_tool_list_changed(&self, _: NotificationContext<RoleClient>) {
        self.tools_changed.notify_one();
    }
}
