//! Tenants: where their backends are and what is sent along.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_saphyr::Location;
use url::Url;

use crate::{Problem, config};

use super::Compiler;

pub(crate) struct Tenant {
    pub(crate) services: HashMap<String, Service>,
}

/// One backend of one tenant.
pub(crate) struct Service {
    /// Without a slash at its end.
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    pub(crate) timeout: Option<Duration>,
}

impl Compiler {
    pub(super) fn tenants(
        &self,
        tenants: &BTreeMap<String, config::Tenant>,
    ) -> Result<HashMap<String, Arc<Tenant>>, Problem> {
        tenants.iter().map(|(name, tenant)| Ok((name.clone(), Arc::new(self.tenant(tenant)?)))).collect()
    }

    fn tenant(&self, tenant: &config::Tenant) -> Result<Tenant, Problem> {
        let mut common = HeaderMap::new();
        for (name, value) in &tenant.headers {
            let (name, value) = self.header(name, &value.value, value.referenced)?;
            common.insert(name, value);
        }
        let mut services = HashMap::new();
        for (name, service) in &tenant.services {
            let at = service.referenced;
            let (url, headers, timeout) = match &service.value {
                config::Service::Url(url) => (url, None, None),
                config::Service::Full(full) => (&full.url, Some(&full.headers), full.timeout_seconds),
            };
            let mut all = common.clone();
            for (name, value) in headers.into_iter().flatten() {
                let (name, value) = self.header(name, value, at)?;
                all.insert(name, value);
            }
            let timeout = timeout.map(|seconds| self.seconds(Some(seconds), 0.0, "A service's timeout")).transpose()?;
            let url = self.service_url(url, at)?;
            services.insert(name.clone(), Service { url, headers: all, timeout });
        }
        Ok(Tenant { services })
    }

    fn service_url(&self, raw: &str, at: Location) -> Result<String, Problem> {
        let text = self.text(raw, at)?;
        let wrong = |why: &str| {
            self.problem(at)
                .what("This is no address of a service.")
                .why(why)
                .fix("Write http://HOST:PORT/PATH or https://HOST/PATH.")
        };
        let url = Url::parse(&text).map_err(|error| wrong(&format!("It cannot be read: {error}.")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong("Only http and https reach a service."));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("A name or a password in an address ends up in logs."));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("What follows ? or # would be lost."));
        }
        Ok(text.trim_end_matches('/').to_owned())
    }

    fn header(&self, name: &str, raw: &str, at: Location) -> Result<(HeaderName, HeaderValue), Problem> {
        let text = self.text(raw, at)?;
        let wrong = |what: String| {
            self.problem(at)
                .what(what)
                .why("HTTP does not allow it.")
                .fix("Write a plain name and a value in one line.")
        };
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong(format!("{name:?} names no header.")))?;
        let mut value = HeaderValue::from_str(&text).map_err(|_| wrong(format!("The value of {name} is none.")))?;
        value.set_sensitive(true);
        Ok((key, value))
    }
}
