//! Signing in to servers, over real HTTP: once, and then never again for as long as it lasts.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;
mod signing;

use std::sync::{Arc, Mutex};

use chat::{ServerState, SignInProgress, SignInStage};
use common::{call, is_ready, state, until};
use futures::future::{BoxFuture, FutureExt, ready};
use mcp::{CallError, Secret, SecretError, Secrets, SecretsOrMemory, SignInError};
use serde_json::json;
use signing::{Home, config, home, servers, sign_in};
use testkit::{Conduct, Consent, SignInServer, browse};
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn a_click_is_all_and_it_lasts_over_a_restart() {
    let there = SignInServer::start(Conduct { names_itself: true, ..Conduct::default() }).await;
    let place = home();
    let one = servers(vec![config(&there.url(), json!({}))], &place).await;
    assert_eq!(state(&one, "box"), ServerState::NeedsSignIn);
    let attempt = sign_in(&one, None).await;
    attempt.outcome.as_ref().unwrap();
    assert!(is_ready(&state(&one, "box")), "{:?}", state(&one, "box"));
    assert!(attempt.page.as_ref().unwrap().text.contains("signed in"));
    let stages = [SignInStage::Reach, SignInStage::Metadata, SignInStage::Register, SignInStage::Consent];
    for stage in stages.into_iter().chain([SignInStage::Token, SignInStage::FirstCall]) {
        assert!(attempt.is_done(stage), "{stage:?}: {:?}", attempt.last(stage));
        assert!(attempt.last(stage).unwrap().ms.is_some(), "{stage:?} took no time");
    }
    assert_eq!(attempt.last(SignInStage::Tls).unwrap().state, SignInProgress::Skipped);
    one.shutdown().await;

    let seen = there.seen();
    let asked = &seen.authorizations[0];
    assert_eq!(seen.registrations[0]["client_name"], "loquat-box");
    assert_eq!(asked["resource"], there.url());
    assert_eq!((asked["code_challenge_method"].as_str(), asked["state"].is_empty()), ("S256", false));
    assert_eq!(seen.grants[0]["resource"], there.url());

    let again = servers(vec![config(&there.url(), json!({}))], &place).await;
    assert!(is_ready(&state(&again, "box")), "{:?}", state(&again, "box"));
    assert_eq!(there.seen().authorizations.len(), 1);
    again.shutdown().await;
}

#[tokio::test]
async fn nothing_that_is_told_gives_a_secret_away() {
    let there = SignInServer::start(Conduct { secret: Some("client_secret_post"), ..Conduct::default() }).await;
    let servers = servers(vec![config(&there.url(), json!({}))], &home()).await;
    let attempt = sign_in(&servers, None).await;
    attempt.outcome.as_ref().unwrap();
    let shown = format!("{:?}", attempt.steps.iter().map(|step| (&step.exchange, &step.meaning)).collect::<Vec<_>>());
    assert!(shown.contains("/token") && shown.contains("grant_type=authorization_code"), "{shown}");
    let secrets = there.seen().secrets;
    assert!(secrets.len() >= 4, "a code, two tokens and a client's secret were given: {secrets:?}");
    for secret in secrets {
        assert!(!shown.contains(&secret), "{secret} in {shown}");
    }
    servers.shutdown().await;
}

#[tokio::test]
async fn a_token_that_ends_is_renewed_and_nobody_is_asked() {
    for rotates in [true, false] {
        let there = SignInServer::start(Conduct { rotates, ..Conduct::default() }).await;
        let servers = servers(vec![config(&there.url(), json!({}))], &home()).await;
        sign_in(&servers, None).await.outcome.unwrap();
        for count in 1..=3 {
            there.expire();
            call(&servers, "box", "whoami", json!({})).await.unwrap();
            assert_eq!(there.seen().refreshes, count, "rotates: {rotates}");
        }
        assert_eq!((there.seen().reuses, there.seen().authorizations.len()), (0, 1));
        servers.shutdown().await;
    }
}

#[tokio::test]
async fn a_token_that_is_about_to_end_is_renewed_before_it_is_sent() {
    let there = SignInServer::start(Conduct { expires_in: Some(5), ..Conduct::default() }).await;
    let servers = servers(vec![config(&there.url(), json!({}))], &home()).await;
    there.change(|conduct| conduct.expires_in = Some(5));
    sign_in(&servers, None).await.outcome.unwrap();
    assert!(there.seen().refreshes > 0);
    assert_eq!(there.seen().reuses, 0);
    servers.shutdown().await;
}

#[tokio::test]
async fn a_token_without_an_end_is_not_taken_for_ended() {
    let there = SignInServer::start(Conduct { expires_in: None, ..Conduct::default() }).await;
    let servers = servers(vec![config(&there.url(), json!({}))], &home()).await;
    sign_in(&servers, None).await.outcome.unwrap();
    call(&servers, "box", "whoami", json!({})).await.unwrap();
    assert_eq!(there.seen().refreshes, 0);
    assert_eq!(servers.accounts("box").await.unwrap()[0].expires_at, None);
    servers.shutdown().await;
}

#[tokio::test]
async fn a_sign_in_that_is_over_is_asked_for_once() {
    let there = SignInServer::start(Conduct::default()).await;
    let servers = servers(vec![config(&there.url(), json!({}))], &home()).await;
    sign_in(&servers, None).await.outcome.unwrap();
    there.change(|conduct| conduct.refuses_refresh = true);
    there.expire();
    let error = call(&servers, "box", "whoami", json!({})).await.unwrap_err();
    assert_eq!(error, CallError::SignInRequired { server: "box".into() });
    until(&servers, "box", |server| server.state == ServerState::NeedsSignIn).await;
    assert_eq!(there.seen().refreshes, 1);
    there.change(|conduct| conduct.refuses_refresh = false);
    sign_in(&servers, None).await.outcome.unwrap();
    call(&servers, "box", "whoami", json!({})).await.unwrap();
    assert_eq!(there.seen().registrations.len(), 1, "who we are there is known");
    servers.shutdown().await;
}

#[tokio::test]
async fn a_broken_token_endpoint_costs_nobody_the_sign_in() {
    let there = SignInServer::start(Conduct::default()).await;
    let servers = servers(vec![config(&there.url(), json!({}))], &home()).await;
    sign_in(&servers, None).await.outcome.unwrap();
    there.change(|conduct| conduct.broken = true);
    there.expire();
    call(&servers, "box", "whoami", json!({})).await.unwrap_err();
    there.change(|conduct| conduct.broken = false);
    servers.reconnect("box").await;
    until(&servers, "box", |server| is_ready(&server.state)).await;
    call(&servers, "box", "whoami", json!({})).await.unwrap();
    assert_eq!(there.seen().authorizations.len(), 1);
    servers.shutdown().await;
}

#[tokio::test]
async fn a_registration_that_was_forgotten_there_is_made_anew_once() {
    let there = SignInServer::start(Conduct::default()).await;
    let place = home();
    let servers = servers(vec![config(&there.url(), json!({}))], &place).await;
    sign_in(&servers, None).await.outcome.unwrap();
    there.forget_clients();
    there.expire();
    call(&servers, "box", "whoami", json!({})).await.unwrap_err();
    sign_in(&servers, None).await.outcome.unwrap();
    assert_eq!(there.seen().registrations.len(), 2);
    servers.shutdown().await;
}

#[tokio::test]
async fn every_way_to_prove_who_we_are_works_also_when_renewing() {
    for secret in [None, Some("client_secret_basic"), Some("client_secret_post")] {
        let there = SignInServer::publishing(Conduct { secret, ..Conduct::default() }, |places| {
            let mut documents = places.usual();
            let key = format!("{}/.well-known/oauth-authorization-server", places.auth);
            documents.get_mut(&key).unwrap()["token_endpoint_auth_methods_supported"] =
                json!([secret.unwrap_or("none")]);
            documents
        })
        .await;
        let servers = servers(vec![config(&there.url(), json!({}))], &home()).await;
        sign_in(&servers, None).await.outcome.unwrap();
        there.expire();
        call(&servers, "box", "whoami", json!({})).await.unwrap();
        assert_eq!(there.seen().registrations[0]["token_endpoint_auth_method"], secret.unwrap_or("none"));
        servers.shutdown().await;
    }
}

#[tokio::test]
async fn a_client_that_is_known_beforehand_is_used() {
    let client = Some(("by-hand", Some("planted-by-hand")));
    let there = SignInServer::start(Conduct { client, refuses_registration: true, ..Conduct::default() }).await;
    let oauth = json!({ "client_id": "by-hand", "client_secret": "planted-by-hand", "scopes": ["a", "b"] });
    let servers = servers(vec![config(&there.url(), oauth)], &home()).await;
    sign_in(&servers, None).await.outcome.unwrap();
    assert_eq!(there.seen().authorizations[0]["scope"], "a b");
    assert!(there.seen().registrations.is_empty());
    servers.shutdown().await;
}

#[tokio::test]
async fn a_no_is_said_where_it_was_said() {
    let there = SignInServer::start(Conduct { consent: Consent::No, ..Conduct::default() }).await;
    let servers = servers(vec![config(&there.url(), json!({}))], &home()).await;
    let attempt = sign_in(&servers, None).await;
    let error = attempt.outcome.clone().unwrap_err();
    assert!(matches!(&error, SignInError::Refused { error, .. } if error == "access_denied"), "{error:?}");
    let step = attempt.last(SignInStage::Consent).unwrap();
    assert_eq!((step.state, step.fix.is_some()), (SignInProgress::Failed, true));
    assert!(attempt.page.unwrap().text.contains("The person said no."));
    assert_eq!(state(&servers, "box"), ServerState::NeedsSignIn);
    servers.shutdown().await;
}

#[tokio::test]
async fn an_answer_in_another_name_is_not_taken() {
    let there = SignInServer::start(Conduct { consent: Consent::WrongIssuer, ..Conduct::default() }).await;
    let servers = servers(vec![config(&there.url(), json!({}))], &home()).await;
    let error = sign_in(&servers, None).await.outcome.unwrap_err();
    assert!(matches!(error, SignInError::MixedUp { .. }), "{error:?}");
    assert!(there.seen().grants.is_empty(), "the code goes nowhere");
    servers.shutdown().await;
}

#[tokio::test]
async fn a_sign_in_can_be_stopped_and_an_answer_of_somebody_else_does_not_end_it() {
    let there = SignInServer::start(Conduct { consent: Consent::WrongState, ..Conduct::default() }).await;
    let servers = servers(vec![config(&there.url(), json!({}))], &home()).await;
    let stop = CancellationToken::new();
    let visits = Arc::new(Mutex::new(tokio::task::JoinSet::new()));
    let report = |step: chat::SignInStep| {
        let (Some(link), stop) = (step.link, stop.clone()) else { return };
        visits.lock().unwrap().spawn(async move {
            let visit = browse(&link).await;
            stop.cancel();
            visit
        });
    };
    let error = servers.sign_in("box", None, report, stop.clone()).await.unwrap_err();
    assert_eq!(error, SignInError::Stopped);
    let mut visits = std::mem::take(&mut *visits.lock().unwrap());
    let visit = visits.join_next().await.unwrap().unwrap();
    assert_eq!(visit.status, 400);
    assert!(there.seen().grants.is_empty());
    servers.shutdown().await;
}

#[tokio::test]
async fn more_rights_are_asked_for_besides_those_there_are() {
    let challenge = Some("Bearer scope=\"read\"".to_owned());
    let there = SignInServer::start(Conduct { challenge, call_needs: Some("write"), ..Conduct::default() }).await;
    let servers = servers(vec![config(&there.url(), json!({}))], &home()).await;
    sign_in(&servers, None).await.outcome.unwrap();
    let error = call(&servers, "box", "whoami", json!({})).await.unwrap_err();
    assert_eq!(error, CallError::RightsRequired { server: "box".into(), rights: vec!["write".into()] });
    sign_in(&servers, None).await.outcome.unwrap();
    assert_eq!(there.seen().authorizations[1]["scope"], "read write");
    assert_eq!(call(&servers, "box", "whoami", json!({})).await.unwrap().model_text, "read write");
    servers.shutdown().await;
}

#[tokio::test]
async fn several_people_share_a_server_and_signing_out_takes_one_away() {
    let there = SignInServer::start(Conduct::default()).await;
    let servers = servers(vec![config(&there.url(), json!({}))], &home()).await;
    sign_in(&servers, Some("ada")).await.outcome.unwrap();
    sign_in(&servers, Some("bob")).await.outcome.unwrap();
    let names = |accounts: Vec<chat::AccountView>| -> Vec<(String, bool)> {
        accounts.into_iter().map(|account| (account.name, account.active)).collect()
    };
    assert_eq!(names(servers.accounts("box").await.unwrap()), [("ada".into(), false), ("bob".into(), true)]);
    assert!(servers.use_account("box", "ada").await.unwrap());
    assert!(!servers.use_account("box", "eve").await.unwrap());
    assert_eq!(names(servers.accounts("box").await.unwrap()), [("ada".into(), true), ("bob".into(), false)]);
    assert!(servers.sign_out("box", Some("ada")).await.unwrap());
    assert_eq!(names(servers.accounts("box").await.unwrap()), [("bob".into(), true)]);
    assert_eq!((there.seen().revoked.len(), there.families()), (1, 1));
    assert!(servers.sign_out("box", None).await.unwrap());
    assert!(!servers.sign_out("box", None).await.unwrap());
    until(&servers, "box", |server| server.state == ServerState::NeedsSignIn).await;
    servers.shutdown().await;
}

#[tokio::test]
async fn a_form_is_filled_in_for_those_who_wrote_the_answers_down() {
    let there = SignInServer::start(Conduct { form: Some(("user", "planted-pw")), ..Conduct::default() }).await;
    let mut config = config(&there.url(), json!({}));
    let body = json!({ "username": "user", "password": "planted-pw" });
    config.auth = Some(json!({ "auth": { "required": true, "post_body": body } }));
    let servers = servers(vec![config], &home()).await;
    assert!(is_ready(&state(&servers, "box")), "{:?}", state(&servers, "box"));
    there.change(|conduct| conduct.refuses_refresh = true);
    there.expire();
    call(&servers, "box", "whoami", json!({})).await.unwrap();
    assert_eq!(there.seen().authorizations.len(), 2);
    assert!(!there.seen().authorizations[0].contains_key("nothing"));
    servers.shutdown().await;
}

#[tokio::test]
async fn a_machine_signs_in_by_itself() {
    let client = Some(("robot", Some("planted-robot")));
    let there = SignInServer::start(Conduct { client, gives_refresh: false, ..Conduct::default() }).await;
    let oauth = json!({ "grant": "client_credentials", "client_id": "robot", "client_secret": "planted-robot" });
    let servers = servers(vec![config(&there.url(), oauth)], &home()).await;
    assert!(is_ready(&state(&servers, "box")), "{:?}", state(&servers, "box"));
    there.expire();
    call(&servers, "box", "whoami", json!({})).await.unwrap();
    assert!(there.seen().authorizations.is_empty());
    servers.shutdown().await;
}

#[tokio::test]
async fn two_programs_that_renew_one_sign_in_lose_nothing() {
    let there = SignInServer::start(Conduct::default()).await;
    let place = home();
    let one = servers(vec![config(&there.url(), json!({}))], &place).await;
    sign_in(&one, None).await.outcome.unwrap();
    // As another program does: its own memory, the same keychain, the same locks.
    let other = servers(vec![config(&there.url(), json!({}))], &place).await;
    assert!(is_ready(&state(&other, "box")), "{:?}", state(&other, "box"));
    for round in 0..100 {
        there.expire();
        let (first, second) =
            tokio::join!(call(&one, "box", "whoami", json!({})), call(&other, "box", "whoami", json!({})));
        assert!(first.is_ok() && second.is_ok(), "round {round}: {first:?} {second:?}");
    }
    let seen = there.seen();
    assert_eq!((seen.reuses, seen.authorizations.len(), there.families()), (0, 1, 1));
    assert!(seen.refreshes >= 100, "{}", seen.refreshes);
    one.shutdown().await;
    other.shutdown().await;
}

/// A machine without a keychain.
struct Nowhere;

fn nothing<'a, T: Send + 'a>() -> BoxFuture<'a, Result<T, SecretError>> {
    ready(Err(SecretError::NoKeychain { cause: "there is none".into() })).boxed()
}

impl Secrets for Nowhere {
    fn get<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<Secret>, SecretError>> {
        nothing()
    }

    fn set<'a>(&'a self, _: &'a str, _: Secret) -> BoxFuture<'a, Result<(), SecretError>> {
        nothing()
    }

    fn remove<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<(), SecretError>> {
        nothing()
    }
}

#[tokio::test]
async fn what_was_kept_for_now_alone_is_asked_for_again_after_a_restart() {
    let there = SignInServer::start(Conduct::default()).await;
    let for_now = || Arc::new(SecretsOrMemory::new(Arc::new(Nowhere)));
    let mut place = Home { secrets: for_now(), ..home() };
    let one = servers(vec![config(&there.url(), json!({}))], &place).await;
    sign_in(&one, None).await.outcome.unwrap();
    assert!(is_ready(&state(&one, "box")));
    one.shutdown().await;

    place.secrets = for_now();
    let again = servers(vec![config(&there.url(), json!({}))], &place).await;
    assert_eq!(state(&again, "box"), ServerState::NeedsSignIn);
    sign_in(&again, None).await.outcome.unwrap();
    assert!(is_ready(&state(&again, "box")));
    again.shutdown().await;
}
