//! What a person can set about one server.

use std::path::PathBuf;
use std::time::Duration;

use chat::{ErrorCode, ErrorReport, Launch, Sandbox};
use mcp::ServerConfig;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::engine::Engine;

/// What can be set about one server, whatever it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS), ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ServerSettings {
    /// Seconds until it must be ready.
    pub start_timeout: f64,
    /// Seconds for which a call may be silent.
    pub call_timeout: f64,
    /// Seconds that a call may take altogether.
    pub call_limit: f64,
    /// How many calls it gets at the same time.
    pub parallel: u32,
    /// Tools that nobody is offered.
    pub disabled_tools: Vec<String>,
    /// `auto`, `legacy` or `modern`: which generation of the protocol it is spoken to in.
    pub era: String,
    /// A file with certificates that are trusted for it besides the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub ca: Option<String>,
    /// What its program may reach; everything where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub sandbox: Option<Sandbox>,
}

impl Engine {
    pub fn server_settings(&self, name: &str) -> Result<ServerSettings, ErrorReport> {
        let config = self.config(name)?;
        let era = serde_json::to_value(config.era).ok();
        Ok(ServerSettings {
            start_timeout: config.start_timeout.as_secs_f64(),
            call_timeout: config.call_timeout.as_secs_f64(),
            call_limit: config.call_limit.as_secs_f64(),
            parallel: config.parallel,
            disabled_tools: config.disabled_tools,
            era: era.as_ref().and_then(Value::as_str).unwrap_or("auto").to_owned(),
            ca: config.ca.map(|path| path.display().to_string()),
            sandbox: config.sandbox,
        })
    }

    /// Changes what is set about a server. Whoever changes its sandbox agrees to what runs in it.
    pub async fn change_server(&self, name: &str, settings: ServerSettings) -> Result<(), ErrorReport> {
        let before = self.config(name)?;
        let agreed = self.inner.consents.as_ref().is_some_and(|consents| consents.allows(&before));
        let config = changed(before, settings)?;
        if agreed {
            self.agree(&config)?;
        }
        self.put_servers(vec![config]).await
    }

    /// What starting a server comes down to on this computer; nothing where it is no program.
    pub async fn launch(&self, name: &str) -> Result<Option<Launch>, ErrorReport> {
        let name = self.config(name)?.name;
        Ok(self.inner.servers.launch(&name).await)
    }
}

fn changed(config: ServerConfig, settings: ServerSettings) -> Result<ServerConfig, ErrorReport> {
    let wrong = |message: &str| ErrorReport::new(ErrorCode::InvalidInput, message);
    let seconds = |seconds: f64| {
        let duration = Duration::try_from_secs_f64(seconds).ok().filter(|duration| !duration.is_zero());
        duration.ok_or_else(|| wrong("A deadline is a number of seconds above 0."))
    };
    if !(1..=1000).contains(&settings.parallel) {
        return Err(wrong("A server gets between 1 and 1000 calls at the same time."));
    }
    let ca = settings.ca.filter(|path| !path.trim().is_empty()).map(PathBuf::from);
    if ca.as_ref().is_some_and(|path| !path.is_file()) {
        return Err(wrong("The file with certificates is not there.").fix("Give the whole path of a PEM file."));
    }
    let era = serde_json::from_value(Value::from(settings.era));
    Ok(ServerConfig {
        start_timeout: seconds(settings.start_timeout)?,
        call_timeout: seconds(settings.call_timeout)?,
        call_limit: seconds(settings.call_limit)?,
        parallel: settings.parallel,
        disabled_tools: settings.disabled_tools,
        era: era.map_err(|_| wrong("The protocol is \"auto\", \"legacy\" or \"modern\"."))?,
        ca,
        sandbox: settings.sandbox,
        ..config
    })
}
