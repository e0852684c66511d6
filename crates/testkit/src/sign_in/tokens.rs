//! Giving tokens for what is good, once, and taking them back.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::Engine as _;
use oauth2::{PkceCodeChallenge, PkceCodeVerifier};
use serde_json::json;

use super::{Books, Grant, Shared};

pub(super) fn pairs(body: &str) -> HashMap<String, String> {
    let decoded =
        |text: &str| percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pair = |pair: &str| pair.split_once('=').map(|(name, value)| (decoded(name), decoded(value)));
    body.split('&').filter_map(pair).collect()
}

pub(super) async fn token(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: String) -> Response {
    let asked = pairs(&body);
    let mut books = shared.books();
    books.seen.grants.push(asked.clone());
    if books.conduct.broken {
        return (StatusCode::BAD_GATEWAY, "<h1>Bad gateway</h1>").into_response();
    }
    let Some(client) = who(&books, &headers, &asked) else {
        return refusal(StatusCode::UNAUTHORIZED, "invalid_client");
    };
    let text = |name: &str| asked.get(name).cloned().unwrap_or_default();
    match text("grant_type").as_str() {
        "authorization_code" => {
            let Some(code) = books.codes.remove(&text("code")) else { return no() };
            let proof = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(text("code_verifier")));
            let right =
                code.client == client && code.redirect == text("redirect_uri") && proof.as_str() == code.challenge;
            if right { give(&mut books, &code.grant) } else { no() }
        }
        "refresh_token" => refresh(&mut books, &text("refresh_token")),
        "client_credentials" => give(&mut books, &Grant { scope: text("scope"), person: 0 }),
        _ => refusal(StatusCode::BAD_REQUEST, "unsupported_grant_type"),
    }
}

fn refresh(books: &mut Books, token: &str) -> Response {
    books.seen.refreshes += 1;
    if books.spent.iter().any(|spent| spent == token) {
        // Somebody has stolen it, or two did not speak to each other: then nobody has it any more.
        books.seen.reuses += 1;
        books.refresh.clear();
        return no();
    }
    if books.conduct.refuses_refresh {
        return no();
    }
    let Some(grant) = books.refresh.get(token).cloned() else { return no() };
    if books.conduct.rotates {
        books.refresh.remove(token);
        books.spent.push(token.to_owned());
    }
    give(books, &grant)
}

fn give(books: &mut Books, grant: &Grant) -> Response {
    let access = books.fresh("access");
    books.access.insert(access.clone(), grant.clone());
    let mut answer = json!({ "access_token": access, "token_type": "Bearer" });
    if let Some(lasts) = books.conduct.expires_in {
        answer["expires_in"] = lasts.into();
    }
    // One that does not rotate is given once and not said again.
    if books.conduct.gives_refresh && (books.conduct.rotates || books.refresh.is_empty()) {
        let token = books.fresh("refresh");
        books.refresh.insert(token.clone(), grant.clone());
        answer["refresh_token"] = token.into();
    }
    Json(answer).into_response()
}

/// The client, where it proves itself in the way that is asked for.
fn who(books: &Books, headers: &HeaderMap, asked: &HashMap<String, String>) -> Option<String> {
    let basic = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Basic "));
    let (client, secret, way) = match basic {
        Some(basic) => {
            let text = String::from_utf8(base64::engine::general_purpose::STANDARD.decode(basic).ok()?).ok()?;
            let (client, secret) = text.split_once(':')?;
            let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
            (decoded(client), Some(decoded(secret)), "client_secret_basic")
        }
        None => (asked.get("client_id")?.clone(), asked.get("client_secret").cloned(), "client_secret_post"),
    };
    let expected = books.secret_of(&client);
    let wrong_way = expected.is_some() && books.conduct.secret.is_some_and(|wanted| wanted != way);
    let known = books.knows(&client) || client.starts_with("https://");
    (known && !wrong_way && expected == secret).then_some(client)
}

pub(super) async fn revoke(State(shared): State<Arc<Shared>>, body: String) -> StatusCode {
    let token = pairs(&body).remove("token").unwrap_or_default();
    let mut books = shared.books();
    books.refresh.remove(&token);
    books.access.remove(&token);
    books.seen.revoked.push(token);
    StatusCode::OK
}

fn no() -> Response {
    refusal(StatusCode::BAD_REQUEST, "invalid_grant")
}

fn refusal(status: StatusCode, error: &str) -> Response {
    (status, Json(json!({ "error": error, "error_description": format!("said for a test: {error}") }))).into_response()
}
