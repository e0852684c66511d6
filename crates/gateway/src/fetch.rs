//! Fetching a public page, and reaching nothing else: every address is judged before it is connected to, on every hop.

mod address;
#[cfg(any(test, fuzzing))]
pub(crate) mod outside;
mod robots;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use ipnet::IpNet;
use reqwest::{
    dns::{Addrs, Name, Resolve, Resolving},
    header::{ACCEPT, CONTENT_TYPE, LOCATION},
};
use serde_json::{Map, Value, json};
use url::{Host, Url};

use crate::answer::{Answer, Class, Refusal};

pub(crate) use address::is_public;

const AGENT: &str = concat!("LoquatGateway/", env!("CARGO_PKG_VERSION"));
/// By which robots.txt may name us.
const ROBOT: &str = "loquatgateway";
const LARGEST_ROBOTS: usize = 512 << 10;

/// What may be fetched.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FetchRules {
    pub(crate) ports: Vec<u16>,
    /// Networks that may be reached although they are not public.
    pub(crate) allow: Vec<IpNet>,
    pub(crate) max_bytes: usize,
    pub(crate) timeout: Duration,
    pub(crate) max_redirects: u8,
    pub(crate) robots: bool,
}

pub(crate) struct Fetcher {
    http: reqwest::Client,
    rules: Arc<ArcSwap<FetchRules>>,
}

/// Resolves names once, and lets only judged addresses through: what is connected to is what was judged, so a name
/// that changes its mind in between gains nothing.
struct Judged(Arc<ArcSwap<FetchRules>>);

#[derive(Debug, thiserror::Error)]
#[error("the name leads to an address that is not public")]
struct NotPublic;

impl Resolve for Judged {
    fn resolve(&self, name: Name) -> Resolving {
        let rules = self.0.load_full();
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            // One bad address spoils the name: whoever mixes them means no good.
            if found.is_empty() || !found.iter().all(|address| rules.may_reach(address.ip())) {
                return Err(Box::new(NotPublic) as Box<dyn std::error::Error + Send + Sync>);
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

impl FetchRules {
    fn may_reach(&self, ip: std::net::IpAddr) -> bool {
        is_public(ip) || self.allow.iter().any(|network| network.contains(&address::plain(ip)))
    }

    /// What speaks against an address before anything is looked up.
    fn judge(&self, url: &Url) -> Result<(), Refusal> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(forbidden(format!("Only http and https are fetched, not {}.", url.scheme())));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(forbidden("An address with a name or password in it is not fetched."));
        }
        let port = url.port_or_known_default().unwrap_or(0);
        if !self.ports.contains(&port) {
            return Err(forbidden(format!("Port {port} is not fetched from.")));
        }
        let ip = match url.host() {
            // Where other networks are allowed, the addresses themselves are judged once the name is resolved.
            Some(Host::Domain(name)) if self.allow.is_empty() && is_local_name(name) => {
                return Err(forbidden("This name belongs to no public page."));
            }
            Some(Host::Domain(_)) => return Ok(()),
            Some(Host::Ipv4(ip)) => ip.into(),
            Some(Host::Ipv6(ip)) => ip.into(),
            None => return Err(forbidden("An address without a host is not fetched.")),
        };
        if self.may_reach(ip) { Ok(()) } else { Err(forbidden("This address is not of the public internet.")) }
    }
}

fn is_local_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let ends = [".localhost", ".local", ".internal", ".lan", ".home.arpa", ".intranet", ".corp"];
    name == "localhost" || !name.contains('.') || ends.iter().any(|end| name.ends_with(end))
}

fn forbidden(message: impl Into<String>) -> Refusal {
    Refusal::new(Class::Permission, "address_not_allowed", message).fix("Give the address of a public web page.")
}

fn failed(code: &'static str, message: impl Into<String>) -> Refusal {
    Refusal::new(Class::Backend, code, message)
}

impl Fetcher {
    pub(crate) fn new(rules: &FetchRules) -> Result<Self, reqwest::Error> {
        let rules = Arc::new(ArcSwap::from_pointee(rules.clone()));
        // A proxy would resolve names for us, unjudged.
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .dns_resolver(Arc::new(Judged(rules.clone())))
            .connect_timeout(Duration::from_secs(5))
            .pool_max_idle_per_host(0)
            .user_agent(AGENT)
            .build()?;
        Ok(Self { http, rules })
    }

    pub(crate) fn reconfigure(&self, rules: &FetchRules) {
        self.rules.store(Arc::new(rules.clone()));
    }

    pub(crate) async fn fetch(&self, arguments: &Map<String, Value>) -> Result<Answer, Refusal> {
        let rules = self.rules.load_full();
        let raw = arguments.get("url").and_then(Value::as_str).unwrap_or_default();
        let most = arguments.get("max_chars").and_then(Value::as_u64).unwrap_or(20_000);
        let url = Url::parse(raw.trim()).map_err(|error| {
            Refusal::new(Class::Client, "invalid_arguments", format!("`url` cannot be read: {error}."))
                .fix("Give a whole address, such as https://example.com/page.")
        })?;
        let whole = self.follow(&rules, url);
        let (url, kind, body) = tokio::time::timeout(rules.timeout, whole)
            .await
            .map_err(|_| failed("fetch_timeout", "The page did not come in time.").fix("Try another page."))??;
        let (title, text) = readable(&kind, body)?;
        let total = text.chars().count() as u64;
        let text: String = text.chars().take(usize::try_from(most).unwrap_or(usize::MAX)).collect();
        let mut page = json!({ "url": url.as_str(), "contentType": kind, "text": text });
        if let Some(title) = title {
            page["title"] = json!(title);
        }
        if total > most {
            page["truncated"] = json!(true);
            page["totalChars"] = json!(total);
        }
        Ok(Answer::json(page))
    }

    /// From hop to hop, each judged like the first.
    async fn follow(&self, rules: &FetchRules, mut url: Url) -> Result<(Url, String, Vec<u8>), Refusal> {
        let mut hops = 0;
        loop {
            rules.judge(&url)?;
            if rules.robots && !self.robots_allow(rules, &url).await {
                return Err(forbidden("The site's robots.txt asks that this page not be fetched."));
            }
            let response = self.get(&url).await?;
            let status = response.status();
            let header = |name| header(&response, name);
            if status.is_redirection()
                && let Some(location) = header(LOCATION)
            {
                hops += 1;
                if hops > rules.max_redirects {
                    return Err(failed("too_many_redirects", "The page points elsewhere again and again."));
                }
                url = url.join(&location).map_err(|_| failed("bad_redirect", "The page points nowhere."))?;
                continue;
            }
            if !status.is_success() {
                let refusal = failed("page_failed", format!("The site answered {status}."));
                return Err(refusal.status(status.as_u16()).fix("Check the address, or try another page."));
            }
            let kind = header(CONTENT_TYPE).unwrap_or_default();
            let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            if !is_text(&kind) {
                return Err(failed("not_text", format!("What is there is no text, but {kind:?}.")));
            }
            let body = bounded(response, rules.max_bytes).await?.ok_or_else(|| {
                failed("page_too_large", format!("The page has more than {} bytes.", rules.max_bytes))
            })?;
            return Ok((url, kind, body));
        }
    }

    async fn get(&self, url: &Url) -> Result<reqwest::Response, Refusal> {
        let accept = "text/html,application/xhtml+xml,text/plain,application/json;q=0.9,*/*;q=0.1";
        self.http.get(url.clone()).header(ACCEPT, accept).send().await.map_err(|error| {
            if is_not_public(&error) {
                return forbidden("The name leads to an address that is not of the public internet.");
            }
            failed("page_unreachable", "The site cannot be reached.").fix("Check the address, or try another page.")
        })
    }

    /// Whether the site's robots.txt lets us in. Where it cannot be had although the site is there, it does not.
    async fn robots_allow(&self, rules: &FetchRules, url: &Url) -> bool {
        let Ok(mut robots) = url.join("/robots.txt") else { return false };
        if robots.path() == url.path() {
            return true;
        }
        for _ in 0..=rules.max_redirects {
            if rules.judge(&robots).is_err() {
                return true;
            }
            // What cannot be reached will not be fetched either.
            let Ok(response) = self.get(&robots).await else { return true };
            let status = response.status();
            let location = header(&response, LOCATION);
            match (status.as_u16(), location.and_then(|location| robots.join(&location).ok())) {
                (300..=399, Some(next)) => robots = next,
                (200..=299, _) => {
                    let Ok(Some(text)) = bounded(response, LARGEST_ROBOTS).await else { return true };
                    let path =
                        url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
                    return robots::allow(&String::from_utf8_lossy(&text), ROBOT, &path);
                }
                // RFC 9309: no file allows everything, a broken server nothing.
                (status, _) => return status < 500,
            }
        }
        true
    }
}

fn is_not_public(error: &reqwest::Error) -> bool {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = source {
        if error.is::<NotPublic>() {
            return true;
        }
        source = error.source();
    }
    false
}

/// Sites write letters into addresses that headers should not have; browsers read them, and so what is judged.
fn header(response: &reqwest::Response, name: reqwest::header::HeaderName) -> Option<String> {
    response.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// The body, or nothing where it is larger.
async fn bounded(mut response: reqwest::Response, most: usize) -> Result<Option<Vec<u8>>, Refusal> {
    let mut body = vec![];
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > most => return Ok(None),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(Some(body)),
            Err(_) => return Err(failed("page_broken", "The site broke the connection off.")),
        }
    }
}

fn is_text(kind: &str) -> bool {
    kind.starts_with("text/")
        || ["application/json", "application/xhtml+xml", "application/xml", "application/ld+json"].contains(&kind)
        || (kind.starts_with("application/") && (kind.ends_with("+json") || kind.ends_with("+xml")))
}

/// What a person would read of it.
fn readable(kind: &str, body: Vec<u8>) -> Result<(Option<String>, String), Refusal> {
    if !matches!(kind, "text/html" | "application/xhtml+xml") {
        return Ok((None, String::from_utf8_lossy(&body).into_owned()));
    }
    let html = String::from_utf8_lossy(&body);
    let title = title(&html);
    let text = html2text::config::plain_no_decorate()
        .allow_width_overflow()
        .string_from_read(html.as_bytes(), 100)
        .map_err(|_| failed("not_readable", "No text can be made of the page."))?;
    Ok((title, text.trim().to_owned()))
}

fn title(html: &str) -> Option<String> {
    let lower = html.to_ascii_lowercase();
    let from = lower.find("<title")?;
    let from = from + lower.get(from..)?.find('>')? + 1;
    let to = from + lower.get(from..)?.find("</title")?;
    let title = html.get(from..to)?.split_whitespace().collect::<Vec<_>>().join(" ");
    (!title.is_empty()).then(|| title.chars().take(300).collect())
}

#[cfg(test)]
#[path = "fetch/tests.rs"]
mod tests;
