//! What servers write, and how much of it they send.

use chat::{LogLevel, LogLine};

use super::Servers;
use crate::CallError;

impl Servers {
    /// The last lines that a server wrote, to its standard error or as log messages.
    pub fn log_lines(&self, server: &str) -> Vec<LogLine> {
        self.find(server).map(|server| server.lines.all()).unwrap_or_default()
    }

    /// How grave a message must be for a server to send it, for as long as this session lasts.
    pub async fn set_log_level(&self, server: &str, level: LogLevel) -> Result<(), CallError> {
        let (session, snapshot) = self.ready(server)?;
        session.set_log_level(level).await.map_err(|error| error.of(server))?;
        self.inner.board.update(snapshot.serial, |server| server.offers = server.offers.sending(level));
        Ok(())
    }
}
