//! Who may sign people in for a server, and where: from the server's own words to an authorization server's endpoints.
//!
//! Strict where the standards are: a resource that is another one and an issuer that is not the named one end it, with
//! both said, and a person can set what is right. What is tolerated is tolerated for a reason that stands beside it.

use serde_json::json;
use url::Url;

use super::{
    SignInError,
    challenge::Challenge,
    exchange::{Web, json},
    metadata::{ResourceMetadata, ServerMetadata, is_resource_of, same_issuer},
    settings::{AuthSettings, Resource},
};
use chat::SignInStage;

/// Everything that is known before anybody is asked.
#[derive(Debug, Clone)]
pub(crate) struct Discovered {
    /// Whom tokens are bound to.
    pub(crate) issuer: String,
    /// The issuer as the authorization server writes it; its answers must name it so (RFC 9207).
    pub(crate) own_name: Option<String>,
    pub(crate) authorize: Url,
    pub(crate) token: Url,
    pub(crate) register: Option<Url>,
    pub(crate) revoke: Option<Url>,
    /// What tokens are asked for, verbatim.
    pub(crate) resource: Option<String>,
    /// What the server says it needs.
    pub(crate) scopes: Vec<String>,
    pub(crate) server_scopes: Vec<String>,
    pub(crate) methods: Option<Vec<String>>,
    pub(crate) client_documents: bool,
    pub(crate) names_itself: bool,
    /// Nobody published these; they are where older servers have them.
    pub(crate) guessed: bool,
}

/// The server asked without a token: whether it wants one, and what it says about that.
pub(crate) async fn probe(web: &Web, server: &Url) -> Result<Challenge, SignInError> {
    let body = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {},
        "clientInfo": { "name": "Loquat", "version": env!("CARGO_PKG_VERSION") },
    } });
    let answer = web.post_json(server, &body).await.map_err(|error| SignInError::web(SignInStage::Reach, &error))?;
    let headers = answer.headers().get_all(http::header::WWW_AUTHENTICATE);
    let headers: Vec<String> = headers.iter().filter_map(|value| value.to_str().ok().map(str::to_owned)).collect();
    match answer.status().as_u16() {
        // Any refusal is one, with or without words.
        401 | 403 => Ok(Challenge::read(&headers)),
        200..300 => Err(SignInError::NotNeeded { status: answer.status().as_u16() }),
        // Some answer other things before they look who asks; what they publish decides.
        _ => Ok(Challenge::default()),
    }
}

pub(crate) async fn discover(
    web: &Web,
    server: &Url,
    challenge: &Challenge,
    settings: &AuthSettings,
) -> Result<Discovered, SignInError> {
    let published = resource_metadata(web, server, challenge, settings).await?;
    let described = published.clone().unwrap_or_default();
    let resource = match &settings.resource {
        Resource::Automatic => Some(described.resource.clone().unwrap_or_else(|| plain(server))),
        Resource::Given(given) => Some(given.clone()),
        Resource::Omitted => None,
    };
    let found = match given(server, settings) {
        Some(found) => found,
        None if described.issuers.is_empty() => beside(web, server, settings).await?,
        None => first_of(web, server, &described.issuers, settings).await?,
    };
    check_challenges(&found)?;
    let mut discovered = endpoints(web, found, settings)?;
    discovered.resource = resource;
    discovered.scopes = described.scopes;
    Ok(discovered)
}

/// What an authorization server says, and by which name it was looked for.
struct Found {
    issuer: String,
    metadata: ServerMetadata,
    guessed: bool,
}

/// RFC 9728: where the challenge says, else where it lies by default. An announced document that is about another server
/// is an end; a page at a default place that is none is not.
async fn resource_metadata(
    web: &Web,
    server: &Url,
    challenge: &Challenge,
    settings: &AuthSettings,
) -> Result<Option<ResourceMetadata>, SignInError> {
    let announced = challenge.resource_metadata.as_deref().and_then(|place| server.join(place).ok());
    let places = announced.into_iter().chain(ResourceMetadata::places(server));
    for place in places {
        let Ok(answer) = web.get(&place).await else { continue };
        let Some(found) = json(&answer).as_ref().and_then(ResourceMetadata::read) else { continue };
        let received = found.resource.clone().unwrap_or_default();
        if settings.resource == Resource::Automatic && !is_resource_of(&received, server) {
            let received = if received.is_empty() { "nothing".to_owned() } else { received };
            return Err(SignInError::OtherResource { expected: plain(server), received });
        }
        return Ok(Some(found));
    }
    Ok(None)
}

/// Both addresses were entered by hand: then nobody is asked for them.
fn given(server: &Url, settings: &AuthSettings) -> Option<Found> {
    let (authorize, token) = (settings.authorize.clone()?, settings.token.clone()?);
    let issuer = settings.issuer.clone().or_else(|| Some(Url::parse(&authorize).ok()?.origin().ascii_serialization()));
    let metadata = ServerMetadata {
        // What was not said cannot be checked; the person said where to go.
        issuer: settings.issuer.clone(),
        authorize: Some(authorize),
        token,
        register: None,
        revoke: None,
        scopes: vec![],
        methods: None,
        challenges: None,
        response_types: None,
        client_documents: false,
        names_itself: false,
    };
    Some(Found { issuer: issuer.unwrap_or_else(|| server.origin().ascii_serialization()), metadata, guessed: false })
}

/// The first of them that can be used. A dead one is stepped over; why the first could not be used is what is said.
async fn first_of(web: &Web, server: &Url, issuers: &[String], settings: &AuthSettings) -> Result<Found, SignInError> {
    let mut first = None;
    let mut tried = vec![];
    for issuer in issuers {
        let Ok(url) = Url::parse(issuer) else { continue };
        let outcome = match read(web, ServerMetadata::places(&url), &mut tried).await {
            Some((place, metadata)) => named(metadata, issuer, &place, server, settings),
            None => continue,
        };
        match outcome {
            Ok(found) => return Ok(found),
            Err(error) => first = first.or(Some(error)),
        }
    }
    Err(first.unwrap_or(SignInError::NothingPublished { tried }))
}

/// The server names nobody: then it may do it itself, as servers did before there was RFC 9728.
async fn beside(web: &Web, server: &Url, settings: &AuthSettings) -> Result<Found, SignInError> {
    let mut root = server.clone();
    root.set_path("");
    let mut places = ServerMetadata::places(server);
    places.extend(ServerMetadata::places(&root));
    let mut tried = vec![];
    if let Some((place, metadata)) = read(web, places, &mut tried).await {
        return named(metadata, &server.origin().ascii_serialization(), &place, server, settings);
    }
    let origin = server.origin().ascii_serialization();
    let metadata = ServerMetadata {
        issuer: None,
        authorize: Some(format!("{origin}/authorize")),
        token: format!("{origin}/token"),
        register: Some(format!("{origin}/register")),
        revoke: None,
        scopes: vec![],
        methods: None,
        challenges: None,
        response_types: None,
        client_documents: false,
        names_itself: false,
    };
    Ok(Found { issuer: origin, metadata, guessed: true })
}

async fn read(web: &Web, places: Vec<Url>, tried: &mut Vec<String>) -> Option<(Url, ServerMetadata)> {
    for place in places {
        tried.push(place.to_string());
        // Whatever else is there, a page or an error, is not what is looked for.
        let answer = web.get(&place).await.ok();
        if let Some(metadata) = answer.as_ref().and_then(json).as_ref().and_then(ServerMetadata::read) {
            return Some((place, metadata));
        }
    }
    None
}

/// Whether it is who was looked for (RFC 8414 3.3). A server that speaks for itself from its own origin may write its name
/// as it likes: whoever controls that origin controls both.
fn named(
    metadata: ServerMetadata,
    expected: &str,
    place: &Url,
    server: &Url,
    settings: &AuthSettings,
) -> Result<Found, SignInError> {
    let received = metadata.issuer.clone();
    let trusted = |name: &str| settings.issuer.as_deref().is_some_and(|trusted| same_issuer(trusted, name));
    let at_home = place.origin() == server.origin();
    let own = |name: &str| Url::parse(name).is_ok_and(|url| url.origin() == server.origin());
    match received {
        Some(name) if same_issuer(&name, expected) || trusted(&name) || (at_home && own(&name)) => {
            Ok(Found { issuer: name, metadata, guessed: false })
        }
        Some(received) => Err(SignInError::OtherIssuer { expected: expected.to_owned(), received }),
        None if at_home || trusted(expected) => Ok(Found { issuer: expected.to_owned(), metadata, guessed: false }),
        None => Err(SignInError::NoIssuer { expected: expected.to_owned() }),
    }
}

/// A code without proof of who asked for it can be stolen. Servers that say nothing mostly can do it: it is sent always.
fn check_challenges(found: &Found) -> Result<(), SignInError> {
    let lacks =
        |list: &Option<Vec<String>>, name: &str| list.as_ref().is_some_and(|list| !list.iter().any(|it| it == name));
    if lacks(&found.metadata.challenges, "S256") {
        return Err(SignInError::NoPkce);
    }
    Ok(())
}

fn endpoints(web: &Web, found: Found, settings: &AuthSettings) -> Result<Discovered, SignInError> {
    let Found { issuer, metadata, guessed } = found;
    let endpoint = |text: &str| -> Result<Url, SignInError> {
        let broken = |cause: String| SignInError::Unreachable { stage: SignInStage::Metadata, cause };
        let url = Url::parse(text).map_err(|_| broken(format!("'{text}' is no web address")))?;
        web.permit(&url).map_err(|error| broken(error.to_string()))?;
        Ok(url)
    };
    let optional = |text: Option<String>| text.as_deref().map(endpoint).transpose();
    let token = endpoint(settings.token.as_deref().unwrap_or(&metadata.token))?;
    let authorize = match settings.authorize.as_deref().or(metadata.authorize.as_deref()) {
        Some(authorize) => endpoint(authorize)?,
        // Servers for machines alone have none; whoever needs it hears that from the browser's step.
        None => token.clone(),
    };
    Ok(Discovered {
        own_name: metadata.issuer,
        issuer,
        authorize,
        token,
        register: optional(metadata.register)?,
        // What cannot be revoked safely is only forgotten.
        revoke: optional(metadata.revoke).unwrap_or_default(),
        resource: None,
        scopes: vec![],
        server_scopes: metadata.scopes,
        methods: metadata.methods,
        client_documents: metadata.client_documents,
        names_itself: metadata.names_itself,
        guessed,
    })
}

/// The server's address as a resource: as it was entered, without what is nobody's business.
pub(crate) fn plain(server: &Url) -> String {
    let mut url = server.clone();
    url.set_query(None);
    url.set_fragment(None);
    let _ = url.set_username("");
    let _ = url.set_password(None);
    // A slash that nobody wrote makes another resource of it, to some.
    let text = url.to_string();
    if url.path() == "/" { text.trim_end_matches('/').to_owned() } else { text }
}

impl Discovered {
    /// What to ask for: what the refusal named, else what the server says, else what is configured. `offline_access`
    /// is asked for besides where it is offered, or nothing would renew itself.
    pub(crate) fn wanted_scopes(&self, challenge: &Challenge, settings: &AuthSettings) -> Vec<String> {
        let choices = [&settings.scopes, &challenge.scopes, &self.scopes];
        let mut scopes = choices.into_iter().find(|scopes| !scopes.is_empty()).cloned().unwrap_or_default();
        let offline = "offline_access".to_owned();
        if !scopes.is_empty() && self.server_scopes.contains(&offline) && !scopes.contains(&offline) {
            scopes.push(offline);
        }
        scopes
    }
}
