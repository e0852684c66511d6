//! A sign-in from beginning to end, each step told as it goes.

use std::time::Duration;

use chat::{SignInProgress, SignInStage, SignInStep};
use oauth2::{
    AuthUrl, ClientId, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, basic::BasicClient,
};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{
    SignInError,
    account::Account,
    challenge::Challenge,
    client,
    discover::{self, Discovered},
    enterprise,
    exchange::Web,
    form,
    grant::Desk,
    key,
    listener::{Callback, Listener},
    metadata::same_issuer,
    page::Page,
    record::{Registration, Tokens, now},
    settings::Grant,
};
use crate::Secret;

/// How long the person in the browser has.
const PATIENCE: Duration = Duration::from_secs(300);

/// One attempt to sign in under a name.
pub(crate) struct Attempt<'a> {
    pub(crate) account: &'a Account,
    pub(crate) name: &'a str,
    pub(crate) report: &'a (dyn Fn(SignInStep) + Send + Sync),
    pub(crate) stop: CancellationToken,
}

/// What the browser is sent with, and what must come back.
struct Question {
    link: Url,
    state: CsrfToken,
    verifier: PkceCodeVerifier,
}

impl Attempt<'_> {
    /// Until the tokens are kept. What went wrong is told as the step where it did.
    pub(crate) async fn run(&self) -> Result<Tokens, SignInError> {
        let web = self.account.web().await?;
        let outcome = self.stop.run_until_cancelled(self.steps(&web)).await.unwrap_or(Err(SignInError::Stopped));
        if let Err(error) = &outcome {
            let mut step = self.step(error.stage(), SignInProgress::Failed, &web, error.to_string());
            step.fix = Some(error.fix());
            step.remedies = error.remedies();
            (self.report)(step);
        }
        outcome
    }

    async fn steps(&self, web: &Web) -> Result<Tokens, SignInError> {
        let challenge = self.reach(web).await?;
        self.tell(SignInStage::Metadata, SignInProgress::Running, web, "Asking who signs people in.");
        let (server, settings) = (&self.account.server, &self.account.settings);
        let discovered = discover::discover(web, server, &challenge, settings).await?;
        let who =
            if discovered.guessed { "Nothing is published; trying the usual places." } else { &discovered.issuer };
        self.tell(SignInStage::Metadata, SignInProgress::Done, web, who);
        let scopes = self.scopes(&discovered, &challenge).await?;
        let tokens = match self.with_client(web, &discovered, &scopes).await {
            Err((error, stale)) if stale => {
                tracing::info!(server = self.account.name, %error, "registering anew");
                self.account.set_registration(&discovered.issuer, None).await?;
                self.with_client(web, &discovered, &scopes).await.map_err(|(error, _)| error)?
            }
            outcome => outcome.map_err(|(error, _)| error)?,
        };
        self.account.keep(self.name, tokens.clone()).await?;
        let lasts = self.account.vault.lasts(&self.account.tokens_entry(self.name));
        let kept = if lasts {
            "Signed in. This is kept where secrets are."
        } else {
            "Signed in until this program ends: there is no keychain to keep it in."
        };
        self.tell(SignInStage::Token, SignInProgress::Done, web, kept);
        Ok(tokens)
    }

    async fn reach(&self, web: &Web) -> Result<Challenge, SignInError> {
        self.tell(SignInStage::Reach, SignInProgress::Running, web, "Asking the server.");
        let challenge = match self.account.challenge() {
            Some(challenge) => challenge,
            None => discover::probe(web, &self.account.server).await?,
        };
        self.tell(SignInStage::Reach, SignInProgress::Done, web, "The server is there and asks for a sign-in.");
        if self.account.server.scheme() == "https" {
            self.tell(SignInStage::Tls, SignInProgress::Done, web, "The way there is encrypted.");
        } else {
            self.tell(SignInStage::Tls, SignInProgress::Skipped, web, "The way there is not encrypted.");
        }
        Ok(challenge)
    }

    /// Rights are added to those there are: whoever asks for one more does not give up the others.
    async fn scopes(&self, discovered: &Discovered, challenge: &Challenge) -> Result<Vec<String>, SignInError> {
        let mut scopes = discovered.wanted_scopes(challenge, &self.account.settings);
        if challenge.wants_more_rights() {
            let mut all = self.account.rights(self.name).await?;
            let more = challenge.scopes.iter().cloned().chain(scopes);
            all.extend(more.collect::<Vec<_>>());
            scopes = vec![];
            for scope in all {
                if !scopes.contains(&scope) {
                    scopes.push(scope);
                }
            }
        }
        Ok(scopes)
    }

    /// The error says besides whether another registration may help: ours is old, and it is what was refused.
    async fn with_client(
        &self,
        web: &Web,
        discovered: &Discovered,
        scopes: &[String],
    ) -> Result<Tokens, (SignInError, bool)> {
        let plain = |error| (error, false);
        self.tell(SignInStage::Register, SignInProgress::Running, web, "Saying who we are.");
        let stored = self.account.registration(&discovered.issuer).await.map_err(|error| plain(error.into()))?;
        let before = stored.as_ref().and_then(|stored| Url::parse(&stored.redirect).ok()?.port());
        let listener = Listener::bind(&self.account.settings.redirect, before).await.map_err(plain)?;
        let redirect = listener.redirect().clone();
        let usable = stored.filter(|stored| client::fits(stored, &redirect, now()));
        let (registration, is_old) =
            match (client::known(discovered, &self.account.settings, redirect.as_str()), usable) {
                (Some(known), _) => (known, false),
                (None, Some(stored)) => (stored, true),
                (None, None) => {
                    let name = &self.account.name;
                    let new =
                        client::register(web, discovered, name, redirect.as_str(), scopes).await.map_err(plain)?;
                    let kept = self.account.set_registration(&discovered.issuer, Some(&new)).await;
                    kept.map_err(|error| plain(error.into()))?;
                    (new, false)
                }
            };
        let how = if is_old { "We are known there already." } else { "We are known there." };
        self.tell(SignInStage::Register, SignInProgress::Done, web, how);
        let outcome = self.granted(web, discovered, &registration, scopes, listener).await;
        let Err(error) = outcome else { return outcome.map_err(plain) };
        let about_us = matches!(&error, SignInError::Refused { error, .. }
            if matches!(error.as_str(), "invalid_client" | "unauthorized_client"));
        // Strangers are often told so on a page that never sends the browser back: the next click introduces us anew.
        if is_old && error == SignInError::NobodyCame {
            let _ = self.account.set_registration(&discovered.issuer, None).await;
        }
        Err((error, is_old && about_us))
    }

    async fn granted(
        &self,
        web: &Web,
        discovered: &Discovered,
        registration: &Registration,
        scopes: &[String],
        listener: Listener,
    ) -> Result<Tokens, SignInError> {
        let (token_url, resource) = (discovered.token.as_str(), discovered.resource.as_deref());
        let desk = Desk { web, token_url, client: registration, resource };
        let granted = match &self.account.settings.grant {
            Grant::Client { key } => {
                self.tell(SignInStage::Consent, SignInProgress::Skipped, web, "Nobody needs to be asked.");
                self.tell(SignInStage::Token, SignInProgress::Running, web, "Asking for a token.");
                let audience = discovered.own_name.as_deref().unwrap_or(token_url);
                let assertion = key.as_ref().map(|key| key::assertion(key, &registration.client_id, audience));
                desk.for_client(scopes, assertion.transpose()?.as_ref()).await.map_err(SignInError::grant)?
            }
            Grant::Company(company) => {
                self.tell(SignInStage::Consent, SignInProgress::Skipped, web, "The company vouches for the person.");
                self.tell(SignInStage::Token, SignInProgress::Running, web, "Asking for a token.");
                enterprise::grant(&desk, company, discovered, scopes).await.map_err(SignInError::grant)?
            }
            Grant::Form { fields } => {
                let question = question(discovered, registration, scopes)?;
                self.tell(SignInStage::Consent, SignInProgress::Running, web, "Filling in the form.");
                let answer = form::fill(web, &question.link, fields, listener.redirect()).await?;
                let code = self.code(discovered, |name| answer.get(name))?;
                self.tell(SignInStage::Consent, SignInProgress::Done, web, "The form was accepted.");
                desk.for_code(&code, question.verifier).await.map_err(SignInError::grant)?
            }
            Grant::Browser => return self.in_browser(&desk, discovered, scopes, listener).await,
        };
        Ok(granted.over(empty(discovered, registration, scopes)))
    }

    /// The page in the browser is answered last: it says what came of it.
    async fn in_browser(
        &self,
        desk: &Desk<'_>,
        discovered: &Discovered,
        scopes: &[String],
        listener: Listener,
    ) -> Result<Tokens, SignInError> {
        let question = question(discovered, desk.client, scopes)?;
        let rights = if scopes.is_empty() { String::new() } else { format!(" Asked for: {}.", scopes.join(", ")) };
        let meaning = format!("Open the link, sign in there and allow the access.{rights}");
        let mut step = self.step(SignInStage::Consent, SignInProgress::Running, desk.web, meaning);
        step.link = Some(question.link.to_string());
        (self.report)(step);
        let waiting = timeout(PATIENCE, listener.callback(question.state.secret()));
        let callback: Callback = waiting.await.map_err(|_| SignInError::NobodyCame)?;
        let exchanged = async {
            let code = self.code(discovered, |name| callback.get(name))?;
            self.tell(SignInStage::Consent, SignInProgress::Done, desk.web, "The browser came back with a yes.");
            self.tell(SignInStage::Token, SignInProgress::Running, desk.web, "Exchanging the yes for a token.");
            let granted = desk.for_code(&code, question.verifier).await.map_err(SignInError::grant)?;
            Ok(granted.over(empty(discovered, desk.client, scopes)))
        };
        let outcome: Result<Tokens, SignInError> = exchanged.await;
        let page = match &outcome {
            Ok(_) => Page::done(&self.account.name),
            Err(error) => Page::failed(&self.account.name, &error.to_string(), &error.fix()),
        };
        callback.answer(&page).await;
        outcome
    }

    /// The code, where the answer is a yes and comes from whom it should (RFC 9207).
    fn code<'c>(
        &self,
        discovered: &Discovered,
        get: impl Fn(&str) -> Option<&'c Secret>,
    ) -> Result<Secret, SignInError> {
        let text = |name| get(name).map(|value| value.expose().to_owned());
        check_sender(discovered, text("iss"))?;
        if let Some(error) = text("error") {
            return Err(SignInError::Refused {
                stage: SignInStage::Consent,
                error,
                description: text("error_description"),
            });
        }
        get("code").cloned().ok_or_else(|| SignInError::Refused {
            stage: SignInStage::Consent,
            error: "no code".into(),
            description: Some("The browser came back with nothing.".into()),
        })
    }

    fn tell(&self, step: SignInStage, state: SignInProgress, web: &Web, meaning: &str) {
        (self.report)(self.step(step, state, web, meaning.to_owned()));
    }

    fn step(&self, step: SignInStage, state: SignInProgress, web: &Web, meaning: String) -> SignInStep {
        SignInStep { step, state, ms: None, exchange: web.tape(), meaning, fix: None, remedies: vec![], link: None }
    }
}

fn check_sender(discovered: &Discovered, received: Option<String>) -> Result<(), SignInError> {
    let expected = discovered.own_name.clone();
    match (expected, received) {
        (Some(expected), Some(received)) if expected != received => Err(SignInError::MixedUp { expected, received }),
        (Some(expected), None) if discovered.names_itself => {
            Err(SignInError::MixedUp { expected, received: "nobody who says so".into() })
        }
        // Nobody said the name beforehand; the place where one signs in is what there is to compare.
        (None, Some(received)) => {
            let origin = discovered.authorize.origin();
            let same = same_issuer(&received, &discovered.issuer)
                || Url::parse(&received).is_ok_and(|url| url.origin() == origin);
            if same { Ok(()) } else { Err(SignInError::MixedUp { expected: discovered.issuer.clone(), received }) }
        }
        _ => Ok(()),
    }
}

fn question(discovered: &Discovered, registration: &Registration, scopes: &[String]) -> Result<Question, SignInError> {
    let broken = |_| SignInError::Unreachable {
        stage: SignInStage::Consent,
        cause: "The address to sign in at is none.".into(),
    };
    let authorize = AuthUrl::new(discovered.authorize.to_string()).map_err(broken)?;
    let redirect = RedirectUrl::new(registration.redirect.clone()).map_err(broken)?;
    let client = BasicClient::new(ClientId::new(registration.client_id.clone()))
        .set_auth_uri(authorize)
        .set_redirect_uri(redirect);
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let mut request = client.authorize_url(CsrfToken::new_random).set_pkce_challenge(challenge);
    for scope in scopes {
        request = request.add_scope(Scope::new(scope.clone()));
    }
    let is_there = discovered.authorize.query_pairs().any(|(name, _)| name == "resource");
    if let Some(resource) = discovered.resource.as_deref().filter(|_| !is_there) {
        request = request.add_extra_param("resource", resource);
    }
    let (link, state) = request.url();
    Ok(Question { link, state, verifier })
}

impl Account {
    /// Who would sign somebody in, without anybody's doing; and what was said to find out.
    pub(crate) async fn look(&self) -> (Result<String, SignInError>, Vec<String>) {
        let web = match self.web().await {
            Ok(web) => web,
            Err(error) => return (Err(error), vec![]),
        };
        let found = async {
            let challenge = match self.challenge() {
                Some(challenge) => challenge,
                None => discover::probe(&web, &self.server).await?,
            };
            discover::discover(&web, &self.server, &challenge, &self.settings).await
        };
        let found = found.await.map(|discovered| discovered.issuer);
        (found, web.tape())
    }
}

/// What is kept besides what the token endpoint gives.
fn empty(discovered: &Discovered, registration: &Registration, scopes: &[String]) -> Tokens {
    Tokens {
        issuer: discovered.issuer.clone(),
        client: registration.clone(),
        token_url: discovered.token.to_string(),
        revoke_url: discovered.revoke.as_ref().map(Url::to_string),
        resource: discovered.resource.clone(),
        access: None,
        refresh: None,
        expires_at: None,
        scopes: scopes.to_vec(),
    }
}
