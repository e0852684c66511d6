//! Where the gateway listens, and the numbers and lists by which it judges.

use std::net::SocketAddr;

use ipnet::IpNet;
use serde_saphyr::Spanned;
use url::Url;

use crate::{
    Problem,
    config::{self, Per},
    fetch::FetchRules,
    limits::{LimitRule, LimitRules},
};

use super::{ApprovalRules, AuditRules, BackendRules, Compiler, DEFAULT_ROLES};

impl Compiler {
    pub(super) fn listen(&self, server: &config::Server) -> Result<SocketAddr, Problem> {
        let Some(listen) = &server.listen else { return Ok(SocketAddr::from(([127, 0, 0, 1], 9000))) };
        listen.value.parse().map_err(|_| {
            self.problem_of(listen)
                .what(format!("{:?} is no address to listen on.", listen.value))
                .why("An IP address and a port are expected.")
                .fix("Write 127.0.0.1:9000, or 0.0.0.0:9000 for the network.")
        })
    }

    pub(super) fn path(&self, server: &config::Server) -> Result<String, Problem> {
        let Some(path) = &server.path else { return Ok("/mcp".to_owned()) };
        let taken = ["/health", "/metrics"].contains(&path.value.as_str()) || path.value.starts_with("/admin");
        let plain = path.value.chars().all(|c| c.is_ascii_alphanumeric() || "/-_.".contains(c));
        if path.value.len() > 1 && path.value.starts_with('/') && plain && !taken && !path.value.ends_with('/') {
            return Ok(path.value.clone());
        }
        Err(self
            .problem_of(path)
            .what(format!("{:?} cannot be the path of the MCP server.", path.value))
            .why("It begins with a slash, ends without one, and is none of the gateway's own.")
            .fix("Write /mcp."))
    }

    pub(super) fn hosts(&self, server: &config::Server, listen: SocketAddr) -> Result<Vec<String>, Problem> {
        if !listen.ip().is_loopback() && server.hosts.is_empty() {
            return Err(server
                .listen
                .as_ref()
                .map_or_else(|| self.whole(), |listen| self.problem_of(listen))
                .what("The gateway listens on the network, and `server.hosts` does not say under which names.")
                .why("Any web page could otherwise reach it under a name of its own.")
                .fix("Add `hosts: [gateway.example.com]` under `server`."));
        }
        for host in &server.hosts {
            if host.value.is_empty() || host.value.contains('/') {
                return Err(self
                    .problem_of(host)
                    .what(format!("{:?} is no name of a host.", host.value))
                    .why("A name, with its port where that matters, is expected.")
                    .fix("Write gateway.example.com or gateway.example.com:8443."));
            }
        }
        Ok(server.hosts.iter().map(|host| host.value.to_ascii_lowercase()).collect())
    }

    pub(super) fn origins(&self, server: &config::Server) -> Result<Vec<String>, Problem> {
        let origin = |spanned: &Spanned<String>| {
            let origin = Url::parse(&spanned.value).ok().map(|url| url.origin()).filter(url::Origin::is_tuple);
            origin.map(|origin| origin.ascii_serialization()).ok_or_else(|| {
                self.problem_of(spanned)
                    .what(format!("{:?} is no web origin.", spanned.value))
                    .why("An origin is a scheme, a host and a port.")
                    .fix("Write https://app.example.com.")
            })
        };
        server.origins.iter().map(origin).collect()
    }

    pub(super) fn default_roles(&self, security: &config::Security) -> Result<std::sync::Arc<[String]>, Problem> {
        match &security.default_allowed_roles {
            Some(roles) if roles.is_empty() => Err(self
                .whole()
                .what("`security.default_allowed_roles` is empty.")
                .why("Nobody could use any tool.")
                .fix("Name the roles, or leave it out.")),
            Some(roles) => Ok(roles.clone().into()),
            None => Ok(DEFAULT_ROLES.map(str::to_owned).into()),
        }
    }

    pub(super) fn approvals(&self, rules: &config::Approvals, admins: &[String]) -> Result<ApprovalRules, Problem> {
        Ok(ApprovalRules {
            mode: rules.mode.unwrap_or(config::Approval::Argument),
            wait: self.seconds(rules.wait_seconds, 120.0, "`security.approvals.wait_seconds`")?,
            approvers: rules.approvers.clone().unwrap_or_else(|| admins.to_vec()),
            servers: rules.servers.unwrap_or(config::OfServers::None),
            ask_client: rules.ask_client.unwrap_or(false),
        })
    }

    pub(super) fn limits(&self, limits: &config::RateLimits) -> Result<LimitRules, Problem> {
        let window = match &limits.window_seconds {
            Some(window) => self.window(window.value, window)?,
            None => 60.0,
        };
        let mut rules = vec![];
        let all = [
            (&limits.default_per_minute, Some(120), Per::All, "default_per_minute"),
            (&limits.per_actor_per_minute, Some(60), Per::Actor, "per_actor_per_minute"),
            (&limits.per_tenant_per_minute, None, Per::Tenant, "per_tenant_per_minute"),
        ];
        for (given, otherwise, per, name) in all {
            if let Some(given) = given
                && given.value == 0
            {
                return Err(self.no_calls(given));
            }
            if let Some(calls) = given.as_ref().map(|given| given.value).or(otherwise) {
                rules.push(LimitRule { name: name.to_owned(), tool: None, role: None, per, calls, window: 60.0 });
            }
        }
        for spanned in &limits.tools {
            let limit = &spanned.value;
            if limit.requests == 0 {
                return Err(self.no_calls(spanned));
            }
            let window = limit.window_seconds.map(|window| self.window(window, spanned)).transpose()?.unwrap_or(window);
            rules.push(LimitRule {
                name: format!("tools.{}", limit.tool),
                tool: Some(limit.tool.clone()),
                role: limit.role.clone(),
                per: limit.per,
                calls: limit.requests,
                window,
            });
        }
        if let Some(requests) = &limits.requests_per_minute
            && requests.value == 0
        {
            return Err(self.no_calls(requests));
        }
        let requests = limits.requests_per_minute.as_ref().map_or(6000, |requests| requests.value);
        Ok(LimitRules { rules, requests })
    }

    fn window<T>(&self, seconds: f64, at: &Spanned<T>) -> Result<f64, Problem> {
        if (0.001..=31_536_000.0).contains(&seconds) {
            return Ok(seconds);
        }
        Err(self
            .problem_of(at)
            .what(format!("A window of {seconds} seconds cannot be counted in."))
            .why("It lasts from a millisecond to a year.")
            .fix("Write 60."))
    }

    fn no_calls<T>(&self, at: &Spanned<T>) -> Problem {
        self.problem_of(at)
            .what("A limit of 0 lets no call through.")
            .why("That is not a limit, but a tool turned off.")
            .fix("Give a number from 1 on, or `enabled: false` under `security.tools`.")
    }

    pub(super) fn fetch(&self, fetch: &config::Fetch) -> Result<FetchRules, Problem> {
        let network = |spanned: &Spanned<String>| {
            let single = spanned.value.parse::<std::net::IpAddr>().map(IpNet::from);
            spanned.value.parse::<IpNet>().or(single).map_err(|_| {
                self.problem_of(spanned)
                    .what(format!("{:?} is no network.", spanned.value))
                    .why("An address with the length of its prefix is expected.")
                    .fix("Write 10.1.2.0/24.")
            })
        };
        Ok(FetchRules {
            ports: fetch.ports.clone().unwrap_or_else(|| vec![80, 443]),
            allow: fetch.allow.iter().map(network).collect::<Result<_, _>>()?,
            max_bytes: fetch.max_bytes.unwrap_or(1 << 20),
            timeout: self.seconds(fetch.timeout_seconds, 15.0, "`fetch.timeout_seconds`")?,
            max_redirects: fetch.max_redirects.unwrap_or(5),
            robots: fetch.robots.unwrap_or(true),
        })
    }

    pub(super) fn backends(&self, backends: &config::Backends) -> Result<BackendRules, Problem> {
        Ok(BackendRules {
            timeout: self.seconds(backends.timeout_seconds, 30.0, "`backends.timeout_seconds`")?,
            retries: backends.retries.unwrap_or(2),
            max_response: backends.max_response_bytes.unwrap_or(4 << 20),
            breaker_failures: backends.breaker_failures.unwrap_or(5).max(1),
            breaker_pause: self.seconds(backends.breaker_seconds, 10.0, "`backends.breaker_seconds`")?,
        })
    }

    pub(super) fn audit(&self, audit: &config::Audit) -> Result<AuditRules, Problem> {
        let file = self.text(audit.file.as_deref().unwrap_or("logs/audit.log"), serde_saphyr::Location::UNKNOWN)?;
        Ok(AuditRules {
            file: self.folder.join(file),
            arguments: audit.arguments.unwrap_or_default(),
            rotate_bytes: audit.rotate_mib.unwrap_or(64).max(1) << 20,
        })
    }
}
