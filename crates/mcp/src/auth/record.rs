//! What is kept of a sign-in: who we are to the authorization server, and the tokens. Never shown, wiped after use.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use crate::{Secret, SecretError};

/// Tokens are renewed this long before they end, in seconds: on the way they must not grow old.
const RENEW_BEFORE: u64 = 30;

/// How a client proves who it is at the token endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Method {
    None,
    Basic,
    Post,
}

impl Method {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Basic => "client_secret_basic",
            Self::Post => "client_secret_post",
        }
    }

    pub(crate) fn read(name: &str) -> Option<Self> {
        [Self::None, Self::Basic, Self::Post].into_iter().find(|method| method.name() == name)
    }
}

/// Who we are to one authorization server, for one server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Registration {
    pub(crate) client_id: String,
    #[serde(default, with = "secret")]
    pub(crate) client_secret: Option<Secret>,
    pub(crate) method: Method,
    /// The address that was registered.
    pub(crate) redirect: String,
    /// In seconds since 1970.
    #[serde(default)]
    pub(crate) expires_at: Option<u64>,
    /// Whether we registered ourselves: then we may do so again.
    pub(crate) dynamic: bool,
}

/// One account's tokens and everything that renewing and revoking them needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tokens {
    pub(crate) issuer: String,
    pub(crate) client: Registration,
    pub(crate) token_url: String,
    #[serde(default)]
    pub(crate) revoke_url: Option<String>,
    #[serde(default)]
    pub(crate) resource: Option<String>,
    #[serde(default, with = "secret")]
    pub(crate) access: Option<Secret>,
    #[serde(default, with = "secret")]
    pub(crate) refresh: Option<Secret>,
    /// In seconds since 1970; nothing where the server did not say, which is not "expired".
    #[serde(default)]
    pub(crate) expires_at: Option<u64>,
    #[serde(default)]
    pub(crate) scopes: Vec<String>,
}

impl Tokens {
    pub(crate) fn is_stale(&self) -> bool {
        self.expires_at.is_some_and(|at| at <= now() + RENEW_BEFORE)
    }

    pub(crate) fn is_over(&self) -> bool {
        self.expires_at.is_some_and(|at| at <= now())
    }
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

pub(crate) fn write<T: Serialize>(record: &T) -> Result<Secret, SecretError> {
    let text = serde_json::to_string(record).map_err(|_| broken())?;
    Ok(Secret::new(text))
}

/// What cannot be read is as good as not there: one signs in anew.
pub(crate) fn read<T: DeserializeOwned>(text: &Secret) -> Option<T> {
    serde_json::from_str(text.expose()).ok()
}

fn broken() -> SecretError {
    SecretError::Failed { cause: "the record cannot be written".to_owned() }
}

/// A secret in a record that is itself kept as a secret.
mod secret {
    use serde::{Deserializer, Serializer};

    use super::{Deserialize, Secret, Zeroizing};

    pub(super) fn serialize<S: Serializer>(secret: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
        match secret {
            Some(secret) => serializer.serialize_some(secret.expose()),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?.map(Zeroizing::new);
        Ok(text.map(|text| Secret::new(text.as_str())))
    }
}
