//! From a credential to a caller. Nothing here is ever written to a log.

mod jwt;
mod shared;

use std::sync::Arc;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{caller::Caller, plan::Plan};

pub(crate) use jwt::{JwtRules, Tokens};
pub(crate) use shared::TeamKeys;
pub use shared::{SharedKey, SharedKeys};

/// A key that was just made. It is shown once; the file holds its hash.
pub struct NewKey {
    pub key: String,
    pub sha256: String,
}

/// A key with 244 random bits, which is why a plain hash is enough to keep it.
pub fn new_key() -> NewKey {
    let key = format!("loq_{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    NewKey { sha256: hex::encode(hash(&key)), key }
}

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotKnown {
    /// No credential was shown.
    Nobody,
    /// It is none of ours, or no longer.
    Wrong,
    /// The authorization server's keys cannot be had; nobody can be judged.
    CannotJudge,
}

/// Who shows this `Authorization` header.
pub(crate) async fn known(
    plan: &Plan,
    tokens: &Tokens,
    team_keys: &TeamKeys,
    header: Option<&str>,
) -> Result<Arc<Caller>, NotKnown> {
    let Some(header) = header else { return plan.anonymous.clone().ok_or(NotKnown::Nobody) };
    let (scheme, credential) = header.split_once(' ').ok_or(NotKnown::Wrong)?;
    let credential = credential.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || credential.is_empty() {
        return Err(NotKnown::Wrong);
    }
    let hashed = hash(credential);
    if let Some(caller) = plan.keys.get(&hashed).cloned().or_else(|| team_keys.find(&hashed)) {
        return Ok(caller);
    }
    match &plan.jwt {
        Some(rules) if credential.split('.').count() == 3 => tokens.judge(rules, plan, credential).await,
        _ => Err(NotKnown::Wrong),
    }
}

pub(crate) fn hash(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

pub(crate) fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_by_its_hash_alone() {
        let made = new_key();
        assert_eq!(from_hex(&made.sha256), Some(hash(&made.key)));
        assert_ne!(made.key, new_key().key);
        for bad in ["", "zz", &"g".repeat(64), &"ä".repeat(32)] {
            assert_eq!(from_hex(bad), None, "{bad}");
        }
    }
}
