//! Tokens of an authorization server: only those that it signed, for us, now.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use axum::{Json, Router, routing::get};
use gateway::{Client, ClientError};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::common::{House, arguments, code};

struct Issuer {
    address: String,
    key: EncodingKey,
    asked: Arc<AtomicUsize>,
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        text.extend((0..=chunk.len()).map(|at| char::from(LETTERS[(bits >> (18 - 6 * at) & 63) as usize])));
    }
    text
}

fn pair() -> (EncodingKey, Value) {
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).unwrap();
    let public = pair.public_key().as_ref();
    let jwk = json!({ "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "one",
        "x": base64(&public[1..33]), "y": base64(&public[33..65]) });
    (EncodingKey::from_ec_der(pkcs8.as_ref()), jwk)
}

async fn issuer() -> Issuer {
    let (key, jwk) = pair();
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    let set = json!({ "keys": [{ "kty": "new kind", "kid": "odd" }, jwk] });
    let router = Router::new().route(
        "/keys",
        get(move || {
            counter.fetch_add(1, Ordering::SeqCst);
            async { Json(set) }
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    Issuer { address, key, asked }
}

async fn house(issuer: &Issuer) -> House {
    // Below `auth:`, where the keys stand already.
    let house = House::open().await;
    let config = house.folder.path().join("gateway.yaml");
    let text = std::fs::read_to_string(&config).unwrap();
    let jwt = format!(
        "auth:\n  jwt:\n    issuer: {0}\n    audience: [gateway]\n    jwks_url: \"{0}/keys\"\n    tenant: default\n    \
         roles_claim: realm.roles\n    scopes: [mcp]\n    resource: https://gateway.example/mcp\n",
        issuer.address
    );
    std::fs::write(&config, text.replacen("auth:\n", &jwt, 1)).unwrap();
    house.gateway.reload().await.unwrap();
    house
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn claims(issuer: &Issuer) -> Value {
    json!({ "iss": issuer.address, "aud": "gateway", "sub": "kim", "exp": now() + 600, "realm": { "roles": ["Agent"] } })
}

fn sign(key: &EncodingKey, kid: &str, claims: &Value) -> String {
    let mut header = Header::new(Algorithm::ES256);
    header.kid = Some(kid.to_owned());
    encode(&header, claims, key).unwrap()
}

#[tokio::test]
async fn a_token_is_worth_what_its_issuer_says_and_nothing_otherwise() {
    let issuer = issuer().await;
    let house = house(&issuer).await;
    let client = |token: String| Client::new(house.served.url(), Some(token)).unwrap();
    let good = client(sign(&issuer.key, "one", &claims(&issuer)));
    let found = good.call("memory_search", arguments(json!({ "query": "x", "actor_id": "kim" }))).await.unwrap();
    assert_eq!(code(&found), "ok", "{found}");
    let team = good.call("crm_create_team", arguments(json!({ "name": "x" }))).await.unwrap();
    assert_eq!(code(&team), "role_not_allowed");
    let with = |name: &str, value: Value| {
        let mut claims = claims(&issuer);
        claims[name] = value;
        sign(&issuer.key, "one", &claims)
    };
    let (stranger, _) = pair();
    let unsigned = format!(
        "{}.{}.",
        base64(b"{\"alg\":\"none\",\"kid\":\"one\"}"),
        base64(claims(&issuer).to_string().as_bytes())
    );
    let mut hmac = Header::new(Algorithm::HS256);
    hmac.kid = Some("one".to_owned());
    let hmac = encode(&hmac, &claims(&issuer), &EncodingKey::from_secret(b"one")).unwrap();
    let bad = [
        ("another's signature", sign(&stranger, "one", &claims(&issuer))),
        ("an unknown key", sign(&issuer.key, "two", &claims(&issuer))),
        ("another's issuer", with("iss", json!("https://evil.example"))),
        ("another's audience", with("aud", json!("mail"))),
        ("no audience", with("aud", Value::Null)),
        ("over", with("exp", json!(now() - 3600))),
        ("no end", with("exp", Value::Null)),
        ("not yet", with("nbf", json!(now() + 3600))),
        ("no roles", with("realm", json!({ "roles": [] }))),
        ("roles elsewhere", with("realm", json!({ "role": ["Admin"] }))),
        ("nobody", with("sub", json!(7))),
        ("no signature", unsigned),
        ("a shared secret", hmac),
    ];
    for (what, token) in bad {
        let refused = client(token).tools().await;
        assert!(matches!(refused, Err(ClientError::Refused { status: 401, .. })), "{what}: {refused:?}");
    }
    assert_eq!(issuer.asked.load(Ordering::SeqCst), 1, "unknown keys do not make us ask again and again");
}

#[tokio::test]
async fn clients_learn_where_to_sign_in() {
    let issuer = issuer().await;
    let house = house(&issuer).await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let refused = http.post(house.served.url()).json(&json!({})).send().await.unwrap();
    assert_eq!(refused.status(), 401);
    let challenge = refused.headers()["www-authenticate"].to_str().unwrap();
    let expected = "Bearer resource_metadata=\"https://gateway.example/.well-known/oauth-protected-resource/mcp\"";
    assert_eq!(challenge, expected);
    let url = format!("http://{}/.well-known/oauth-protected-resource/mcp", house.served.address());
    let metadata: Value = http.get(url).send().await.unwrap().json().await.unwrap();
    assert_eq!(metadata["resource"], "https://gateway.example/mcp");
    assert_eq!(metadata["authorization_servers"], json!([issuer.address]));
    assert_eq!(metadata["scopes_supported"], json!(["mcp"]));
}
