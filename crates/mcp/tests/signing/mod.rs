//! What tests of the sign-in have in common: a person at a browser, and what was told on the way.
#![allow(dead_code, reason = "every test file uses a part of it")]

use std::sync::{Arc, Mutex};

use chat::{SignInProgress, SignInStage, SignInStep};
use mcp::{MemorySecrets, Secrets, ServerConfig, Servers, ServersOptions, SignInError, Transport};
use serde_json::{Value, json};
use testkit::{Visit, browse};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::common::LONG;

/// The server as it is configured, with that about signing in.
pub(crate) fn config(url: &str, oauth: Value) -> ServerConfig {
    let transport = Transport::Http { url: url.to_owned(), headers: Default::default() };
    ServerConfig { auth: Some(json!({ "oauth": oauth })), ..ServerConfig::new("box", transport) }
}

/// Where sign-ins are kept, for as long as the test runs.
pub(crate) struct Home {
    pub(crate) secrets: Arc<dyn Secrets>,
    pub(crate) folder: tempfile::TempDir,
}

pub(crate) fn home() -> Home {
    Home { secrets: Arc::new(MemorySecrets::default()), folder: tempfile::tempdir().unwrap() }
}

/// Servers that keep their sign-ins there.
pub(crate) async fn servers(configs: Vec<ServerConfig>, home: &Home) -> Servers {
    let options = ServersOptions {
        secrets: Some(home.secrets.clone()),
        accounts: Some(home.folder.path().join("accounts.json")),
        run_dir: Some(home.folder.path().join("run")),
        client_name: "test".into(),
        ..Default::default()
    };
    let servers = Servers::start(options, configs);
    servers.settled(LONG).await;
    servers
}

/// What came of one attempt.
pub(crate) struct Attempt {
    /// Under which name.
    pub(crate) outcome: Result<String, SignInError>,
    pub(crate) steps: Vec<SignInStep>,
    /// What the browser showed in the end.
    pub(crate) page: Option<Visit>,
}

impl Attempt {
    /// The last word on a step.
    pub(crate) fn last(&self, stage: SignInStage) -> Option<&SignInStep> {
        self.steps.iter().rev().find(|step| step.step == stage)
    }

    pub(crate) fn is_done(&self, stage: SignInStage) -> bool {
        self.last(stage).is_some_and(|step| step.state == SignInProgress::Done)
    }
}

/// Somebody clicks, and opens the link that is shown.
pub(crate) async fn sign_in(servers: &Servers, account: Option<&str>) -> Attempt {
    let steps = Arc::new(Mutex::new(vec![]));
    let page = Arc::new(Mutex::new(None));
    let visits = Mutex::new(tokio::task::JoinSet::new());
    let report = |step: SignInStep| {
        if let Some(link) = step.link.clone() {
            let page = page.clone();
            visits.lock().unwrap().spawn(async move {
                let visit = browse(&link).await;
                *page.lock().unwrap() = Some(visit);
            });
        }
        steps.lock().unwrap().push(step);
    };
    let stop = CancellationToken::new();
    let outcome = timeout(LONG, servers.sign_in("box", account, report, stop)).await.unwrap();
    let mut visits = visits.into_inner().unwrap();
    while let Some(visit) = visits.join_next().await {
        visit.unwrap();
    }
    let page = page.lock().unwrap().take();
    let steps = std::mem::take(&mut *steps.lock().unwrap());
    Attempt { outcome, steps, page }
}
