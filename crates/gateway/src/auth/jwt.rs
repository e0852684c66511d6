//! Tokens of an authorization server: checked against its published keys, which are kept for a while.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use jsonwebtoken::{
    Algorithm, DecodingKey, Validation, decode, decode_header,
    jwk::{Jwk, JwkSet, KeyAlgorithm},
};
use serde_json::{Map, Value};
use tokio::sync::Mutex;
use url::Url;

use crate::{caller::Caller, plan::Plan};

use super::NotKnown;

/// Keys are asked for again after this time, so that withdrawn ones do not stay good.
const KEEP: Duration = Duration::from_secs(600);
/// However many unknown keys are named, the authorization server is asked this often at most.
const PAUSE: Duration = Duration::from_secs(10);
const DEADLINE: Duration = Duration::from_secs(5);
/// More keys than any server publishes.
const LARGEST: usize = 256 << 10;
/// Clocks differ by seconds, not by minutes.
const LEEWAY: u64 = 30;

/// Whose tokens count, and what they must say.
pub(crate) struct JwtRules {
    pub(crate) issuer: String,
    pub(crate) audience: Vec<String>,
    pub(crate) jwks_url: Url,
    pub(crate) roles_claim: String,
    pub(crate) tenant_claim: Option<String>,
    pub(crate) tenant: Option<String>,
    pub(crate) actor_claim: String,
    /// Asked for by clients that find this gateway.
    pub(crate) scopes: Vec<String>,
    pub(crate) resource: Option<Url>,
}

/// The published keys, as last seen.
pub(crate) struct Tokens {
    http: reqwest::Client,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    url: Option<Url>,
    keys: Arc<HashMap<String, Published>>,
    /// When the server was last asked, and when it last answered.
    asked: Option<Instant>,
    answered: Option<Instant>,
}

struct Published {
    key: DecodingKey,
    algorithm: Algorithm,
}

impl Tokens {
    pub(crate) fn new(http: reqwest::Client) -> Self {
        Self { http, kept: Mutex::default() }
    }

    pub(crate) async fn judge(&self, rules: &JwtRules, plan: &Plan, token: &str) -> Result<Arc<Caller>, NotKnown> {
        let header = decode_header(token).map_err(|_| NotKnown::Wrong)?;
        let kid = header.kid.unwrap_or_default();
        let keys = self.keys(rules, &kid).await?;
        let published = match keys.get(&kid) {
            Some(published) => published,
            // A server with one key need not name it.
            None if kid.is_empty() && keys.len() == 1 => keys.values().next().ok_or(NotKnown::Wrong)?,
            None => return Err(NotKnown::Wrong),
        };
        let mut validation = Validation::new(published.algorithm);
        validation.set_issuer(&[&rules.issuer]);
        validation.set_audience(&rules.audience);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        validation.validate_nbf = true;
        validation.leeway = LEEWAY;
        let claims = decode::<Map<String, Value>>(token, &published.key, &validation).map_err(|_| NotKnown::Wrong)?;
        caller(rules, plan, &claims.claims).map(Arc::new).ok_or(NotKnown::Wrong)
    }

    /// The published keys; asked for anew where they are old, or where this one is not among them.
    async fn keys(&self, rules: &JwtRules, kid: &str) -> Result<Arc<HashMap<String, Published>>, NotKnown> {
        // Held while asking: everybody else wants the same answer.
        let mut kept = self.kept.lock().await;
        if kept.url.as_ref() != Some(&rules.jwks_url) {
            *kept = Kept { url: Some(rules.jwks_url.clone()), ..Kept::default() };
        }
        let fresh = kept.answered.is_some_and(|at| at.elapsed() < KEEP);
        let known = fresh && (kept.keys.contains_key(kid) || kid.is_empty() && !kept.keys.is_empty());
        let just_asked = kept.asked.is_some_and(|at| at.elapsed() < PAUSE);
        if !known && !just_asked {
            kept.asked = Some(Instant::now());
            match self.ask(&rules.jwks_url).await {
                Some(keys) => {
                    kept.keys = Arc::new(keys);
                    kept.answered = Some(Instant::now());
                }
                None => tracing::warn!("the keys of the authorization server could not be read"),
            }
        }
        if kept.answered.is_none_or(|at| at.elapsed() >= KEEP) {
            Err(NotKnown::CannotJudge)
        } else {
            Ok(kept.keys.clone())
        }
    }

    async fn ask(&self, url: &Url) -> Option<HashMap<String, Published>> {
        let mut response = self.http.get(url.clone()).timeout(DEADLINE).send().await.ok()?.error_for_status().ok()?;
        let mut body = vec![];
        while let Some(chunk) = response.chunk().await.ok()? {
            body.extend_from_slice(&chunk);
            if body.len() > LARGEST {
                return None;
            }
        }
        // A key of a kind that we do not know must not cost the others.
        let document: Value = serde_json::from_slice(&body).ok()?;
        let keys = document.get("keys")?.as_array()?.iter();
        let keys = keys.filter_map(|key| serde_json::from_value::<Jwk>(key.clone()).ok()).collect();
        Some(published(&JwkSet { keys }))
    }
}

fn published(set: &JwkSet) -> HashMap<String, Published> {
    let usable = set.keys.iter().filter_map(|jwk| {
        let algorithm = algorithm(jwk)?;
        let key = DecodingKey::from_jwk(jwk).ok()?;
        Some((jwk.common.key_id.clone().unwrap_or_default(), Published { key, algorithm }))
    });
    usable.collect()
}

/// Only what is signed with a private key: a secret that both know would let a reader of the keys sign.
fn algorithm(jwk: &Jwk) -> Option<Algorithm> {
    use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve};
    match (jwk.common.key_algorithm, &jwk.algorithm) {
        (Some(KeyAlgorithm::RS256), _) => Some(Algorithm::RS256),
        (Some(KeyAlgorithm::RS384), _) => Some(Algorithm::RS384),
        (Some(KeyAlgorithm::RS512), _) => Some(Algorithm::RS512),
        (Some(KeyAlgorithm::PS256), _) => Some(Algorithm::PS256),
        (Some(KeyAlgorithm::PS384), _) => Some(Algorithm::PS384),
        (Some(KeyAlgorithm::PS512), _) => Some(Algorithm::PS512),
        (Some(KeyAlgorithm::ES256), _) => Some(Algorithm::ES256),
        (Some(KeyAlgorithm::ES384), _) => Some(Algorithm::ES384),
        (Some(KeyAlgorithm::EdDSA), _) => Some(Algorithm::EdDSA),
        (Some(_), _) => None,
        (None, AlgorithmParameters::RSA(_)) => Some(Algorithm::RS256),
        (None, AlgorithmParameters::EllipticCurve(curve)) => match curve.curve {
            EllipticCurve::P256 => Some(Algorithm::ES256),
            EllipticCurve::P384 => Some(Algorithm::ES384),
            _ => None,
        },
        (None, AlgorithmParameters::OctetKeyPair(_)) => Some(Algorithm::EdDSA),
        (None, _) => None,
    }
}

/// Who the claims speak of; nobody where they name no tenant of ours or no role.
fn caller(rules: &JwtRules, plan: &Plan, claims: &Map<String, Value>) -> Option<Caller> {
    let actor = at(claims, &rules.actor_claim)?.as_str()?;
    let named = rules.tenant_claim.as_deref().and_then(|claim| at(claims, claim)).and_then(Value::as_str);
    let tenant = named.or(rules.tenant.as_deref())?;
    if !plan.tenants.contains_key(tenant) {
        return None;
    }
    let roles: Vec<String> = match at(claims, &rules.roles_claim)? {
        Value::String(text) => text.split_whitespace().map(str::to_owned).collect(),
        Value::Array(list) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => return None,
    };
    (!roles.is_empty()).then(|| Caller::new(format!("jwt:{actor}"), actor, tenant, &roles))
}

/// A claim by its name, or by its path with dots where no claim has that name.
fn at<'a>(claims: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(path) {
        return Some(value);
    }
    let mut names = path.split('.');
    let first = claims.get(names.next()?)?;
    names.try_fold(first, |value, name| value.get(name))
}
