//! A sign-in that a company arranges: its identity provider vouches for the person, and nobody is asked again
//! (Identity Assertion Authorization Grant: RFC 8693, then RFC 7523).

use super::{
    discover::Discovered,
    grant::{Desk, GrantError, Granted, lenient, posted},
    record::{Method, Registration},
    settings::Company,
};

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ASSERTION: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const ID_JAG: &str = "urn:ietf:params:oauth:token-type:id-jag";
const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";

/// The person's identity for a word about it that the server's authorization server takes, and that for a token.
pub(crate) async fn grant(
    desk: &Desk<'_>,
    company: &Company,
    discovered: &Discovered,
    scopes: &[String],
) -> Result<Granted, GrantError> {
    let scope = scopes.join(" ");
    let ours = Registration {
        client_id: company.client_id.clone(),
        client_secret: None,
        method: Method::None,
        redirect: String::new(),
        expires_at: None,
        dynamic: false,
    };
    let mut pairs = vec![
        ("grant_type", EXCHANGE),
        ("requested_token_type", ID_JAG),
        ("audience", discovered.own_name.as_deref().unwrap_or(&discovered.issuer)),
        ("subject_token", company.id_token.expose()),
        ("subject_token_type", ID_TOKEN),
    ];
    pairs.extend(discovered.resource.as_deref().map(|resource| ("resource", resource)));
    pairs.extend((!scope.is_empty()).then_some(("scope", scope.as_str())));
    let word = posted(desk.web, &company.token_url, &ours, pairs).await?;
    let word = lenient(word.body())?.access;
    let mut pairs = vec![("grant_type", ASSERTION), ("assertion", word.expose())];
    pairs.extend(desk.resource.map(|resource| ("resource", resource)));
    pairs.extend((!scope.is_empty()).then_some(("scope", scope.as_str())));
    lenient(posted(desk.web, desk.token_url, desk.client, pairs).await?.body())
}
