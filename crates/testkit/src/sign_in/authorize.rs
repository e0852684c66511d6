//! Registering clients, and asking people.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json,
    extract::{Query, State},
    http::{StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{Code, Consent, Grant, Shared, tokens::pairs};

pub(super) async fn register(State(shared): State<Arc<Shared>>, Json(request): Json<Value>) -> Response {
    let mut books = shared.books();
    books.seen.registrations.push(request.clone());
    if books.conduct.refuses_registration {
        let body = json!({ "error": "invalid_client_metadata", "error_description": "No programs, please." });
        return (StatusCode::BAD_REQUEST, Json(body)).into_response();
    }
    let id = format!("client-{}", books.seen.registrations.len());
    let method = books.conduct.secret;
    let secret = method.map(|_| books.fresh("client-secret"));
    books.clients.insert(id.clone(), secret.clone());
    let mut answer = request;
    answer["client_id"] = id.into();
    answer["token_endpoint_auth_method"] = method.unwrap_or("none").into();
    if let Some(secret) = secret {
        answer["client_secret"] = secret.into();
        answer["client_secret_expires_at"] = 0.into();
    }
    (StatusCode::CREATED, Json(answer)).into_response()
}

pub(super) async fn by_browser(
    State(shared): State<Arc<Shared>>,
    Query(asked): Query<HashMap<String, String>>,
) -> Response {
    shared.books().seen.authorizations.push(asked.clone());
    decide(&shared, &asked)
}

/// The form, sent on once as some do; only what is right in it counts.
pub(super) async fn by_form(State(shared): State<Arc<Shared>>, uri: Uri, body: String) -> Response {
    let asked = pairs(&body);
    let form = shared.books().conduct.form;
    let Some((user, password)) = form else { return StatusCode::METHOD_NOT_ALLOWED.into_response() };
    if uri.path() == "/authorize" {
        shared.books().seen.authorizations.push(asked);
        return (StatusCode::FOUND, [(header::LOCATION, "/login")]).into_response();
    }
    let is = |name: &str, value: &str| asked.get(name).is_some_and(|it| it == value);
    if !is("username", user) || !is("password", password) {
        return (StatusCode::UNAUTHORIZED, "who are you?").into_response();
    }
    decide(&shared, &asked)
}

fn decide(shared: &Shared, asked: &HashMap<String, String>) -> Response {
    let text = |name: &str| asked.get(name).cloned().unwrap_or_default();
    let mut books = shared.books();
    let (client, redirect) = (text("client_id"), text("redirect_uri"));
    let is_document = client.starts_with("https://");
    let right = text("response_type") == "code" && text("code_challenge_method") == "S256";
    if books.conduct.consent == Consent::DeadEnd || !right || !(books.knows(&client) || is_document) {
        return (StatusCode::BAD_REQUEST, "This program is not known here.").into_response();
    }
    let mut answer = vec![("state", text("state"))];
    match books.conduct.consent {
        Consent::No => {
            answer.push(("error", "access_denied".into()));
            answer.push(("error_description", "The person said no.".into()));
        }
        Consent::Yes | Consent::WrongIssuer | Consent::WrongState | Consent::DeadEnd => {
            let code = books.fresh("code");
            let grant = Grant { scope: text("scope"), person: books.seen.authorizations.len() };
            let kept = Code { client, redirect: redirect.clone(), challenge: text("code_challenge"), grant };
            books.codes.insert(code.clone(), kept);
            answer.push(("code", code));
        }
    }
    match books.conduct.consent {
        Consent::WrongState => answer[0].1 = "somebody-else's".into(),
        Consent::WrongIssuer => answer.push(("iss", "https://evil.example".into())),
        _ if books.conduct.names_itself => answer.push(("iss", shared.places.auth.clone())),
        _ => (),
    }
    let query: Vec<String> = answer
        .into_iter()
        .map(|(name, value)| {
            format!("{name}={}", percent_encoding::utf8_percent_encode(&value, percent_encoding::NON_ALPHANUMERIC))
        })
        .collect();
    (StatusCode::FOUND, [(header::LOCATION, format!("{redirect}?{}", query.join("&")))]).into_response()
}
