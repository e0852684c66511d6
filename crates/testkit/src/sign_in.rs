//! A server that wants a sign-in, and the authorization server that people sign in at; both do as they are told, also what
//! they should not.
//!
//! Two origins, as in life. What they publish is a table of documents ([`Documents`]); how they behave is a [`Conduct`] that
//! can be changed while they run; what they saw is in [`Seen`].
#![allow(clippy::unwrap_used, reason = "what tests are built with ends where something is not as it should be")]

mod authorize;
mod browser;
mod resource;
mod tokens;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch};

pub use browser::{Visit, browse};

/// What is published where: an absolute address and the document there.
pub type Documents = HashMap<String, Value>;

/// Where the two are.
#[derive(Debug, Clone)]
pub struct Places {
    /// The server's origin, without a slash at the end.
    pub server: String,
    /// The authorization server's, likewise.
    pub auth: String,
}

impl Places {
    /// The address that is configured.
    pub fn mcp(&self) -> String {
        format!("{}/mcp", self.server)
    }

    /// A document about the server that names `issuers`.
    pub fn resource(&self, resource: &str, issuers: &[&str]) -> Value {
        json!({ "resource": resource, "authorization_servers": issuers })
    }

    /// A complete document about the authorization server, under that name.
    pub fn issuer(&self, issuer: &str) -> Value {
        let auth = &self.auth;
        json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{auth}/authorize"),
            "token_endpoint": format!("{auth}/token"),
            "registration_endpoint": format!("{auth}/register"),
            "revocation_endpoint": format!("{auth}/revoke"),
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
        })
    }

    /// What most servers publish.
    pub fn usual(&self) -> Documents {
        let Self { server, auth } = self;
        Documents::from([
            (
                format!("{server}/.well-known/oauth-protected-resource/mcp"),
                self.resource(&self.mcp(), &[auth.as_str()]),
            ),
            (format!("{auth}/.well-known/oauth-authorization-server"), self.issuer(auth)),
        ])
    }
}

/// What the browser is sent back with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    Yes,
    /// `error=access_denied`.
    No,
    /// With a state of somebody else's.
    WrongState,
    /// In the name of another authorization server.
    WrongIssuer,
    /// A page that ends there, as for clients that are not known.
    DeadEnd,
}

/// How the two behave.
#[derive(Debug, Clone)]
pub struct Conduct {
    /// `WWW-Authenticate` at a 401; nothing: it says nothing.
    pub challenge: Option<String>,
    /// What is answered at addresses where nothing is published: a page with 200, or 404.
    pub page_for_everything: bool,
    pub consent: Consent,
    /// Whether answers name the authorization server (RFC 9207).
    pub names_itself: bool,
    /// `client_secret_basic`, `client_secret_post`, or nothing for clients without a secret.
    pub secret: Option<&'static str>,
    pub refuses_registration: bool,
    /// How long tokens last; nothing: it does not say.
    pub expires_in: Option<i64>,
    pub gives_refresh: bool,
    /// A refresh token is good for one use; a second one ends them all.
    pub rotates: bool,
    /// The token endpoint is unwell.
    pub broken: bool,
    /// Refresh tokens are worth nothing any more.
    pub refuses_refresh: bool,
    /// Calls need this right besides.
    pub call_needs: Option<&'static str>,
    /// No call is answered before there were so many.
    pub calls_meet: usize,
    /// Whether calls are answered with the number of the sign-in instead of its rights.
    pub tells_who: bool,
    /// The form that must be filled in instead of a browser's page: user name and password.
    pub form: Option<(&'static str, &'static str)>,
    /// A client that is known beforehand, and its secret.
    pub client: Option<(&'static str, Option<&'static str>)>,
}

impl Default for Conduct {
    fn default() -> Self {
        Self {
            challenge: None,
            page_for_everything: false,
            consent: Consent::Yes,
            names_itself: false,
            secret: None,
            refuses_registration: false,
            expires_in: Some(3600),
            gives_refresh: true,
            rotates: true,
            broken: false,
            refuses_refresh: false,
            call_needs: None,
            calls_meet: 0,
            tells_who: false,
            form: None,
            client: None,
        }
    }
}

/// What they saw.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    pub registrations: Vec<Value>,
    /// The parameters of every request to authorize.
    pub authorizations: Vec<HashMap<String, String>>,
    /// The parameters of every request for a token.
    pub grants: Vec<HashMap<String, String>>,
    pub refreshes: usize,
    /// A refresh token came a second time.
    pub reuses: usize,
    pub revoked: Vec<String>,
    pub calls: usize,
    /// Who made each call: the number of the sign-in, counted from 1, whose token it came with.
    pub callers: Vec<usize>,
    /// Every secret that was given out, for those who look whether it turns up somewhere.
    pub secrets: Vec<String>,
}

struct Code {
    client: String,
    redirect: String,
    challenge: String,
    grant: Grant,
}

/// What a token is good for, and whose it is.
#[derive(Debug, Clone, Default)]
struct Grant {
    scope: String,
    /// The number of the sign-in, counted from 1.
    person: usize,
}

#[derive(Default)]
struct Books {
    conduct: Conduct,
    seen: Seen,
    clients: HashMap<String, Option<String>>,
    codes: HashMap<String, Code>,
    access: HashMap<String, Grant>,
    refresh: HashMap<String, Grant>,
    spent: Vec<String>,
    count: usize,
}

struct Shared {
    places: Places,
    documents: Documents,
    books: Mutex<Books>,
    /// How many calls there were, for those that wait for each other.
    calls: watch::Sender<usize>,
}

/// Both servers, for as long as the test runs.
#[derive(Clone)]
pub struct SignInServer {
    pub places: Places,
    shared: Arc<Shared>,
}

impl SignInServer {
    /// As most are.
    pub async fn start(conduct: Conduct) -> Self {
        Self::publishing(conduct, Places::usual).await
    }

    /// With other documents.
    pub async fn publishing(conduct: Conduct, documents: impl FnOnce(&Places) -> Documents) -> Self {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let auth = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = |listener: &TcpListener| format!("http://{}", listener.local_addr().unwrap());
        let places = Places { server: origin(&server), auth: origin(&auth) };
        let documents = documents(&places);
        let books = Mutex::new(Books { conduct, ..Books::default() });
        let calls = watch::Sender::new(0);
        let shared = Arc::new(Shared { places: places.clone(), documents, books, calls });
        let at = |place: &'static str, shared: &Arc<Shared>| {
            let endpoints = Router::new()
                .route("/mcp", any(resource::answer))
                .route("/authorize", get(authorize::by_browser).post(authorize::by_form))
                .route("/login", post(authorize::by_form))
                .route("/token", post(tokens::token))
                .route("/register", post(authorize::register))
                .route("/revoke", post(tokens::revoke));
            // Where people are signed in matters; the server itself is at one of the two alone.
            endpoints.fallback(move |state, request| published(place, state, request)).with_state(shared.clone())
        };
        let (one, other) = (at("server", &shared), at("auth", &shared));
        tokio::spawn(async move { axum::serve(server, one).await });
        tokio::spawn(async move { axum::serve(auth, other).await });
        Self { places, shared }
    }

    pub fn url(&self) -> String {
        self.places.mcp()
    }

    pub fn change(&self, change: impl FnOnce(&mut Conduct)) {
        change(&mut self.shared.books().conduct);
    }

    pub fn seen(&self) -> Seen {
        self.shared.books().seen.clone()
    }

    /// Until there were so many calls.
    pub async fn calls(&self, count: usize) {
        self.shared.calls.subscribe().wait_for(|calls| *calls >= count).await.unwrap();
    }

    /// What another program has kept that registered and signed in here, by the names that OAuth gives its parts.
    pub fn sign_in_by_hand(&self) -> Value {
        let mut books = self.shared.books();
        let client = "somebody-else".to_owned();
        books.clients.insert(client.clone(), None);
        let (access, refresh) = (books.fresh("access"), books.fresh("refresh"));
        books.access.insert(access.clone(), Grant::default());
        books.refresh.insert(refresh.clone(), Grant::default());
        json!({ "client_id": client, "access_token": access, "refresh_token": refresh, "token_type": "Bearer" })
    }

    /// From now on no access token is worth anything.
    pub fn expire(&self) {
        self.shared.books().access.clear();
    }

    /// The sign-in of that number is worth nothing any more, to be renewed or as it is.
    pub fn end(&self, person: usize) {
        let mut books = self.shared.books();
        books.access.retain(|_, grant| grant.person != person);
        books.refresh.retain(|_, grant| grant.person != person);
    }

    /// No client is known any more, as after months of silence.
    pub fn forget_clients(&self) {
        self.shared.books().clients.clear();
    }

    /// How many sign-ins are still good for more.
    pub fn families(&self) -> usize {
        self.shared.books().refresh.len()
    }
}

impl Shared {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    /// Something that nobody guesses, and that can be looked for afterwards.
    fn fresh(&mut self, what: &str) -> String {
        self.count += 1;
        let random = oauth2::CsrfToken::new_random();
        let secret = format!("planted-{what}-{}-{}", self.count, random.secret());
        self.seen.secrets.push(secret.clone());
        secret
    }

    fn knows(&self, client: &str) -> bool {
        self.clients.contains_key(client) || self.conduct.client.is_some_and(|(id, _)| id == client)
    }

    fn secret_of(&self, client: &str) -> Option<String> {
        match self.conduct.client {
            Some((id, secret)) if id == client => secret.map(str::to_owned),
            _ => self.clients.get(client).cloned().flatten(),
        }
    }
}

async fn published(place: &'static str, State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let origin = if place == "server" { &shared.places.server } else { &shared.places.auth };
    let address = format!("{origin}{}", request.uri().path());
    match shared.documents.get(&address) {
        Some(document) => axum::Json(document.clone()).into_response(),
        None if shared.books().conduct.page_for_everything => {
            ([(header::CONTENT_TYPE, "text/html")], "<!doctype html><title>App</title>").into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
