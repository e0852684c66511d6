//! Who may come in.

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    sync::Arc,
};

use serde_saphyr::Spanned;
use url::Url;

use crate::{
    Problem,
    auth::{JwtRules, from_hex},
    caller::Caller,
    config::{self, Source},
};

use super::Compiler;

pub(super) struct Identities {
    pub(super) keys: HashMap<[u8; 32], Arc<Caller>>,
    pub(super) jwt: Option<Arc<JwtRules>>,
    pub(super) stdio: Option<Arc<Caller>>,
    pub(super) anonymous: Option<Arc<Caller>>,
}

type Tenants = BTreeMap<String, config::Tenant>;

impl Compiler {
    pub(super) fn identities(
        &self,
        auth: &config::Auth,
        tenants: &Tenants,
        listen: SocketAddr,
    ) -> Result<Identities, Problem> {
        let identity = |given: &Option<Spanned<config::Identity>>, how: &str| {
            given.as_ref().map(|given| self.identity(given, tenants, how)).transpose()
        };
        if let Some(given) = &auth.anonymous
            && !listen.ip().is_loopback()
        {
            return Err(self
                .problem_of(given)
                .what("Callers without a credential are let in, and the gateway listens on more than this machine.")
                .why(format!("{listen} is reached from the network."))
                .fix("Listen on 127.0.0.1, or give every caller a key."));
        }
        Ok(Identities {
            keys: self.keys(auth, tenants)?,
            jwt: auth.jwt.as_ref().map(|jwt| self.jwt(jwt, tenants)).transpose()?,
            stdio: identity(&auth.stdio, "stdio")?,
            anonymous: identity(&auth.anonymous, "anonymous")?,
        })
    }

    /// The file's own keys, and those of the files that it names.
    fn keys(&self, auth: &config::Auth, tenants: &Tenants) -> Result<HashMap<[u8; 32], Arc<Caller>>, Problem> {
        let mut known = HashMap::new();
        self.add_keys(&mut known, &auth.keys, tenants)?;
        for name in &auth.keys_from {
            let source = Source::open(&self.folder.join(&name.value)).map_err(|error| {
                self.problem_of(name).what(error.to_string()).fix("Correct the path, or take it out.")
            })?;
            let keys: Vec<Spanned<config::Key>> = config::read(&source)?;
            let there = Compiler { source, folder: self.folder.clone(), lent: self.lent };
            there.add_keys(&mut known, &keys, tenants)?;
        }
        Ok(known)
    }

    fn add_keys(
        &self,
        known: &mut HashMap<[u8; 32], Arc<Caller>>,
        keys: &[Spanned<config::Key>],
        tenants: &Tenants,
    ) -> Result<(), Problem> {
        for spanned in keys {
            let key = &spanned.value;
            let hash = from_hex(&key.sha256.value).ok_or_else(|| {
                self.problem_of(&key.sha256)
                    .what(format!("The hash of the key {:?} is none.", key.name))
                    .why("A SHA-256 has 64 digits of 0-9 and a-f.")
                    .fix("Make a key with `loq gateway key` and copy what it prints.")
            })?;
            self.known_tenant(&key.tenant, tenants)?;
            self.some_roles(&key.roles, spanned)?;
            let actor = key.actor.as_deref().unwrap_or(&key.name);
            let caller = Caller::new(format!("key:{}", key.name), actor, &key.tenant.value, &key.roles);
            let same_name = known.values().any(|other: &Arc<Caller>| other.credential == caller.credential);
            if same_name || known.insert(hash, Arc::new(caller)).is_some() {
                return Err(self
                    .problem_of(spanned)
                    .what(format!("The key {:?} is there twice.", key.name))
                    .why("A name and a hash stand for one caller.")
                    .fix("Take one of the two out, or make a new key for it."));
            }
        }
        Ok(())
    }

    fn identity(
        &self,
        given: &Spanned<config::Identity>,
        tenants: &Tenants,
        how: &str,
    ) -> Result<Arc<Caller>, Problem> {
        let identity = &given.value;
        self.known_tenant(&identity.tenant, tenants)?;
        self.some_roles(&identity.roles, given)?;
        let actor = identity.actor.as_deref().unwrap_or(how);
        Ok(Arc::new(Caller::new(how.to_owned(), actor, &identity.tenant.value, &identity.roles)))
    }

    fn jwt(&self, spanned: &Spanned<config::Jwt>, tenants: &Tenants) -> Result<Arc<JwtRules>, Problem> {
        let jwt = &spanned.value;
        let raw = &jwt.jwks_url;
        let jwks_url = self.secure_url(&self.text(&raw.value, raw.referenced)?, raw)?;
        if let Some(tenant) = &jwt.tenant {
            self.known_tenant(tenant, tenants)?;
        } else if jwt.tenant_claim.is_none() {
            return Err(self
                .problem_of(spanned)
                .what("Nothing says to which tenant a token belongs.")
                .why("Neither `tenant` nor `tenant_claim` is there.")
                .fix("Name the tenant, or the claim that names it."));
        }
        if jwt.audience.is_empty() {
            return Err(self
                .problem_of(spanned)
                .what("`audience` names nobody.")
                .why("Tokens made for other services would be accepted.")
                .fix("Name what the authorization server writes into `aud` for this gateway."));
        }
        let resource = jwt.resource.as_ref().map(|url| self.secure_url(&url.value, url)).transpose()?;
        Ok(Arc::new(JwtRules {
            issuer: jwt.issuer.clone(),
            audience: jwt.audience.clone(),
            jwks_url,
            roles_claim: jwt.roles_claim.clone(),
            tenant_claim: jwt.tenant_claim.clone(),
            tenant: jwt.tenant.as_ref().map(|tenant| tenant.value.clone()),
            actor_claim: jwt.actor_claim.clone(),
            scopes: jwt.scopes.clone(),
            resource,
        }))
    }

    fn secure_url(&self, text: &str, at: &Spanned<String>) -> Result<Url, Problem> {
        let wrong = |why: String| {
            self.problem_of(at).what("This address cannot be used.").why(why).fix("Write an https:// address.")
        };
        let url = Url::parse(text).map_err(|error| wrong(format!("It cannot be read: {error}.")))?;
        let local = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
        match url.scheme() {
            "https" => Ok(url),
            "http" if local => Ok(url),
            _ => Err(wrong("Without TLS anybody on the way could answer in its place.".to_owned())),
        }
    }

    fn known_tenant(&self, tenant: &Spanned<String>, tenants: &Tenants) -> Result<(), Problem> {
        if tenants.contains_key(&tenant.value) {
            return Ok(());
        }
        let known: Vec<&str> = tenants.keys().map(String::as_str).collect();
        Err(self
            .problem_of(tenant)
            .what(format!("There is no tenant {:?}.", tenant.value))
            .why(format!("`tenants` has: {}.", if known.is_empty() { "none".into() } else { known.join(", ") }))
            .fix("Correct the name, or add the tenant."))
    }

    fn some_roles<T>(&self, roles: &[String], at: &Spanned<T>) -> Result<(), Problem> {
        if !roles.is_empty() {
            return Ok(());
        }
        Err(self
            .problem_of(at)
            .what("`roles` is empty.")
            .why("Who has no role may do nothing.")
            .fix("Give at least one role, such as Agent."))
    }
}
