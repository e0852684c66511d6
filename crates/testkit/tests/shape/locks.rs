//! What the lock files promise: one of each important crate, one way to encrypt, no registry by name.

use std::collections::BTreeMap;

use crate::files::at_root;
use crate::none;

/// Types of these cross our edges, or two of them would do the same work twice.
const ONE_OF_EACH: [&str; 6] = ["oauth2", "reqwest", "rmcp", "rustls", "serde", "tokio"];
/// TLS is rustls: the same on every system, and nothing to install.
const ABSENT: [&str; 4] = ["native-tls", "openssl", "openssl-sys", "openssl-src"];

/// Every locked crate with its versions.
fn locked() -> BTreeMap<String, Vec<String>> {
    let lock = at_root("Cargo.lock");
    let mut versions = BTreeMap::<String, Vec<String>>::new();
    let mut name = String::new();
    for line in lock.lines() {
        let quoted = |key: &str| Some(line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"')?.to_owned());
        if let Some(found) = quoted("name") {
            name = found;
        } else if let Some(version) = quoted("version") {
            versions.entry(name.clone()).or_default().push(version);
        }
    }
    assert!(versions.len() > 100, "Cargo.lock was not understood: its form has changed, so change `locked`.");
    versions
}

#[test]
fn there_is_one_of_each() {
    let locked = locked();
    let several = ONE_OF_EACH.iter().filter_map(|name| Some((name, locked.get(*name)?)));
    let several = several.filter(|(_, versions)| versions.len() > 1);
    none(
        several.map(|(name, versions)| format!("{name}: {}", versions.join(", "))).collect(),
        "Find who brings the second with `cargo tree -d`, and agree on one version.",
    );
}

#[test]
fn tls_is_rustls() {
    let locked = locked();
    let there = ABSENT.iter().filter(|name| locked.contains_key(**name));
    none(
        there.map(ToString::to_string).collect(),
        "Find who brings it with `cargo tree -i`, and turn off the feature that does (often default features).",
    );
}

#[test]
fn packages_of_the_page_come_from_whatever_registry_is_configured() {
    let lock = at_root("package-lock.json");
    let named = lock.lines().enumerate().filter(|(_, line)| line.trim_start().starts_with("\"resolved\""));
    none(
        named.map(|(number, line)| format!("package-lock.json:{} {}", number + 1, line.trim())).collect(),
        "Run `npm install --omit-lockfile-registry-resolved`, which leaves the addresses out.",
    );
}
