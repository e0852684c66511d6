//! Who we are to an authorization server: known beforehand, by a document, or registered just now (RFC 7591).

use serde_json::{Value, json};
use url::Url;

use super::{
    SignInError,
    discover::Discovered,
    exchange::Web,
    record::{Method, Registration},
    settings::AuthSettings,
};
use chat::SignInStage;

/// Somebody else registered us, or nobody needs to: then nothing is asked.
pub(crate) fn known(discovered: &Discovered, settings: &AuthSettings, redirect: &str) -> Option<Registration> {
    let registration = |id: &str, secret| Registration {
        client_id: id.to_owned(),
        method: method(discovered, &secret),
        client_secret: secret,
        redirect: redirect.to_owned(),
        expires_at: None,
        dynamic: false,
    };
    if let Some(id) = &settings.client_id {
        return Some(registration(id, settings.client_secret.clone()));
    }
    let document = settings.client_document.as_ref().filter(|_| discovered.client_documents)?;
    Some(registration(document, None))
}

/// Registers us under the server's name, so that people recognise it in their account's list of programs.
pub(crate) async fn register(
    web: &Web,
    discovered: &Discovered,
    server: &str,
    redirect: &str,
    scopes: &[String],
) -> Result<Registration, SignInError> {
    let Some(url) = &discovered.register else {
        return Err(SignInError::NoRegistration { issuer: discovered.issuer.clone() });
    };
    let mut body = json!({
        "client_name": format!("loquat-{server}"),
        "redirect_uris": [redirect],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": wished(discovered).name(),
        "application_type": "native",
    });
    if !scopes.is_empty() {
        body["scope"] = scopes.join(" ").into();
    }
    let answer = web.post_json(url, &body).await.map_err(|error| SignInError::web(SignInStage::Register, &error))?;
    let said: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let id = said["client_id"].as_str().filter(|id| !id.is_empty());
    match id {
        Some(id) if answer.status().is_success() => Ok(registered(discovered, id, &said, redirect)),
        // Nobody published this place, and nobody is there.
        _ if discovered.guessed => Err(SignInError::NothingPublished { tried: vec![url.to_string()] }),
        _ => Err(SignInError::RegistrationRefused { cause: refusal(&said, answer.status().as_u16()) }),
    }
}

fn registered(discovered: &Discovered, id: &str, said: &Value, redirect: &str) -> Registration {
    // An empty secret is none.
    let secret =
        said["client_secret"].as_str().filter(|secret| !secret.is_empty()).map(|secret| secret.to_owned().into());
    let told = said["token_endpoint_auth_method"].as_str().and_then(Method::read);
    let method = match (told, &secret) {
        (Some(Method::None), Some(_)) | (None, _) => method(discovered, &secret),
        (Some(told), _) => told,
    };
    let expires_at = said["client_secret_expires_at"].as_u64().filter(|&at| at > 0);
    Registration {
        client_id: id.to_owned(),
        client_secret: secret,
        method,
        redirect: redirect.to_owned(),
        expires_at,
        dynamic: true,
    }
}

/// What to register with: nothing to keep is best, and then what the server takes.
fn wished(discovered: &Discovered) -> Method {
    let Some(methods) = &discovered.methods else { return Method::None };
    let taken = |method: &Method| methods.iter().any(|name| name == method.name());
    [Method::None, Method::Basic, Method::Post].into_iter().find(taken).unwrap_or(Method::None)
}

fn method(discovered: &Discovered, secret: &Option<crate::Secret>) -> Method {
    if secret.is_some() { discovered.secret_method() } else { Method::None }
}

impl Discovered {
    /// How a secret is sent: as a header, unless only the body is read.
    pub(super) fn secret_method(&self) -> Method {
        let takes = |name: &str| self.methods.as_ref().is_some_and(|list| list.iter().any(|it| it == name));
        if takes("client_secret_post") && !takes("client_secret_basic") { Method::Post } else { Method::Basic }
    }
}

pub(crate) fn refusal(said: &Value, status: u16) -> String {
    let text = |key: &str| said[key].as_str().filter(|text| !text.is_empty());
    let words = text("error_description").or(text("message")).or(text("error"));
    match words {
        Some(words) => format!("{words} (HTTP {status})"),
        None => format!("HTTP {status}"),
    }
}

/// Whether a registration can still be used with that address.
pub(crate) fn fits(registration: &Registration, redirect: &Url, now: u64) -> bool {
    registration.redirect == redirect.as_str() && registration.expires_at.is_none_or(|at| at > now)
}
