//! Signing in to a server and out of it, and whose name is used there.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use chat::{AccountView, ServerState, SignInProgress, SignInStage, SignInStep};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::Servers;
use crate::{
    KeptSignIn, ServerSnapshot, SignInError,
    auth::{Account, Attempt, DEFAULT},
    connect::ConnectError,
    references,
};

/// A server that has been away may take a moment to start again.
const FIRST_CALL: Duration = Duration::from_secs(60);

impl Servers {
    /// Signs in under a name; without one in the name that is used, or the only one. `report` is told every step as it goes:
    /// the step `Consent` has the link that a person opens. `stop` ends it. Returns the name.
    ///
    /// A new name is used from then on; one that is known and not used stays so, and is fresh again where it is used.
    pub async fn sign_in(
        &self,
        name: &str,
        account: Option<&str>,
        report: impl Fn(SignInStep) + Send + Sync,
        stop: CancellationToken,
    ) -> Result<String, SignInError> {
        let (server, accounts) = self.accounts_of(name).await?;
        let (names, active) = accounts.names()?;
        let account = account.or(active.as_deref()).unwrap_or(DEFAULT).trim().to_owned();
        let theirs = self.inner.others.get(name, &account);
        let is_known = names.contains(&account) || theirs.is_some();
        let beside = is_known && active.as_ref().is_some_and(|active| *active != account);
        let clock = Mutex::new(None);
        let report = |step: SignInStep| report(timed(step, &clock));
        let tell = |step: SignInStep| {
            if !beside {
                self.show(&server, ServerState::SigningIn { step: step.step });
            }
            report(step);
        };
        // What they lack is known where they were turned away.
        let apart = beside || theirs.is_some();
        let whose = if apart { self.account_of(name, Some(&account)).await? } else { accounts.clone() };
        let attempt = Attempt { account: &whose, name: &account, report: &tell, stop };
        if let Err(error) = attempt.run().await {
            if !beside {
                self.show(&server, ServerState::NeedsSignIn);
            }
            return Err(error);
        }
        accounts.look_again();
        tell(first(SignInProgress::Running, "Asking the server for its tools."));
        let outcome = if beside {
            self.other(&server, &account).first_call(name).await
        } else {
            if let Some(theirs) = theirs {
                theirs.begin_anew(name).await;
            }
            self.first_call(name).await
        };
        let told = match &outcome {
            Ok(tools) => first(SignInProgress::Done, &format!("The server is ready: {tools} tools.")),
            Err(error) => SignInStep { fix: Some(error.fix()), ..first(SignInProgress::Failed, &error.to_string()) },
        };
        // The server shows by now how it stands.
        report(told);
        outcome.map(|_| account)
    }

    /// Signs out; without a name in the one that is used. False where nobody of that name is signed in.
    pub async fn sign_out(&self, name: &str, account: Option<&str>) -> Result<bool, SignInError> {
        let (_, accounts) = self.accounts_of(name).await?;
        let active = accounts.active()?;
        let Some(account) = account.or(active.as_deref()) else { return Ok(false) };
        let was_there = accounts.sign_out(account).await?;
        self.dismiss(name, Some(account)).await;
        if active.as_deref() == Some(account) {
            self.begin_anew(name).await;
        }
        Ok(was_there)
    }

    /// Who is signed in to a server.
    pub async fn accounts(&self, name: &str) -> Result<Vec<AccountView>, SignInError> {
        Ok(self.accounts_of(name).await?.1.list().await?)
    }

    /// From now on the server is used in that name. False where nobody of that name is signed in.
    pub async fn use_account(&self, name: &str, account: &str) -> Result<bool, SignInError> {
        let switched = self.accounts_of(name).await?.1.switch(account).await?;
        if switched {
            self.begin_anew(name).await;
        }
        Ok(switched)
    }

    /// Takes over a sign-in that another program kept for this server. False where somebody is signed in already.
    pub async fn adopt(&self, name: &str, kept: &KeptSignIn) -> Result<bool, SignInError> {
        let adopted = self.accounts_of(name).await?.1.adopt(kept).await?;
        if adopted {
            self.reconnect(name).await;
        }
        Ok(adopted)
    }

    /// Forgets who we are to those who sign people in for a server; the next sign-in introduces us anew.
    pub async fn reset_registration(&self, name: &str) -> Result<(), SignInError> {
        Ok(self.accounts_of(name).await?.1.reset_registration().await?)
    }

    pub(super) async fn accounts_of(&self, name: &str) -> Result<(ServerSnapshot, Arc<Account>), SignInError> {
        let missing = || SignInError::NoServer { server: name.to_owned() };
        let server = self.find(name).ok_or_else(missing)?;
        // As the session sees it: with what the configuration only refers to.
        let config = references::resolve(&server.config, self.inner.setting.secrets.as_deref()).await;
        let lacking = |cause| SignInError::Unreachable { stage: SignInStage::Reach, cause };
        let config = config.map_err(|error| lacking(ConnectError::from(error).to_string()))?;
        let account = self.inner.sign_ins.account(&config, None).ok_or_else(missing)?;
        Ok((server, account))
    }

    /// A server that is at work stays as it is: somebody signs in besides.
    fn show(&self, server: &ServerSnapshot, state: ServerState) {
        self.inner.board.update(server.serial, |server| {
            let waits = matches!(
                server.state,
                ServerState::NeedsSignIn | ServerState::SigningIn { .. } | ServerState::Failed { .. }
            );
            if waits {
                server.state = state;
            }
        });
    }

    /// Whether the server takes what we have now; how many tools it then has.
    async fn first_call(&self, name: &str) -> Result<u32, SignInError> {
        self.begin_anew(name).await;
        let mut published = self.inner.board.subscribe();
        let settled = published.wait_for(|published| {
            let server = published.servers.iter().find(|server| server.config.name == name);
            server.is_none_or(|server| server.state != ServerState::Connecting)
        });
        // However long it takes, what it says then is what counts.
        let _ = timeout(FIRST_CALL, settled).await;
        let refused = |cause: &str| Err(SignInError::StillRefused { cause: cause.to_owned() });
        match self.find(name).map(|server| server.state) {
            Some(ServerState::Ready { tools, .. }) => Ok(tools),
            Some(ServerState::NeedsSignIn) => refused("it asks for a sign-in again"),
            Some(ServerState::Failed { error } | ServerState::Reconnecting { error, .. }) => {
                refused(error.cause.as_deref().unwrap_or(&error.message))
            }
            // Turned off, removed, or slow: the sign-in is kept all the same.
            Some(_) | None => Ok(0),
        }
    }
}

/// With the time since that step was told to be running.
fn timed(mut step: SignInStep, clock: &Mutex<Option<(SignInStage, Instant)>>) -> SignInStep {
    let mut began = clock.lock().unwrap_or_else(PoisonError::into_inner);
    match (step.state, *began) {
        (SignInProgress::Running, Some((stage, _))) if stage == step.step => (),
        (SignInProgress::Running, _) => *began = Some((step.step, Instant::now())),
        (_, Some((stage, at))) if stage == step.step => step.ms = u64::try_from(at.elapsed().as_millis()).ok(),
        _ => (),
    }
    step
}

fn first(state: SignInProgress, meaning: &str) -> SignInStep {
    SignInStep {
        step: SignInStage::FirstCall,
        state,
        ms: None,
        exchange: vec![],
        meaning: meaning.to_owned(),
        fix: None,
        remedies: vec![],
        link: None,
    }
}
