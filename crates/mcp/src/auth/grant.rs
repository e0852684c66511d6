//! Tokens for what one has: a code, a refresh token, or a client's own secret. Requests are those of the crate `oauth2`.

use std::time::Duration;

use base64::Engine as _;
use oauth2::{
    AuthType, AuthorizationCode, ClientId, ClientSecret, EndpointNotSet, EndpointSet, PkceCodeVerifier, RedirectUrl,
    RefreshToken, RequestTokenError, Scope, TokenResponse, TokenUrl,
    basic::{BasicClient, BasicErrorResponse, BasicTokenResponse},
};
use serde_json::Value;

use super::{
    exchange::{Web, WebError},
    record::{Method, Registration, Tokens, now},
};
use crate::Secret;

type Client = BasicClient<EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;
type Outcome = Result<BasicTokenResponse, RequestTokenError<WebError, BasicErrorResponse>>;

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum GrantError {
    /// The authorization server said no, in so many words.
    #[error("{}{error}", description.as_deref().map(|words| format!("{words}: ")).unwrap_or_default())]
    Refused { error: String, description: Option<String> },
    #[error("the answer to the request for a token cannot be used: {0}")]
    Unusable(String),
    #[error(transparent)]
    Web(#[from] WebError),
}

impl GrantError {
    fn is(&self, names: &[&str]) -> bool {
        matches!(self, Self::Refused { error, .. } if names.contains(&error.as_str()))
    }

    /// The registration is gone: worth another, once.
    pub(crate) fn is_about_the_client(&self) -> bool {
        self.is(&["invalid_client", "unauthorized_client"])
    }

    /// The refresh token is worth nothing any more.
    pub(crate) fn is_final(&self) -> bool {
        self.is(&["invalid_grant", "invalid_client", "unauthorized_client"])
    }
}

/// What a token endpoint gave.
pub(crate) struct Granted {
    pub(crate) access: Secret,
    pub(crate) refresh: Option<Secret>,
    pub(crate) expires_at: Option<u64>,
    pub(crate) scopes: Option<Vec<String>>,
}

/// Where to ask, and as whom.
pub(crate) struct Desk<'a> {
    pub(crate) web: &'a Web,
    pub(crate) token_url: &'a str,
    pub(crate) client: &'a Registration,
    pub(crate) resource: Option<&'a str>,
}

impl Desk<'_> {
    /// For a code that came back from the browser.
    pub(crate) async fn for_code(&self, code: &Secret, verifier: PkceCodeVerifier) -> Result<Granted, GrantError> {
        let client = self.client()?;
        let unusable = |_| GrantError::Unusable("the address to come back to is none".to_owned());
        let redirect = RedirectUrl::new(self.client.redirect.clone()).map_err(unusable)?;
        let mut request = client
            .exchange_code(AuthorizationCode::new(code.expose().to_owned()))
            .set_pkce_verifier(verifier)
            .set_redirect_uri(std::borrow::Cow::Owned(redirect));
        if let Some(resource) = self.resource {
            request = request.add_extra_param("resource", resource);
        }
        granted(request.request_async(self.web).await)
    }

    pub(crate) async fn for_refresh(&self, refresh: &Secret) -> Result<Granted, GrantError> {
        let client = self.client()?;
        let token = RefreshToken::new(refresh.expose().to_owned());
        let mut request = client.exchange_refresh_token(&token);
        if let Some(resource) = self.resource {
            request = request.add_extra_param("resource", resource);
        }
        granted(request.request_async(self.web).await)
    }

    /// For the client itself; `assertion` where it proves itself with a key (RFC 7523).
    pub(crate) async fn for_client(
        &self,
        scopes: &[String],
        assertion: Option<&Secret>,
    ) -> Result<Granted, GrantError> {
        let client = self.client()?;
        let scopes = scopes.iter().map(|scope| Scope::new(scope.clone()));
        let mut request = client.exchange_client_credentials().add_scopes(scopes);
        if let Some(resource) = self.resource {
            request = request.add_extra_param("resource", resource);
        }
        if let Some(assertion) = assertion {
            request = request
                .add_extra_param("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
                .add_extra_param("client_assertion", assertion.expose());
        }
        granted(request.request_async(self.web).await)
    }

    fn client(&self) -> Result<Client, GrantError> {
        let url = TokenUrl::new(self.token_url.to_owned())
            .map_err(|_| GrantError::Unusable("the token endpoint is no web address".to_owned()))?;
        let client = BasicClient::new(ClientId::new(self.client.client_id.clone())).set_token_uri(url);
        let secret = self.client.client_secret.as_ref().map(|secret| ClientSecret::new(secret.expose().to_owned()));
        Ok(match (self.client.method, secret) {
            (Method::None, _) | (_, None) => client.set_auth_type(AuthType::RequestBody),
            (Method::Basic, Some(secret)) => client.set_client_secret(secret).set_auth_type(AuthType::BasicAuth),
            (Method::Post, Some(secret)) => client.set_client_secret(secret).set_auth_type(AuthType::RequestBody),
        })
    }
}

fn granted(outcome: Outcome) -> Result<Granted, GrantError> {
    match outcome {
        Ok(answer) => Ok(Granted {
            access: Secret::new(answer.access_token().secret().as_str()),
            refresh: answer.refresh_token().map(|token| Secret::new(token.secret().as_str())),
            expires_at: answer.expires_in().map(|lasts| ends(lasts.as_secs())),
            scopes: answer.scopes().map(|scopes| scopes.iter().map(|scope| scope.to_string()).collect()),
        }),
        Err(RequestTokenError::ServerResponse(said)) => Err(GrantError::Refused {
            error: said.error().as_ref().to_owned(),
            description: said.error_description().cloned(),
        }),
        Err(RequestTokenError::Request(error)) => Err(GrantError::Web(error)),
        // Not to the letter, but enough to go on with; the crate's error quotes the body, which nobody may see.
        Err(RequestTokenError::Parse(_, body)) => lenient(&body),
        Err(RequestTokenError::Other(cause)) => Err(GrantError::Unusable(cause)),
    }
}

pub(crate) fn lenient(body: &[u8]) -> Result<Granted, GrantError> {
    let nothing = || GrantError::Unusable("there is no token in it".to_owned());
    let said: Value = serde_json::from_slice(body).map_err(|_| GrantError::Unusable("it is not JSON".to_owned()))?;
    let text = |key: &str| said[key].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    if let Some(error) = text("error") {
        return Err(GrantError::Refused { error, description: text("error_description") });
    }
    let number = |value: &Value| value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
    Ok(Granted {
        access: text("access_token").ok_or_else(nothing)?.into(),
        refresh: text("refresh_token").map(Secret::from),
        expires_at: number(&said["expires_in"]).filter(|lasts| *lasts > 0.0).map(|lasts| ends(lasts as u64)),
        scopes: text("scope").map(|scopes| scopes.split_whitespace().map(str::to_owned).collect()),
    })
}

fn ends(lasts: u64) -> u64 {
    now().saturating_add(Duration::from_secs(lasts).as_secs())
}

impl Granted {
    /// What is kept of it. A refresh token that is not given anew stays the one there was, and so do scopes.
    pub(crate) fn over(self, before: Tokens) -> Tokens {
        Tokens {
            access: Some(self.access),
            refresh: self.refresh.or(before.refresh),
            expires_at: self.expires_at,
            scopes: self.scopes.unwrap_or(before.scopes),
            ..before
        }
    }
}

/// Tells the authorization server that nobody needs these any more (RFC 7009). The crate refuses to do so in the clear,
/// which is all there is on one's own machine.
pub(crate) async fn revoke(web: &Web, tokens: &Tokens) -> Result<(), GrantError> {
    let (Some(url), Some(token)) = (&tokens.revoke_url, tokens.refresh.as_ref().or(tokens.access.as_ref())) else {
        return Ok(());
    };
    let hint = if tokens.refresh.is_some() { "refresh_token" } else { "access_token" };
    let pairs = vec![("token", token.expose()), ("token_type_hint", hint)];
    let answer = posted(web, url, &tokens.client, pairs).await?;
    if answer.status().is_success() {
        return Ok(());
    }
    Err(GrantError::Unusable(format!("it answered {}", answer.status())))
}

/// A form from a client that says who it is.
pub(crate) async fn posted<'a>(
    web: &Web,
    url: &str,
    client: &'a Registration,
    mut pairs: Vec<(&'a str, &'a str)>,
) -> Result<http::Response<Vec<u8>>, GrantError> {
    let mut request = http::Request::post(url)
        .header(http::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(http::header::ACCEPT, "application/json");
    match (client.method, &client.client_secret) {
        (Method::Basic, Some(secret)) => {
            request = request.header(http::header::AUTHORIZATION, basic(&client.client_id, secret));
        }
        (Method::Post, Some(secret)) => {
            pairs.extend([("client_id", client.client_id.as_str()), ("client_secret", secret.expose())]);
        }
        _ => pairs.push(("client_id", &client.client_id)),
    }
    let body = encoded(&pairs);
    let broken = |_| GrantError::Unusable(format!("{url} is no web address"));
    Ok(web.send(request.body(body.as_bytes().to_vec()).map_err(broken)?).await?)
}

/// A form as it is sent, wiped afterwards.
pub(crate) fn encoded(pairs: &[(&str, &str)]) -> zeroize::Zeroizing<String> {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(pairs);
    zeroize::Zeroizing::new(form.finish())
}

/// Both parts as in a form, and then as always (RFC 6749 2.3.1).
fn basic(id: &str, secret: &Secret) -> String {
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = zeroize::Zeroizing::new(format!("{}:{}", encoded(id), encoded(secret.expose())));
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_that_are_not_to_the_letter_are_read_as_far_as_they_go() {
        let read = |body: &str| lenient(body.as_bytes());
        let odd = read(r#"{"access_token":"a","expires_in":"3600","scope":"x y"}"#).ok().unwrap();
        assert!(odd.expires_at.unwrap() > now() + 3000);
        assert_eq!(odd.scopes.unwrap().len(), 2);
        assert_eq!(read(r#"{"access_token":"a"}"#).ok().unwrap().expires_at, None);
        assert!(
            read(r#"{"error":"bad_verification_code"}"#).err().unwrap().to_string().contains("bad_verification_code")
        );
        let error = read("<html>secret-token").err().unwrap().to_string();
        assert!(!error.contains("secret-token"), "{error}");
    }
}
