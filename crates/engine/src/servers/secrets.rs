//! The secrets of servers: in the keychain, never in the list.

use std::sync::PoisonError;

use chat::{ErrorCode, ErrorReport};
use mcp::{
    Kept, Secret, Secrets, ServerConfig, inputs, secret_entry, secret_names, set_secrets_apart, with_own_inputs,
};

use crate::engine::Engine;
use crate::view::AppEvent;

impl Engine {
    /// The same configurations, their secrets in the keychain. Where it does not answer they are kept in memory, and
    /// that is said. What came from elsewhere may not refer to secrets of this computer.
    pub(crate) async fn keep_secrets(&self, configs: Vec<ServerConfig>) -> Result<Vec<ServerConfig>, ErrorReport> {
        // Servers of one call alone leave nothing behind.
        if self.inner.file.is_none() {
            return Ok(configs);
        }
        let foreign = |config: &ServerConfig| {
            let asked = inputs(config);
            let own = |name: &String| {
                let name = name.strip_prefix(&config.name).and_then(|rest| rest.strip_prefix('.'));
                name.is_some() && !self.configs().iter().any(|known| known.name == config.name)
            };
            secret_names(config).into_iter().find(|name| !asked.contains(name) && !own(name))
        };
        if let Some((config, name)) = configs.iter().find_map(|it| Some((it, foreign(it)?))) {
            let message = format!("The server '{}' refers to a secret of this computer, '{name}'.", config.name);
            return Err(ErrorReport::new(ErrorCode::InvalidInput, message)
                .because("Whoever wrote this could read it that way.")
                .fix("Put the value itself in its place: it goes to the keychain."));
        }
        // What is replaced takes its secrets along: nobody gets at them by taking its name.
        let replaced: Vec<ServerConfig> =
            self.configs().into_iter().filter(|it| configs.iter().any(|config| config.name == it.name)).collect();
        self.forget_secrets(&replaced, &replaced).await;
        let mut kept = vec![];
        for config in configs {
            kept.push(self.keep_secrets_of(&with_own_inputs(&config)).await);
        }
        Ok(kept)
    }

    /// Moves every secret that lies open in the list to the keychain; returns whose they were. What the keychain does
    /// not take stays where it is.
    pub async fn protect_secrets(&self) -> Result<Vec<String>, ErrorReport> {
        let mut moved = vec![];
        for config in self.configs().into_iter().filter(super::reload::has_open_secrets) {
            let (apart, found) = set_secrets_apart(&config);
            for (name, secret) in found {
                if let Kept::ForNow(error) = self.inner.secrets.keep(&secret_entry(&name), secret).await {
                    return Err(error.report());
                }
            }
            moved.push(apart);
        }
        let names = moved.iter().map(|config| config.name.clone()).collect();
        self.put_servers(moved).await?;
        let file = self.inner.file.as_ref();
        let troubles =
            file.map(|file| super::reload::troubles_of(&file.lock().unwrap_or_else(PoisonError::into_inner)));
        self.tell_list_troubles(troubles.unwrap_or_default());
        Ok(names)
    }

    async fn keep_secrets_of(&self, config: &ServerConfig) -> ServerConfig {
        let (apart, found) = set_secrets_apart(config);
        for (name, secret) in found {
            if let Kept::ForNow(error) = self.inner.secrets.keep(&secret_entry(&name), secret).await {
                self.inner.hub.announce(AppEvent::Trouble { error: only_for_now(&name, &error.report()) });
            }
        }
        apart
    }

    /// The secrets that a server's configuration refers to and that nobody has given yet, by their names.
    pub async fn lacking_secrets(&self, server: &str) -> Result<Vec<String>, ErrorReport> {
        let mut lacking = vec![];
        for name in secret_names(&self.config(server)?) {
            if self.inner.secrets.get(&secret_entry(&name)).await.map_err(|error| error.report())?.is_none() {
                lacking.push(name);
            }
        }
        Ok(lacking)
    }

    /// Gives a secret that a server's configuration refers to; its servers begin anew with it.
    pub async fn store_server_secret(&self, name: &str, value: &str) -> Result<(), ErrorReport> {
        let concerned: Vec<ServerConfig> =
            self.configs().into_iter().filter(|config| secret_names(config).iter().any(|it| it == name)).collect();
        if concerned.is_empty() {
            return Err(ErrorReport::new(ErrorCode::NotFound, format!("No server refers to a secret '{name}'."))
                .fix("Look at ${secret:…} in the list of servers: that is its name."));
        }
        if value.is_empty() {
            return Err(ErrorReport::new(ErrorCode::InvalidInput, "There is nothing to keep."));
        }
        let kept = self.inner.secrets.keep(&secret_entry(name), Secret::new(value)).await;
        for config in concerned {
            self.inner.servers.reconnect(&config.name).await;
        }
        match kept {
            Kept::Lastingly => Ok(()),
            Kept::ForNow(error) => Err(only_for_now(name, &error.report())),
        }
    }

    /// Removes the secrets that only these servers had.
    pub(super) async fn forget_secrets(&self, gone: &[ServerConfig], besides: &[ServerConfig]) {
        let stays = |config: &&ServerConfig| !besides.iter().any(|gone| gone.name == config.name);
        let left: Vec<String> = self.configs().iter().filter(stays).flat_map(secret_names).collect();
        for name in gone.iter().flat_map(secret_names).filter(|name| !left.contains(name)) {
            if let Err(error) = self.inner.secrets.remove(&secret_entry(&name)).await {
                tracing::warn!(%error, name, "a secret could not be removed from the keychain");
            }
        }
    }
}

fn only_for_now(name: &str, why: &ErrorReport) -> ErrorReport {
    let report = ErrorReport::new(
        ErrorCode::KeychainUnavailable,
        format!("The secret '{name}' is kept only until Loquat ends, because the keychain does not take it."),
    );
    let report = report.because(format!("{} {}", why.message, why.cause.as_deref().unwrap_or_default()).trim());
    match &why.fix {
        Some(fix) => report.fix(format!("{fix} Then enter it once more.")),
        None => report,
    }
}
