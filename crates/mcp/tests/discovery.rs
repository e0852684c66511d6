//! Every way in which servers say who signs people in for them: those that are right work, those that are not are explained,
//! and what a person then sets makes them work.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

mod common;
mod signing;

use chat::SignInStage;
use common::{is_ready, state};
use mcp::SignInError;
use serde_json::{Value, json};
use signing::{Attempt, config, home, servers, sign_in};
use testkit::{Conduct, Documents, Places, SignInServer};

const RESOURCE: &str = "/.well-known/oauth-protected-resource";
const SERVER: &str = "/.well-known/oauth-authorization-server";
const OPENID: &str = "/.well-known/openid-configuration";

/// One sign-in at a server that publishes these documents.
async fn attempt(
    conduct: Conduct,
    documents: impl FnOnce(&Places) -> Documents,
    oauth: Value,
) -> (Attempt, SignInServer) {
    let there = SignInServer::publishing(conduct, documents).await;
    let oauth: Value = serde_json::from_str(
        &oauth.to_string().replace("AUTH", &there.places.auth).replace("MCP", &there.places.server),
    )
    .unwrap();
    let servers = servers(vec![config(&there.url(), oauth)], &home()).await;
    let attempt = sign_in(&servers, None).await;
    assert_eq!(attempt.outcome.is_ok(), is_ready(&state(&servers, "box")), "{:?}", attempt.outcome);
    servers.shutdown().await;
    (attempt, there)
}

async fn works(documents: impl FnOnce(&Places) -> Documents) -> SignInServer {
    let (attempt, there) = attempt(Conduct::default(), documents, json!({})).await;
    attempt.outcome.unwrap();
    there
}

/// Not by itself; but with what is set as the explanation says.
async fn works_with(documents: impl Fn(&Places) -> Documents, oauth: Value) -> SignInError {
    let (first, there) = attempt(Conduct::default(), &documents, json!({})).await;
    let error = first.outcome.clone().unwrap_err();
    assert!(there.seen().authorizations.is_empty(), "nobody is sent anywhere: {error:?}");
    assert_eq!(first.last(error.stage()).unwrap().meaning, error.to_string());
    let (second, _) = attempt(Conduct::default(), &documents, oauth).await;
    second.outcome.unwrap();
    error
}

/// Documents by what they begin with: `S` for the server's origin, `A` for the other.
fn at(places: &Places, documents: Vec<(&str, String, Value)>) -> Documents {
    let origin = |place: &str| if place == "S" { places.server.clone() } else { places.auth.clone() };
    documents.into_iter().map(|(place, path, document)| (format!("{}{path}", origin(place)), document)).collect()
}

fn usual_resource(places: &Places, issuer: &str) -> (&'static str, String, Value) {
    ("S", format!("{RESOURCE}/mcp"), places.resource(&places.mcp(), &[issuer]))
}

#[tokio::test]
async fn document_beside_the_path_and_authorization_server_at_a_root() {
    works(Places::usual).await;
}

#[tokio::test]
async fn the_same_document_at_two_places() {
    works(|places| {
        let more = at(places, vec![("S", format!("{SERVER}/mcp"), places.issuer(&places.auth))]);
        places.usual().into_iter().chain(more).collect()
    })
    .await;
}

#[tokio::test]
async fn no_document_about_the_server_but_one_about_who_signs_in_at_its_root() {
    let there = works(|places| at(places, vec![("S", SERVER.into(), places.issuer(&places.server))])).await;
    assert_eq!(there.seen().authorizations[0]["resource"], there.url());
}

#[tokio::test]
async fn document_at_the_root_about_the_whole_origin() {
    let there = works(|places| {
        let resource = places.resource(&places.server, &[&places.auth]);
        at(places, vec![("S", RESOURCE.into(), resource), ("A", SERVER.into(), places.issuer(&places.auth))])
    })
    .await;
    assert_eq!(there.seen().authorizations[0]["resource"], there.places.server, "as it is written");
}

#[tokio::test]
async fn open_id_realm() {
    works(|places| {
        let realm = format!("{}/realms/x", places.auth);
        let document = places.issuer(&realm);
        at(places, vec![usual_resource(places, &realm), ("A", format!("/realms/x{OPENID}"), document)])
    })
    .await;
}

#[tokio::test]
async fn issuer_with_a_slash_at_the_root() {
    works(|places| {
        let issuer = format!("{}/", places.auth);
        at(places, vec![usual_resource(places, &issuer), ("A", SERVER.into(), places.issuer(&issuer))])
    })
    .await;
}

#[tokio::test]
async fn issuer_with_a_path_and_a_slash() {
    works(|places| {
        let issuer = format!("{}/t/", places.auth);
        at(places, vec![usual_resource(places, &issuer), ("A", format!("{SERVER}/t"), places.issuer(&issuer))])
    })
    .await;
}

#[tokio::test]
async fn slash_in_one_of_two_documents_only() {
    works(|places| {
        let issuer = format!("{}/t", places.auth);
        let document = places.issuer(&format!("{issuer}/"));
        at(places, vec![usual_resource(places, &issuer), ("A", format!("{SERVER}/t"), document)])
    })
    .await;
}

#[tokio::test]
async fn people_sign_in_at_another_origin_than_the_issuer() {
    works(|places| {
        let mut document = places.issuer(&places.auth);
        document["authorization_endpoint"] = format!("{}/authorize", places.server).into();
        at(places, vec![usual_resource(places, &places.auth), ("A", SERVER.into(), document)])
    })
    .await;
}

#[tokio::test]
async fn pages_for_everything_else() {
    let conduct = Conduct { page_for_everything: true, ..Conduct::default() };
    let documents = |places: &Places| {
        at(
            places,
            vec![
                ("S", RESOURCE.into(), places.resource(&places.mcp(), &[&places.auth])),
                ("A", OPENID.into(), places.issuer(&places.auth)),
            ],
        )
    };
    attempt(conduct, documents, json!({})).await.0.outcome.unwrap();
}

#[tokio::test]
async fn no_word_about_proofs() {
    let there = works(|places| {
        let mut document = places.issuer(&places.auth);
        document.as_object_mut().unwrap().remove("code_challenge_methods_supported");
        at(places, vec![usual_resource(places, &places.auth), ("A", SERVER.into(), document)])
    })
    .await;
    assert_eq!(there.seen().authorizations[0]["code_challenge_method"], "S256", "sent all the same");
}

#[tokio::test]
async fn proofs_that_prove_nothing_are_refused() {
    let documents = |places: &Places| {
        let mut document = places.issuer(&places.auth);
        document["code_challenge_methods_supported"] = json!(["plain"]);
        at(places, vec![usual_resource(places, &places.auth), ("A", SERVER.into(), document)])
    };
    let (attempt, there) = attempt(Conduct::default(), documents, json!({})).await;
    assert_eq!(attempt.outcome, Err(SignInError::NoPkce));
    assert!(there.seen().registrations.is_empty());
}

#[tokio::test]
async fn own_document_at_the_path_that_names_the_root() {
    works(|places| {
        let document = places.issuer(&places.server);
        at(places, vec![("S", format!("{SERVER}/mcp"), document.clone()), ("S", SERVER.into(), document)])
    })
    .await;
}

#[tokio::test]
async fn own_document_that_names_somebody_else() {
    let documents = |places: &Places| at(places, vec![("S", SERVER.into(), places.issuer(&places.auth))]);
    let error = works_with(documents, json!({ "issuer": "AUTH" })).await;
    let SignInError::OtherIssuer { expected, received } = &error else { panic!("{error:?}") };
    assert!(error.to_string().contains(expected) && error.fix().contains(received), "both are said: {error}");
}

#[tokio::test]
async fn the_server_names_itself_and_its_document_somebody_else() {
    let documents = |places: &Places| {
        at(places, vec![usual_resource(places, &places.server), ("S", SERVER.into(), places.issuer(&places.auth))])
    };
    let error = works_with(documents, json!({ "issuer": "AUTH" })).await;
    assert!(matches!(error, SignInError::OtherIssuer { .. }), "{error:?}");
}

#[tokio::test]
async fn issuer_with_a_path_whose_document_names_the_origin() {
    let documents = |places: &Places| {
        let issuer = format!("{}/app-id", places.auth);
        at(
            places,
            vec![usual_resource(places, &issuer), ("A", format!("{SERVER}/app-id"), places.issuer(&places.auth))],
        )
    };
    let error = works_with(documents, json!({ "issuer": "AUTH" })).await;
    assert!(matches!(error, SignInError::OtherIssuer { .. }), "{error:?}");
}

#[tokio::test]
async fn a_document_that_names_nobody() {
    let documents = |places: &Places| {
        let mut document = places.issuer(&places.auth);
        document.as_object_mut().unwrap().remove("issuer");
        at(places, vec![usual_resource(places, &places.auth), ("A", SERVER.into(), document)])
    };
    let error = works_with(documents, json!({ "issuer": "AUTH" })).await;
    assert!(matches!(error, SignInError::NoIssuer { .. }), "{error:?}");
}

#[tokio::test]
async fn the_first_of_two_is_dead() {
    works(|places| {
        let resource = places.resource(&places.mcp(), &["http://127.0.0.1:1", &places.auth]);
        at(places, vec![("S", format!("{RESOURCE}/mcp"), resource), ("A", SERVER.into(), places.issuer(&places.auth))])
    })
    .await;
}

#[tokio::test]
async fn the_server_writes_a_slash_that_nobody_else_does() {
    let there = works(|places| {
        let resource = places.resource(&format!("{}/", places.mcp()), &[&places.auth]);
        at(places, vec![("S", format!("{RESOURCE}/mcp"), resource), ("A", SERVER.into(), places.issuer(&places.auth))])
    })
    .await;
    assert_eq!(there.seen().authorizations[0]["resource"], format!("{}/", there.url()), "as it is written");
}

/// A document about another server: refused with both named, and used once a person says that it is the right one.
async fn another_resource(resource: impl Fn(&Places) -> Value, oauth: Value) {
    let documents = |places: &Places| {
        let mut document = places.resource("", &[&places.auth]);
        document["resource"] = resource(places);
        at(places, vec![("S", format!("{RESOURCE}/mcp"), document), ("A", SERVER.into(), places.issuer(&places.auth))])
    };
    let error = works_with(documents, oauth).await;
    assert!(matches!(error, SignInError::OtherResource { .. }), "{error:?}");
    assert_eq!(error.stage(), SignInStage::Metadata);
}

#[tokio::test]
async fn a_document_about_another_path() {
    another_resource(|places| json!(format!("{}/other", places.server)), json!({ "resource": "MCP/other" })).await;
}

#[tokio::test]
async fn a_document_that_says_https_behind_a_proxy() {
    let secure = |places: &Places| json!(places.mcp().replace("http://", "https://"));
    another_resource(secure, json!({ "resource": "https://box.example/mcp" })).await;
}

#[tokio::test]
async fn a_document_about_nothing_in_particular() {
    another_resource(|_| Value::Null, json!({ "resource": false })).await;
}

#[tokio::test]
async fn nothing_published_and_the_usual_places_as_older_servers_have_them() {
    let there = works(|_| Documents::new()).await;
    assert_eq!(there.seen().registrations.len(), 1);
}

#[tokio::test]
async fn nothing_published_and_nobody_there() {
    let conduct = Conduct { refuses_registration: true, ..Conduct::default() };
    let (first, there) = attempt(conduct.clone(), |_| Documents::new(), json!({})).await;
    assert!(matches!(first.outcome, Err(SignInError::NothingPublished { .. })), "{:?}", first.outcome);
    assert!(there.seen().authorizations.is_empty());
    let by_hand = json!({ "auth_url": "AUTH/authorize", "token_url": "AUTH/token", "client_id": "by-hand" });
    let conduct = Conduct { client: Some(("by-hand", None)), ..conduct };
    attempt(conduct, |_| Documents::new(), by_hand).await.0.outcome.unwrap();
}

#[tokio::test]
async fn the_challenge_says_where_the_document_is() {
    let there = SignInServer::publishing(Conduct::default(), |places| {
        let mut document = places.resource(&places.mcp(), &[&places.auth]);
        document["scopes_supported"] = json!(["a", "b"]);
        at(places, vec![("S", "/elsewhere".into(), document), ("A", SERVER.into(), places.issuer(&places.auth))])
    })
    .await;
    let pointer = format!("Bearer resource_metadata=\"{}/elsewhere\"", there.places.server);
    there.change(|conduct| conduct.challenge = Some(pointer));
    let servers = servers(vec![config(&there.url(), json!({}))], &home()).await;
    sign_in(&servers, None).await.outcome.unwrap();
    assert_eq!(there.seen().authorizations[0]["scope"], "a b");
    servers.shutdown().await;
}
