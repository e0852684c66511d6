//! What is configured about signing in to one server; everything may be left out.

use serde_json::{Map, Value};
use url::Url;

use crate::{Secret, ServerConfig, Transport};

#[derive(Debug, Clone, Default)]
pub(crate) struct AuthSettings {
    pub(crate) client_id: Option<String>,
    pub(crate) client_secret: Option<Secret>,
    /// A document about us on the web, by whose address authorization servers may know us.
    pub(crate) client_document: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) redirect: Redirect,
    pub(crate) authorize: Option<String>,
    pub(crate) token: Option<String>,
    pub(crate) resource: Resource,
    /// The issuer that a person trusts for this server though it is not the expected one.
    pub(crate) issuer: Option<String>,
    pub(crate) grant: Grant,
}

/// Where the browser comes back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Redirect {
    /// 0: whichever is free.
    pub(crate) port: u16,
    pub(crate) host: String,
    pub(crate) path: String,
}

impl Default for Redirect {
    fn default() -> Self {
        Self { port: 0, host: "127.0.0.1".into(), path: "/callback".into() }
    }
}

/// What the tokens are asked for (RFC 8707).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Resource {
    /// As the server calls itself, else its address.
    #[default]
    Automatic,
    Given(String),
    /// For authorization servers that refuse to be told.
    Omitted,
}

/// How tokens are had.
#[derive(Debug, Clone, Default)]
pub(crate) enum Grant {
    /// A person says yes in a browser.
    #[default]
    Browser,
    /// The client itself is who signs in.
    Client { key: Option<SigningKey> },
    /// The company's identity provider vouches for the person.
    Company(Company),
    /// A form is filled in for the person, who has written the answers down.
    Form { fields: Vec<(String, Secret)> },
}

/// A company's identity provider, and what it said about the person.
#[derive(Debug, Clone)]
pub(crate) struct Company {
    pub(crate) client_id: String,
    pub(crate) id_token: Secret,
    pub(crate) token_url: String,
}

/// What a client proves itself with instead of a secret (RFC 7523).
#[derive(Debug, Clone)]
pub(crate) struct SigningKey {
    pub(crate) pem: Secret,
    pub(crate) algorithm: String,
}

impl AuthSettings {
    /// Nothing where nobody signs in: at programs, and where what to send is configured already.
    pub(crate) fn of(config: &ServerConfig) -> Option<(Url, Self)> {
        let (Transport::Http { url, headers } | Transport::Sse { url, headers }) = &config.transport else {
            return None;
        };
        if headers.keys().any(|name| name.eq_ignore_ascii_case("authorization")) {
            return None;
        }
        let auth = config.auth.as_ref();
        // A token in the address is what that word means; a server that has none may still ask.
        let empty = Map::new();
        let map = auth.and_then(Value::as_object).unwrap_or(&empty);
        Some((Url::parse(url).ok()?, Self::read(map)))
    }

    fn read(map: &Map<String, Value>) -> Self {
        let oauth = &map.get("oauth").cloned().unwrap_or_default();
        let field = |names: &[&str]| names.iter().find_map(|name| text(&oauth[*name]));
        let port = field_number(oauth, &["redirect_port", "redirectPort", "callbackPort"]);
        let form = ["auth", "authentication"].iter().find_map(|key| map.get(*key)?.get("post_body")?.as_object());
        let mut settings = Self {
            client_id: field(&["client_id", "clientId"]),
            client_secret: field(&["client_secret", "clientSecret"]).map(Secret::from),
            client_document: field(&["client_metadata_url", "clientMetadataUrl"]),
            scopes: scopes(&oauth["scopes"]).or(scopes(&oauth["scope"])).unwrap_or_default(),
            redirect: Redirect::default(),
            authorize: field(&["auth_url", "authUrl", "authorization_url", "authorizationUrl"]),
            token: field(&["token_url", "tokenUrl"]),
            issuer: field(&["issuer"]),
            resource: match &oauth["resource"] {
                Value::String(given) if !given.is_empty() => Resource::Given(given.clone()),
                Value::Bool(false) | Value::String(_) => Resource::Omitted,
                _ => Resource::Automatic,
            },
            grant: grant(oauth, form),
        };
        if let Some(port) = port {
            // Clients that were registered by hand with a port have this name in their address, as a rule.
            settings.redirect = Redirect { port, host: "localhost".into(), ..Redirect::default() };
        }
        if let Some(host) = field(&["redirect_host", "redirectHost"]).filter(|host| is_here(host)) {
            settings.redirect.host = host;
        }
        if let Some(path) = field(&["redirect_path", "redirectPath"]) {
            settings.redirect.path = format!("/{}", path.trim_start_matches('/'));
        }
        settings
    }
}

fn grant(oauth: &Value, form: Option<&Map<String, Value>>) -> Grant {
    if let Some(form) = form.filter(|form| !form.is_empty()) {
        let fields = form.iter().filter_map(|(name, value)| Some((name.clone(), Secret::from(text(value)?))));
        return Grant::Form { fields: fields.collect() };
    }
    let kind = text(&oauth["grant"]).or(text(&oauth["grant_type"])).unwrap_or_default();
    let idp = &oauth["idp"];
    if let (Some(client_id), Some(id_token), Some(token_url)) =
        (text(&idp["client_id"]), text(&idp["id_token"]), text(&idp["token_url"]))
    {
        return Grant::Company(Company { client_id, id_token: id_token.into(), token_url });
    }
    if kind != "client_credentials" {
        return Grant::Browser;
    }
    let key = text(&oauth["private_key"]).or(text(&oauth["private_key_pem"])).map(|pem| SigningKey {
        pem: pem.into(),
        algorithm: text(&oauth["algorithm"]).or(text(&oauth["signing_algorithm"])).unwrap_or_else(|| "ES256".into()),
    });
    Grant::Client { key }
}

/// Only this machine's own names: a code that comes back elsewhere is someone else's.
fn is_here(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

fn field_number(map: &Value, names: &[&str]) -> Option<u16> {
    let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.trim().parse().ok());
    names.iter().find_map(|name| number(&map[*name])).and_then(|number| number.try_into().ok())
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A list, or one text with blanks between.
fn scopes(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Array(list) => Some(list.iter().filter_map(text).collect()),
        Value::String(line) => Some(line.split_whitespace().map(str::to_owned).collect()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(auth: Value) -> AuthSettings {
        let transport = Transport::Http { url: "https://a.example/mcp".into(), headers: Default::default() };
        let config = ServerConfig { auth: Some(auth), ..ServerConfig::new("a", transport) };
        AuthSettings::of(&config).unwrap().1
    }

    #[test]
    fn everything_may_be_given_and_everything_left_out() {
        let full = read(json!({ "auth_type": "oauth", "oauth": {
            "client_id": "c", "client_secret": "s", "scopes": ["mcp.read", "mcp.write"], "redirect_port": 8080,
            "auth_url": "https://id.example/authorize", "token_url": "https://id.example/token" } }));
        assert_eq!(full.redirect, Redirect { port: 8080, host: "localhost".into(), path: "/callback".into() });
        assert_eq!((full.client_id.as_deref(), full.scopes.len()), (Some("c"), 2));
        let plain = read(json!({ "auth_type": "oauth" }));
        assert_eq!((plain.redirect, plain.resource), (Redirect::default(), Resource::Automatic));
        let set =
            read(json!({ "oauth": { "redirect_host": "evil.example", "redirect_path": "cb", "resource": false } }));
        assert_eq!((set.redirect.host.as_str(), set.redirect.path.as_str()), ("127.0.0.1", "/cb"));
        assert_eq!(set.resource, Resource::Omitted);
        let form =
            read(json!({ "auth": { "required": true, "post_body": { "username": "user", "password": "hunter2" } } }));
        assert!(matches!(&form.grant, Grant::Form { fields } if fields.len() == 2), "{form:?}");
        assert!(!format!("{form:?}{full:?}").contains("hunter2"));
    }
}
