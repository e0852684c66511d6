//! What must hold of addresses that a caller wants fetched, and of what is fetched.

use std::net::IpAddr;
use std::time::Duration;

use url::{Host, Url};

use super::address::is_public;
use super::{FetchRules, ROBOT, is_local_name, readable, robots};

pub(super) fn rules() -> FetchRules {
    let timeout = Duration::from_secs(5);
    FetchRules { ports: vec![80, 443], allow: vec![], max_bytes: 1000, timeout, max_redirects: 3, robots: true }
}

/// What looks like an address is let through only where it is public.
pub fn addresses(text: &str) {
    let Ok(url) = Url::parse(text) else { return };
    if rules().judge(&url).is_err() {
        return;
    }
    match url.host() {
        Some(Host::Ipv4(ip)) => assert!(is_public(IpAddr::from(ip)), "{url}"),
        Some(Host::Ipv6(ip)) => assert!(is_public(ip.into()), "{url}"),
        // A name's addresses are judged when it is resolved.
        Some(Host::Domain(name)) => assert!(!is_local_name(name), "{url}"),
        None => assert!(url.has_host(), "{url} leads nowhere"),
    }
}

/// A page or its robots.txt is refused or read: nothing else can come of it.
pub fn pages(body: &[u8]) {
    robots::allow(&String::from_utf8_lossy(body), ROBOT, "/a/b/c.html");
    let _ = readable("text/html", body.to_vec());
}
