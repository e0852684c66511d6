//! Signing in to servers, as a face asks for it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chat::{AccountView, ErrorCode, ErrorReport, SignInStep};
use mcp::{ServerConfig, SignedIn};
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use crate::choices::ServerAccounts;
use crate::engine::Engine;
use crate::view::AppEvent;

/// The sign-ins under way, by server: a new one ends the one before.
#[derive(Default)]
pub(crate) struct UnderWay(Mutex<HashMap<String, CancellationToken>>);

impl UnderWay {
    fn begin(&self, server: &str) -> CancellationToken {
        let stop = CancellationToken::new();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = all.insert(server.to_owned(), stop.clone()) {
            before.cancel();
        }
        stop
    }

    fn stop(&self, server: &str) {
        if let Some(stop) = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(server) {
            stop.cancel();
        }
    }
}

impl Engine {
    /// Signs in to a server; `report` is told each step, and so is every face. Nothing is opened: whoever is told the link
    /// opens it on a click.
    pub async fn sign_in(
        &self,
        server: &str,
        account: Option<&str>,
        report: impl Fn(SignInStep) + Send + Sync,
    ) -> Result<(), ErrorReport> {
        let stop = self.inner.sign_ins.begin(server);
        let tell = |step: SignInStep| {
            self.inner.hub.announce(AppEvent::SignIn { server: server.to_owned(), step: step.clone() });
            report(step);
        };
        let outcome = self.inner.servers.sign_in(server, account, tell, stop).await;
        // It may be kept only for now.
        self.tell_settings();
        let account = outcome.map_err(|error| error.report())?;
        self.inner.questions.signed_in(server, &account);
        Ok(())
    }

    /// Ends the sign-in under way, if there is one.
    pub fn stop_sign_in(&self, server: &str) {
        self.inner.sign_ins.stop(server);
    }

    /// Signs out; without a name in the one that is used. False where nobody of that name is signed in.
    pub async fn sign_out(&self, server: &str, account: Option<&str>) -> Result<bool, ErrorReport> {
        self.inner.servers.sign_out(server, account).await.map_err(|error| error.report())
    }

    /// Who is signed in, by server; the keychain stays closed.
    pub async fn signed_in(&self) -> Vec<ServerAccounts> {
        let all = self.inner.servers.signed_in().await.into_iter();
        all.map(|SignedIn { server, names, used, over }| ServerAccounts { server, names, used, over }).collect()
    }

    /// Who is signed in to a server.
    pub async fn accounts(&self, server: &str) -> Result<Vec<AccountView>, ErrorReport> {
        self.inner.servers.accounts(server).await.map_err(|error| error.report())
    }

    /// From now on the server is used in that name.
    pub async fn use_account(&self, server: &str, account: &str) -> Result<(), ErrorReport> {
        if self.inner.servers.use_account(server, account).await.map_err(|error| error.report())? {
            return Ok(());
        }
        Err(ErrorReport::new(ErrorCode::NotFound, format!("Nobody called {account} is signed in to {server}.")))
    }

    /// Forgets who we are to those who sign people in for a server; the next sign-in introduces us anew.
    pub async fn reset_registration(&self, server: &str) -> Result<(), ErrorReport> {
        self.inner.servers.reset_registration(server).await.map_err(|error| error.report())
    }

    /// A person trusts that issuer to sign people in for that server, though it is not the one that was expected.
    pub async fn trust_issuer(&self, server: &str, issuer: &str) -> Result<(), ErrorReport> {
        self.set_oauth(server, &[("issuer", issuer)]).await
    }

    /// A person says that the server is what it calls itself, though its address is another one.
    pub async fn use_resource(&self, server: &str, resource: &str) -> Result<(), ErrorReport> {
        self.set_oauth(server, &[("resource", resource)]).await
    }

    /// Uses a client that somebody registered by hand; its secret, if it has one, goes to the keychain.
    pub async fn use_client(&self, server: &str, id: &str, secret: Option<&str>) -> Result<(), ErrorReport> {
        let secret = secret.filter(|secret| !secret.trim().is_empty()).map(|secret| ("client_secret", secret));
        let fields: Vec<_> = [("client_id", id)].into_iter().chain(secret).collect();
        self.set_oauth(server, &fields).await
    }

    async fn set_oauth(&self, server: &str, fields: &[(&str, &str)]) -> Result<(), ErrorReport> {
        let mut config = self.config(server)?;
        set(&mut config, fields);
        let kept = self.keep_secrets(vec![config]).await?;
        self.put_servers(kept).await
    }
}

fn set(config: &mut ServerConfig, fields: &[(&str, &str)]) {
    let auth = config.auth.get_or_insert_with(|| json!({}));
    if !auth.is_object() {
        *auth = json!({});
    }
    if !auth["oauth"].is_object() {
        auth["oauth"] = Value::Object(Map::new());
    }
    for (name, value) in fields {
        auth["oauth"][*name] = value.trim().into();
    }
}
