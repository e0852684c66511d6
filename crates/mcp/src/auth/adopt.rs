//! Sign-ins that another program kept in the open, taken over: read from its file, and kept as our own are.
//!
//! There is no standard for such files. What is looked for are the names that OAuth itself gives its parts, in whatever
//! order and depth; an entry without a token is none.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    Account, DEFAULT, SignInError,
    challenge::Challenge,
    discover::{self, Discovered},
    record::{Method, Registration, Tokens},
};
use crate::Secret;

/// Parts of one entry that some programs keep apart.
const PARTS: [&str; 8] = [
    "token",
    "tokens",
    "client",
    "clientinfo",
    "clientinformation",
    "clientregistration",
    "credentials",
    "registration",
];
/// More than a second count, less than a count of milliseconds, for any day of this century.
const MILLISECONDS: f64 = 1e11;

/// What such a file says of one server.
pub struct KeptSignIn {
    /// What the server is called there, or its address.
    pub entry: String,
    access: Option<Secret>,
    refresh: Option<Secret>,
    /// In seconds since 1970; nothing where the file does not say.
    expires_at: Option<u64>,
    scopes: Vec<String>,
    client_id: Option<String>,
    client_secret: Option<Secret>,
    redirect: Option<String>,
}

/// Every sign-in in the text of such a file; none where it is something else.
pub fn read_sign_ins(text: &str) -> Vec<KeptSignIn> {
    let mut found = BTreeMap::new();
    if let Ok(Value::Object(document)) = serde_json::from_str(text) {
        gather(&document, &mut found);
    }
    found.into_iter().filter_map(|(entry, fields)| one(entry, &fields)).collect()
}

/// The fields of every entry by its name, wherever tokens and clients are listed apart.
fn gather(map: &Map<String, Value>, found: &mut BTreeMap<String, BTreeMap<String, Value>>) {
    for (name, value) in map {
        let Some(inner) = value.as_object() else { continue };
        let fields = fields(inner);
        if ["accesstoken", "refreshtoken", "clientid"].iter().any(|key| fields.contains_key(*key)) {
            found.entry(name.clone()).or_default().extend(fields);
        } else {
            gather(inner, found);
        }
    }
}

/// What an entry says, by names without case and underscores.
fn fields(map: &Map<String, Value>) -> BTreeMap<String, Value> {
    let plain = |key: &str| key.replace(['_', '-'], "").to_ascii_lowercase();
    let mut fields = BTreeMap::new();
    for (key, value) in map {
        match value {
            Value::Object(part) if PARTS.contains(&plain(key).as_str()) => {
                fields.extend(part.iter().map(|(key, value)| (plain(key), value.clone())));
            }
            Value::Object(_) => (),
            value => drop(fields.insert(plain(key), value.clone())),
        }
    }
    fields
}

fn one(entry: String, fields: &BTreeMap<String, Value>) -> Option<KeptSignIn> {
    let text = |name: &str| fields.get(name)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let number = |name: &str| {
        let value = fields.get(name)?;
        value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()).filter(|number| *number > 0.0)
    };
    let ends = number("expiresat").or_else(|| number("expiry"));
    let seconds = ends.map(|at| if at > MILLISECONDS { at / 1000.0 } else { at });
    let redirects = fields.get("redirecturis").and_then(|list| list.get(0)?.as_str().map(str::to_owned));
    let kept = KeptSignIn {
        entry,
        access: text("accesstoken").map(Secret::from),
        refresh: text("refreshtoken").map(Secret::from),
        expires_at: seconds.map(|at| at as u64),
        scopes: text("scope").map(|scope| scope.split_whitespace().map(str::to_owned).collect()).unwrap_or_default(),
        client_id: text("clientid"),
        client_secret: text("clientsecret").map(Secret::from),
        redirect: text("redirecturi").or(redirects),
    };
    (kept.access.is_some() || kept.refresh.is_some()).then_some(kept)
}

impl Account {
    /// Keeps such a sign-in as this server's. False where somebody is signed in already: that one stays.
    pub(crate) async fn adopt(&self, kept: &KeptSignIn) -> Result<bool, SignInError> {
        if self.list().await?.iter().any(|account| account.active) {
            return Ok(false);
        }
        let web = self.web().await?;
        let challenge = match discover::probe(&web, &self.server).await {
            Err(SignInError::NotNeeded { .. }) => Challenge::default(),
            other => other?,
        };
        let discovered = discover::discover(&web, &self.server, &challenge, &self.settings).await?;
        self.keep(DEFAULT, self.adopted(kept, &discovered)).await?;
        Ok(true)
    }

    /// Where tokens are renewed is what the server says today, not what a file said once.
    fn adopted(&self, kept: &KeptSignIn, discovered: &Discovered) -> Tokens {
        let secret = kept.client_secret.clone().or_else(|| self.settings.client_secret.clone());
        let client = Registration {
            client_id: kept.client_id.clone().or_else(|| self.settings.client_id.clone()).unwrap_or_default(),
            method: secret.as_ref().map_or(Method::None, |_| discovered.secret_method()),
            client_secret: secret,
            redirect: kept.redirect.clone().unwrap_or_default(),
            expires_at: None,
            dynamic: kept.client_id.is_some(),
        };
        Tokens {
            issuer: discovered.issuer.clone(),
            client,
            token_url: discovered.token.to_string(),
            revoke_url: discovered.revoke.as_ref().map(url::Url::to_string),
            resource: discovered.resource.clone(),
            access: kept.access.clone(),
            refresh: kept.refresh.clone(),
            expires_at: kept.expires_at,
            scopes: kept.scopes.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(document: Value) -> Vec<(String, bool, Option<u64>)> {
        let read = read_sign_ins(&document.to_string());
        read.into_iter().map(|kept| (kept.entry, kept.client_id.is_some(), kept.expires_at)).collect()
    }

    #[test]
    fn every_way_to_write_such_a_file_is_read() {
        let flat = json!({ "sheets": {
            "access_token": "a", "refresh_token": "b", "expires_at": 1_800_000_000.5, "client_id": "c", "scope": "x y",
        } });
        let parts = json!({ "sheets": {
            "client": { "client_id": "c" }, "tokens": { "accessToken": "a", "expiresAt": 1_800_000_000_500_u64 },
        } });
        let apart = json!({
            "version": 1,
            "tokens": { "sheets": { "access_token": "a", "expires_at": "1800000000" } },
            "clients": { "sheets": { "client_id": "c" } },
        });
        for document in [flat, parts, apart] {
            assert_eq!(names(document.clone()), [("sheets".into(), true, Some(1_800_000_000))], "{document}");
        }
    }

    #[test]
    fn what_is_no_sign_in_is_none() {
        let list = json!({ "mcpServers": { "a": { "url": "https://a.example/mcp", "oauth": { "client_id": "c" } } } });
        for document in [list, json!([]), json!({ "a": { "access_token": "" } }), json!("text")] {
            assert_eq!(names(document), []);
        }
        assert!(read_sign_ins("{").is_empty());
    }
}
