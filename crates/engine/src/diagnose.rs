//! Why a server or a provider cannot be used.

mod provider;

use chat::{Diagnosis, ErrorCode, ErrorReport};
use futures::future::join_all;

use crate::engine::Engine;

impl Engine {
    /// Tries the server or provider of that name, or all that are turned on, and says which step fails and why.
    /// What runs goes on undisturbed.
    pub async fn diagnose(&self, name: Option<&str>) -> Result<Vec<Diagnosis>, ErrorReport> {
        let settings = self.settings_view();
        let servers = self.inner.servers.snapshot();
        let wanted_servers = servers.iter().filter(|server| match name {
            Some(name) => server.config.name == name,
            None => server.config.enabled,
        });
        let wanted_providers = settings.providers.iter().filter(|provider| match name {
            Some(name) => provider.id == name,
            None => settings.settings.model.as_ref().is_some_and(|model| model.provider == provider.id),
        });
        let mut found: Vec<Diagnosis> =
            join_all(wanted_servers.map(|server| self.inner.servers.diagnose(&server.config.name)))
                .await
                .into_iter()
                .flatten()
                .collect();
        for provider in wanted_providers {
            found.push(self.diagnose_provider(provider).await?);
        }
        match (name, found.is_empty()) {
            (Some(name), true) => Err(ErrorReport::new(
                ErrorCode::NotFound,
                format!("There is neither a server nor a provider called '{name}'."),
            )
            .fix("Look at the names with `loq servers`.")),
            _ => Ok(found),
        }
    }
}
