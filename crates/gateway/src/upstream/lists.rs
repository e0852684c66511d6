//! What servers have besides tools, under the gateway's names for it: prompts, resources and their templates.

use std::{collections::HashSet, sync::Arc, time::Duration};

use chat::{LogLevel, Offers};
use futures::future::join_all;
use mcp::{Listed, ServerSnapshot, Servers};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{
    caller::Caller,
    config::{Approval, OfServers},
    gateway::Inner,
    offer::{Offer, Via, Want},
    plan::Plan,
};

/// The others are not kept waiting by one server's list.
const DEADLINE: Duration = Duration::from_secs(10);

/// A server that the caller may see.
pub(crate) struct Seen {
    servers: Servers,
    pub(crate) name: String,
    pub(crate) offers: Offers,
    /// Whether what it has keeps its own names.
    is_plain: bool,
}

impl Seen {
    async fn list(&self, kind: Listed) -> Arc<Vec<Value>> {
        let listed = timeout(DEADLINE, self.servers.listed(&self.name, kind)).await;
        match listed {
            Ok(Ok(list)) => list,
            Ok(Err(error)) => {
                tracing::warn!(server = self.name, %error, "a list could not be had");
                Arc::default()
            }
            Err(_) => {
                tracing::warn!(server = self.name, "a list did not come in time");
                Arc::default()
            }
        }
    }

    fn called(&self, name: &str) -> String {
        if self.is_plain { name.to_owned() } else { format!("{}__{name}", self.name) }
    }
}

impl Inner {
    /// What all servers together have besides tools.
    pub(crate) fn beyond_tools(&self) -> Offers {
        let plan = &self.shown().plan;
        let mut all = Offers::default();
        for (_, server) in self.servers(plan) {
            let offers = server.offers;
            all.prompts |= offers.prompts;
            all.resources |= offers.resources;
            all.completion |= offers.completion;
            all.logging |= offers.logging;
            all.subscriptions |= offers.subscriptions;
            all.prompts_changed = all.prompts_changed.wrapping_add(offers.prompts_changed);
            all.resources_changed = all.resources_changed.wrapping_add(offers.resources_changed);
        }
        all
    }

    /// The prompts, or whatever list is meant, that this caller may see. Of the same name, the first server's.
    pub(crate) async fn list(&self, caller: &Caller, kind: Listed) -> Vec<Value> {
        let seen = self.seen(caller);
        let lists = join_all(seen.iter().map(|server| server.list(kind))).await;
        let key = match kind {
            Listed::Prompts => "name",
            Listed::Resources => "uri",
            Listed::Templates => "uriTemplate",
        };
        let mut taken = HashSet::new();
        let mut all = vec![];
        for (server, list) in seen.iter().zip(lists) {
            for entry in list.iter() {
                let Some(name) = entry.get(key).and_then(Value::as_str) else { continue };
                let name = if kind == Listed::Prompts { server.called(name) } else { name.to_owned() };
                if taken.insert(name.clone()) {
                    let mut entry = entry.clone();
                    entry[key] = json!(name);
                    all.push(entry);
                }
            }
        }
        all
    }

    /// Whose prompt that is, and its name there.
    pub(crate) async fn find_prompt(&self, caller: &Caller, name: &str) -> Option<(Seen, String)> {
        for server in self.seen(caller) {
            let list = server.list(Listed::Prompts).await;
            let own = list.iter().filter_map(|prompt| prompt.get("name")?.as_str());
            if let Some(own) = own.into_iter().find(|own| server.called(own) == name) {
                let own = own.to_owned();
                return Some((server, own));
            }
        }
        None
    }

    /// Whose resource that is: by the lists, by the templates, and where none says it, the only one that could.
    pub(crate) async fn find_resource(&self, caller: &Caller, uri: &str) -> Option<Seen> {
        let mut seen: Vec<Seen> = self.seen(caller).into_iter().filter(|server| server.offers.resources).collect();
        let all = async |kind| join_all(seen.iter().map(|server| server.list(kind))).await;
        let (plain, patterns) = (all(Listed::Resources).await, all(Listed::Templates).await);
        let of = |entry: &Value, key: &str| entry.get(key).and_then(Value::as_str).map(str::to_owned);
        let is_listed = plain.iter().position(|list| list.iter().any(|entry| of(entry, "uri").as_deref() == Some(uri)));
        let is_meant =
            |entry: &Value| of(entry, "uriTemplate").is_some_and(|pattern| pattern == uri || fits(&pattern, uri));
        let at = is_listed.or_else(|| patterns.iter().position(|list| list.iter().any(is_meant)));
        let scheme = uri.split_once(':').map(|(scheme, _)| scheme);
        let has_scheme = |at: &usize| {
            let known = plain[*at].iter().filter_map(|entry| of(entry, "uri"));
            let known = known.chain(patterns[*at].iter().filter_map(|entry| of(entry, "uriTemplate")));
            known.into_iter().any(|known| known.split_once(':').map(|(scheme, _)| scheme) == scheme)
        };
        let at = at.or_else(|| match seen.len() {
            1 => Some(0),
            count => {
                let mut likely = (0..count).filter(has_scheme);
                likely.next().filter(|_| likely.next().is_none())
            }
        })?;
        Some(seen.swap_remove(at))
    }

    /// Something of a server that is no tool, judged and counted as the server's tools are.
    pub(crate) fn beyond(&self, server: &Seen, name: &str, want: Want) -> Arc<Offer> {
        let plan = self.shown().plan.clone();
        let rule = plan.server_rules.get(&server.name);
        let said = rule.and_then(|rule| rule.approval);
        let approval = match said {
            // There is no argument with which the caller could vouch for it.
            Some(Approval::Person | Approval::Argument) => Approval::Person,
            Some(Approval::Never) => Approval::Never,
            None if plan.approvals.servers == OfServers::All => Approval::Person,
            None => Approval::Never,
        };
        Arc::new(Offer {
            name: name.to_owned(),
            alias_of: None,
            title: None,
            description: String::new(),
            input: Arc::default(),
            output: None,
            validator: None,
            hints: chat::ToolHints { read_only: true, ..chat::ToolHints::default() },
            roles: roles(&plan, &server.name),
            approval: if want.is_reading() { approval } else { Approval::Never },
            via: Via::Beyond { server: server.name.clone(), want },
        })
    }

    /// From now on servers of the older era write down what is at least as grave.
    pub(crate) async fn log_from(&self, caller: &Caller, level: LogLevel) {
        if !self.upstream.is_lower(level) {
            return;
        }
        for server in self.seen(caller).iter().filter(|server| server.offers.logging) {
            if let Err(error) = server.servers.set_log_level(&server.name, level).await {
                tracing::debug!(server = server.name, %error, "a server does not change what it writes");
            }
        }
    }

    fn seen(&self, caller: &Caller) -> Vec<Seen> {
        let plan = &self.shown().plan;
        let may_see = |name: &str| caller.has_one_of(&roles(plan, name));
        let servers = self.servers(plan).into_iter().filter(|(_, server)| may_see(&server.config.name));
        let seen = servers.map(|(servers, server)| Seen {
            servers,
            is_plain: plan.plain_names.contains(&server.config.name),
            name: server.config.name.clone(),
            offers: server.offers,
        });
        seen.collect()
    }

    /// Every server that can be asked now: those of the configuration first.
    fn servers(&self, plan: &Plan) -> Vec<(Servers, ServerSnapshot)> {
        let is_on = |name: &str| plan.server_rules.get(name).and_then(|rule| rule.enabled) != Some(false);
        let mut all: Vec<(Servers, ServerSnapshot)> = vec![];
        for servers in self.upstream.all() {
            for server in servers.snapshot().iter() {
                let name = &server.config.name;
                let is_ready = matches!(server.state, chat::ServerState::Ready { .. });
                if is_ready && is_on(name) && !all.iter().any(|(_, known)| known.config.name == *name) {
                    all.push((servers.clone(), server.clone()));
                }
            }
        }
        all
    }
}

fn roles(plan: &Plan, server: &str) -> Arc<[String]> {
    let rule = plan.server_rules.get(server).and_then(|rule| rule.roles.clone());
    rule.unwrap_or_else(|| plan.default_roles.clone())
}

/// Whether the pattern (RFC 6570) could have become that address: its plain parts stand there in their order.
fn fits(pattern: &str, uri: &str) -> bool {
    let mut pieces = pattern.split('{').enumerate().map(|(at, piece)| match piece.split_once('}') {
        Some((_, plain)) if at > 0 => plain,
        _ => piece,
    });
    let Some(mut rest) = pieces.next().and_then(|first| uri.strip_prefix(first)) else { return false };
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, between)) = pieces.split_last() else { return rest.is_empty() };
    for piece in between {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_known_by_its_pattern() {
        for (pattern, uri, expected) in [
            ("test://template/{id}/data", "test://template/123/data", true),
            ("test://template/{id}/data", "test://template/123/date", false),
            ("test://template/{id}", "test://template/a/b", true),
            ("file:///{+path}", "file:///etc/hosts", true),
            ("a://{b}/{c}", "a://b", false),
            ("a://{b}?x={c}", "a://b?x=", true),
            ("a://b", "a://b", true),
            ("a://b", "a://bc", false),
        ] {
            assert_eq!(fits(pattern, uri), expected, "{pattern} {uri}");
        }
    }
}
