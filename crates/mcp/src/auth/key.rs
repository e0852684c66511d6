//! A client that proves itself with a key (RFC 7523): a statement about itself, signed, good for a moment.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use oauth2::CsrfToken;
use serde_json::json;

use super::{SignInError, record::now, settings::SigningKey};
use crate::Secret;

/// Used at once; clocks differ.
const LASTS: u64 = 300;

pub(crate) fn assertion(key: &SigningKey, client: &str, audience: &str) -> Result<Secret, SignInError> {
    let failed = |cause: &str| SignInError::Key { cause: cause.to_owned() };
    let algorithm: Algorithm = key.algorithm.parse().map_err(|_| failed("its algorithm is not known"))?;
    let pem = key.pem.expose().as_bytes();
    let encoding = match algorithm {
        Algorithm::ES256 | Algorithm::ES384 => EncodingKey::from_ec_pem(pem),
        Algorithm::RS256
        | Algorithm::RS384
        | Algorithm::RS512
        | Algorithm::PS256
        | Algorithm::PS384
        | Algorithm::PS512 => EncodingKey::from_rsa_pem(pem),
        Algorithm::EdDSA => EncodingKey::from_ed_pem(pem),
        _ => return Err(failed("its algorithm needs a shared secret; use client_secret for that")),
    };
    // The crate's words may quote the key.
    let encoding = encoding.map_err(|_| failed("it is no private key in PEM of that algorithm"))?;
    let issued = now();
    let claims = json!({
        "iss": client, "sub": client, "aud": audience, "iat": issued, "exp": issued + LASTS,
        "jti": CsrfToken::new_random().secret(),
    });
    let signed = encode(&Header::new(algorithm), &claims, &encoding);
    signed.map(Secret::new).map_err(|_| failed("nothing can be signed with it"))
}
