//! What authorization servers say, spoilt: it is understood or refused, and nothing else comes of it.

use serde_json::{Value, json};
use url::Url;

use super::{
    adopt::read_sign_ins,
    challenge::Challenge,
    grant::lenient,
    metadata::{ResourceMetadata, ServerMetadata},
};

const HEADER: &str = r#"Bearer realm="a \"b\"", error="insufficient_scope", scope="a b",
    resource_metadata="https://h.example/.well-known/oauth-protected-resource", Basic x=y, DPoP algs="ES256""#;
const TOKENS: &str =
    r#"{"access_token":"a","token_type":"bearer","expires_in":"3600","refresh_token":"r","scope":"a b"}"#;
const KEPT: &str = r#"{"servers":{"https://h.example":{"tokens":{"access_token":"a","refreshToken":"r","expires_at":1e12,
    "scope":"a b"},"clientInformation":{"client_id":"c","redirect_uris":["http://127.0.0.1:1/cb"]}}}}"#;

#[test]
fn challenges_tokens_and_kept_sign_ins_are_read_or_refused() {
    let (mut granted, mut adopted) = (0, 0);
    for text in testkit::spoilt(&[HEADER, TOKENS, KEPT], 6000) {
        granted += usize::from(lenient(&text).is_ok());
        let text = String::from_utf8_lossy(&text).into_owned();
        let challenge = Challenge::read(std::slice::from_ref(&text));
        assert!(challenge.scopes.iter().all(|scope| !scope.contains(' ')));
        adopted += read_sign_ins(&text).len();
    }
    assert!(granted > 20 && adopted > 20, "{granted} granted, {adopted} adopted");
}

#[test]
fn documents_of_servers_are_read_or_refused() {
    let resource = json!({ "resource": "https://h.example/mcp", "authorization_servers": ["https://a.example"], "scopes_supported": ["a"] });
    let server = json!({
        "issuer": "https://a.example",
        "authorization_endpoint": "https://a.example/authorize",
        "token_endpoint": "https://a.example/token",
        "registration_endpoint": "https://a.example/register",
        "code_challenge_methods_supported": ["S256"],
        "client_id_metadata_document_supported": true,
    });
    let mut read = 0;
    for document in testkit::bent(&[resource, server], 5000) {
        read += usize::from(ResourceMetadata::read(&document).is_some());
        let metadata = ServerMetadata::read(&document);
        read += usize::from(metadata.is_some());
        let named = |value: &Value| Url::parse(value.as_str()?).ok();
        for url in ["resource", "issuer"].iter().filter_map(|key| named(&document[*key])) {
            let places = [ResourceMetadata::places(&url), ServerMetadata::places(&url)].concat();
            assert!(places.iter().all(|place| place.host_str() == url.host_str()), "{url}");
        }
    }
    assert!(read > 500, "only {read} were read");
}
