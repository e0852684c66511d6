//! Several people at one server at the same time: whose call it is, is settled by the call.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;
mod signing;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use chat::{Check, ServerState, StepOutcome};
use common::{LONG, is_ready, request, state, until};
use futures::future::BoxFuture;
use mcp::{CallError, MemorySecrets, Secret, SecretError, Secrets, Servers};
use serde_json::json;
use signing::{Home, config, home, servers, sign_in};
use testkit::{Conduct, SignInServer};
use tokio::time::timeout;

/// Two people are signed in, and the second is used where nobody says otherwise.
async fn two(conduct: Conduct) -> (SignInServer, Home, Servers) {
    let there = SignInServer::start(Conduct { tells_who: true, ..conduct }).await;
    let place = home();
    let servers = servers(vec![config(&there.url(), json!({}))], &place).await;
    sign_in(&servers, Some("ada")).await.outcome.unwrap();
    sign_in(&servers, Some("bob")).await.outcome.unwrap();
    (there, place, servers)
}

/// What the server says who called.
async fn called_by(servers: &Servers, account: Option<&str>) -> Result<String, CallError> {
    let request = request("box", "whoami", json!({})).in_name_of(account.map(str::to_owned));
    let call = servers.call(request, |_| (), Default::default());
    timeout(LONG, call).await.unwrap().map(|output| output.model_text)
}

#[tokio::test]
async fn two_people_call_side_by_side_each_with_a_token_of_their_own() {
    // No call is answered before both are there.
    let (there, _place, servers) = two(Conduct { calls_meet: 2, ..Conduct::default() }).await;
    let (ada, bob) = tokio::join!(called_by(&servers, Some("ada")), called_by(&servers, Some("bob")));
    assert_eq!((ada.unwrap().as_str(), bob.unwrap().as_str()), ("1", "2"));
    there.expire();
    there.change(|conduct| conduct.calls_meet = 5);
    let (ada, bob) = (called_by(&servers, Some("ada")), called_by(&servers, Some("bob")));
    let (ada, bob, whoever) = tokio::join!(ada, bob, called_by(&servers, None));
    assert_eq!((ada.unwrap().as_str(), bob.unwrap().as_str(), whoever.unwrap().as_str()), ("1", "2", "2"));
    let seen = there.seen();
    assert_eq!((seen.refreshes, seen.reuses), (2, 0), "each is renewed once, whoever needs it");
    assert_eq!(seen.authorizations.len(), 2);
    servers.shutdown().await;
}

#[tokio::test]
async fn a_switch_in_the_middle_of_a_call_changes_nothing_for_it() {
    let (there, _place, servers) = two(Conduct { calls_meet: 2, ..Conduct::default() }).await;
    let begun = called_by(&servers, Some("bob"));
    let switched = async {
        there.calls(1).await;
        assert!(servers.use_account("box", "ada").await.unwrap());
        until(&servers, "box", |server| is_ready(&server.state)).await;
        called_by(&servers, None).await
    };
    let (begun, switched) = tokio::join!(begun, switched);
    assert_eq!((begun.unwrap().as_str(), switched.unwrap().as_str()), ("2", "1"));
    servers.shutdown().await;
}

#[tokio::test]
async fn who_was_signed_out_is_replaced_by_nobody_and_may_come_back() {
    let (there, _place, servers) = two(Conduct::default()).await;
    called_by(&servers, Some("ada")).await.unwrap();
    assert!(servers.sign_out("box", Some("ada")).await.unwrap());
    let refused = called_by(&servers, Some("ada")).await.unwrap_err();
    assert_eq!(refused, CallError::SignInRequired { server: "box".into() });
    assert_eq!(called_by(&servers, Some("eve")).await.unwrap_err(), refused, "nor does anybody lend a name");
    assert!(is_ready(&state(&servers, "box")), "whoever is used goes on");
    assert_eq!(sign_in(&servers, Some("ada")).await.outcome.unwrap(), "ada");
    assert_eq!(called_by(&servers, Some("ada")).await.unwrap(), "3");
    assert_eq!(called_by(&servers, None).await.unwrap(), "2", "a sign-in for some calls switches nobody else");
    assert_eq!(there.seen().callers, [1, 3, 2]);
    servers.shutdown().await;
}

#[tokio::test]
async fn who_is_used_may_go_while_another_works() {
    let (_there, _place, servers) = two(Conduct::default()).await;
    called_by(&servers, Some("ada")).await.unwrap();
    assert!(servers.sign_out("box", Some("bob")).await.unwrap());
    until(&servers, "box", |server| is_ready(&server.state)).await;
    assert_eq!(called_by(&servers, None).await.unwrap(), "1", "the one who is left is used");
    assert!(servers.sign_out("box", None).await.unwrap());
    until(&servers, "box", |server| server.state == ServerState::NeedsSignIn).await;
    assert!(servers.signed_in().await.is_empty());
    servers.shutdown().await;
}

#[tokio::test]
async fn one_persons_sign_in_that_is_over_is_the_others_no_matter() {
    let (there, _place, servers) = two(Conduct::default()).await;
    called_by(&servers, Some("ada")).await.unwrap();
    there.end(1);
    assert_eq!(called_by(&servers, Some("ada")).await.unwrap_err(), CallError::SignInRequired { server: "box".into() });
    assert_eq!(called_by(&servers, Some("bob")).await.unwrap(), "2");
    assert!(is_ready(&state(&servers, "box")));
    assert_eq!(servers.signed_in().await[0].over, ["ada"], "and it is known who must sign in again");
    let as_ada = BTreeMap::from([("box".to_owned(), "ada".to_owned())]);
    assert!(servers.tools_as(&as_ada).find("box__whoami").is_some(), "the call is what asks for the sign-in");
    sign_in(&servers, Some("ada")).await.outcome.unwrap();
    assert_eq!(called_by(&servers, Some("ada")).await.unwrap(), "3");
    let signed_in = servers.signed_in().await;
    assert_eq!((signed_in[0].names.join(" "), signed_in[0].used.as_str()), ("ada bob".to_owned(), "bob"));
    assert!(signed_in[0].over.is_empty());
    servers.shutdown().await;
}

#[tokio::test]
async fn a_server_that_is_turned_off_or_removed_is_so_for_everybody() {
    let (_there, _place, servers) = two(Conduct::default()).await;
    called_by(&servers, Some("ada")).await.unwrap();
    servers.enable("box", false).await;
    called_by(&servers, Some("ada")).await.unwrap_err();
    servers.enable("box", true).await;
    until(&servers, "box", |server| is_ready(&server.state)).await;
    assert_eq!(called_by(&servers, Some("ada")).await.unwrap(), "1");
    servers.remove("box").await;
    called_by(&servers, Some("ada")).await.unwrap_err();
    servers.shutdown().await;
}

/// A keychain that can be shut while somebody is signed in.
#[derive(Default)]
struct Shuttable {
    within: MemorySecrets,
    shut: AtomicBool,
}

impl Shuttable {
    fn open(&self) -> Result<&MemorySecrets, SecretError> {
        let shut = self.shut.load(Ordering::SeqCst);
        if shut { Err(SecretError::Locked { cause: "the lid is on".into() }) } else { Ok(&self.within) }
    }
}

impl Secrets for Shuttable {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Secret>, SecretError>> {
        Box::pin(async move { self.open()?.get(name).await })
    }

    fn set<'a>(&'a self, name: &'a str, secret: Secret) -> BoxFuture<'a, Result<(), SecretError>> {
        Box::pin(async move { self.open()?.set(name, secret).await })
    }

    fn remove<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), SecretError>> {
        Box::pin(async move { self.open()?.remove(name).await })
    }
}

#[tokio::test]
async fn a_diagnosis_says_that_an_account_cannot_be_read() {
    let there = SignInServer::start(Conduct { tells_who: true, ..Conduct::default() }).await;
    let keychain = Arc::new(Shuttable::default());
    let place = Home { secrets: keychain.clone(), ..home() };
    let servers = servers(vec![config(&there.url(), json!({}))], &place).await;
    sign_in(&servers, Some("ada")).await.outcome.unwrap();
    assert!(servers.diagnose("box").await.unwrap().is_well());
    keychain.shut.store(true, Ordering::SeqCst);
    let diagnosis = servers.diagnose("box").await.unwrap();
    let step = diagnosis.steps.iter().find(|step| step.step == Check::SignIn).unwrap();
    assert_eq!(step.outcome, StepOutcome::Failed, "{diagnosis:?}");
    assert!(step.seen.contains("the lid is on"), "{step:?}");
    assert_eq!(step.fix.as_deref(), Some("Unlock it, then try again."));
    servers.shutdown().await;
}
