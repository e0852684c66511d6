//! The documents in which servers say who signs people in: RFC 9728 (of the server), RFC 8414 and OpenID Connect Discovery
//! (of the authorization server).

use serde_json::Value;
use url::Url;

/// What a server says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ResourceMetadata {
    pub(crate) resource: Option<String>,
    pub(crate) issuers: Vec<String>,
    pub(crate) scopes: Vec<String>,
}

impl ResourceMetadata {
    /// Nothing where the document is about something else.
    pub(crate) fn read(document: &Value) -> Option<Self> {
        let mut issuers = texts(&document["authorization_servers"]);
        issuers.extend(text(&document["authorization_server"]));
        let resource = text(&document["resource"]);
        let says_something = resource.is_some() || !issuers.is_empty();
        says_something.then(|| Self { resource, issuers, scopes: texts(&document["scopes_supported"]) })
    }

    /// Where it lies when nobody says where: at the server's path, then at the root.
    pub(crate) fn places(server: &Url) -> Vec<Url> {
        unique([
            well_known(server, "oauth-protected-resource", true),
            well_known(server, "oauth-protected-resource", false),
        ])
    }
}

/// What an authorization server says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerMetadata {
    pub(crate) issuer: Option<String>,
    pub(crate) authorize: Option<String>,
    pub(crate) token: String,
    pub(crate) register: Option<String>,
    pub(crate) revoke: Option<String>,
    pub(crate) scopes: Vec<String>,
    /// How clients may prove who they are at the token endpoint; nothing where it does not say.
    pub(crate) methods: Option<Vec<String>>,
    pub(crate) challenges: Option<Vec<String>>,
    pub(crate) response_types: Option<Vec<String>>,
    /// Whether a client may be known by the address of a document about it.
    pub(crate) client_documents: bool,
    /// Whether its answers name it (RFC 9207).
    pub(crate) names_itself: bool,
}

impl ServerMetadata {
    pub(crate) fn read(document: &Value) -> Option<Self> {
        let list = |key: &str| document[key].is_array().then(|| texts(&document[key]));
        let flag = |key: &str| document[key].as_bool().unwrap_or(false);
        Some(Self {
            token: text(&document["token_endpoint"])?,
            issuer: text(&document["issuer"]),
            authorize: text(&document["authorization_endpoint"]),
            register: text(&document["registration_endpoint"]),
            revoke: text(&document["revocation_endpoint"]),
            scopes: texts(&document["scopes_supported"]),
            methods: list("token_endpoint_auth_methods_supported"),
            challenges: list("code_challenge_methods_supported"),
            response_types: list("response_types_supported"),
            client_documents: flag("client_id_metadata_document_supported"),
            names_itself: flag("authorization_response_iss_parameter_supported"),
        })
    }

    /// Where it lies for that issuer: RFC 8414 first, then OpenID Connect's two ways.
    pub(crate) fn places(issuer: &Url) -> Vec<Url> {
        let mut appended = issuer.clone();
        appended.set_path(&format!("{}/.well-known/openid-configuration", issuer.path().trim_end_matches('/')));
        appended.set_query(None);
        unique([
            well_known(issuer, "oauth-authorization-server", true),
            well_known(issuer, "openid-configuration", true),
            appended,
        ])
    }
}

/// Whether a server at `server` may call itself `resource`: the same origin, and the same path or one above it.
pub(crate) fn is_resource_of(resource: &str, server: &Url) -> bool {
    let Ok(resource) = Url::parse(resource) else { return false };
    let slashed = |url: &Url| format!("{}/", url.path().trim_end_matches('/'));
    resource.origin() == server.origin()
        && resource.fragment().is_none()
        && slashed(server).starts_with(&slashed(&resource))
}

/// Issuers are compared as they are written; only a slash at the end is not a difference worth an explanation.
pub(crate) fn same_issuer(one: &str, other: &str) -> bool {
    one.trim_end_matches('/') == other.trim_end_matches('/')
}

fn well_known(of: &Url, name: &str, with_path: bool) -> Url {
    let mut url = of.clone();
    let path = if with_path { of.path().trim_end_matches('/') } else { "" };
    url.set_path(&format!("/.well-known/{name}{path}"));
    url.set_query(None);
    url.set_fragment(None);
    // Whoever wrote a password into the address did not mean it for these.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

fn unique<const N: usize>(urls: [Url; N]) -> Vec<Url> {
    let mut found: Vec<Url> = vec![];
    for url in urls {
        if !found.contains(&url) {
            found.push(url);
        }
    }
    found
}

fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_are_looked_for_where_the_standards_say() {
        let places = |urls: Vec<Url>| urls.iter().map(Url::to_string).collect::<Vec<_>>();
        let server = Url::parse("https://me:pw@a.example/x/mcp?token=t").unwrap();
        assert_eq!(
            places(ResourceMetadata::places(&server)),
            [
                "https://a.example/.well-known/oauth-protected-resource/x/mcp",
                "https://a.example/.well-known/oauth-protected-resource"
            ]
        );
        assert_eq!(
            places(ServerMetadata::places(&"https://a.example/tenant/".parse().unwrap())),
            [
                "https://a.example/.well-known/oauth-authorization-server/tenant",
                "https://a.example/.well-known/openid-configuration/tenant",
                "https://a.example/tenant/.well-known/openid-configuration",
            ]
        );
        assert_eq!(ServerMetadata::places(&"https://a.example".parse().unwrap()).len(), 2);
    }

    #[test]
    fn a_server_may_speak_for_itself_and_for_what_is_below() {
        let server = Url::parse("https://a.example/x/mcp").unwrap();
        for own in ["https://a.example/x/mcp", "https://a.example/x/mcp/", "https://a.example/x", "https://a.example"] {
            assert!(is_resource_of(own, &server), "{own}");
        }
        for other in
            ["https://a.example/y", "https://a.example/x/m", "http://a.example/x/mcp", "https://b.example", "x", ""]
        {
            assert!(!is_resource_of(other, &server), "{other}");
        }
    }
}
