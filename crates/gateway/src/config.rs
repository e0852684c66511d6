//! What a gateway's file may say, in the words in which it says it.

mod read;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_saphyr::Spanned;

pub(crate) use read::{Source, read, text};

/// A file as it was written. What it means is decided in `plan.rs`.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct File {
    pub(crate) server: Server,
    pub(crate) auth: Auth,
    pub(crate) tenants: BTreeMap<String, Tenant>,
    pub(crate) security: Security,
    pub(crate) rate_limits: RateLimits,
    /// Whether the catalogue that ships is offered. Left out: wherever a tenant has services.
    pub(crate) catalogue: Option<bool>,
    /// More catalogues, relative to this file.
    pub(crate) include: Vec<Spanned<String>>,
    pub(crate) tools: BTreeMap<String, Spanned<Tool>>,
    /// Other MCP servers, each as any client writes it.
    pub(crate) servers: BTreeMap<String, Spanned<Value>>,
    /// Servers whose tools keep their own names.
    pub(crate) plain_names: Vec<Spanned<String>>,
    pub(crate) fetch: Fetch,
    pub(crate) backends: Backends,
    pub(crate) audit: Audit,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Server {
    pub(crate) name: Option<String>,
    pub(crate) instructions: Option<String>,
    pub(crate) listen: Option<Spanned<String>>,
    pub(crate) path: Option<Spanned<String>>,
    /// Names besides those of this machine under which it is reached.
    pub(crate) hosts: Vec<Spanned<String>>,
    /// Web origins besides those of this machine that may ask.
    pub(crate) origins: Vec<Spanned<String>>,
    pub(crate) max_body_bytes: Option<usize>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Auth {
    pub(crate) keys: Vec<Spanned<Key>>,
    /// Files with more keys, relative to this file, each a list of them.
    pub(crate) keys_from: Vec<Spanned<String>>,
    pub(crate) jwt: Option<Spanned<Jwt>>,
    /// Who calls over standard input and output.
    pub(crate) stdio: Option<Spanned<Identity>>,
    /// Who calls without any credential: only where nobody but this machine can.
    pub(crate) anonymous: Option<Spanned<Identity>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Key {
    pub(crate) name: String,
    /// Of the key, in hex: what `loq gateway key` prints.
    pub(crate) sha256: Spanned<String>,
    #[serde(default)]
    pub(crate) actor: Option<String>,
    pub(crate) tenant: Spanned<String>,
    pub(crate) roles: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Identity {
    #[serde(default)]
    pub(crate) actor: Option<String>,
    pub(crate) tenant: Spanned<String>,
    pub(crate) roles: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Jwt {
    pub(crate) issuer: String,
    pub(crate) audience: Vec<String>,
    pub(crate) jwks_url: Spanned<String>,
    #[serde(default = "roles")]
    pub(crate) roles_claim: String,
    #[serde(default)]
    pub(crate) tenant_claim: Option<String>,
    /// Where no claim names one.
    #[serde(default)]
    pub(crate) tenant: Option<Spanned<String>>,
    #[serde(default = "subject")]
    pub(crate) actor_claim: String,
    #[serde(default)]
    pub(crate) scopes: Vec<String>,
    /// The address of this gateway as its clients know it: turns on the protected resource's metadata.
    #[serde(default)]
    pub(crate) resource: Option<Spanned<String>>,
}

fn roles() -> String {
    "roles".to_owned()
}

fn subject() -> String {
    "sub".to_owned()
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Tenant {
    pub(crate) services: BTreeMap<String, Spanned<Service>>,
    /// Sent with every request to a backend of this tenant.
    pub(crate) headers: BTreeMap<String, Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Service {
    Url(String),
    Full(FullService),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FullService {
    pub(crate) url: String,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) timeout_seconds: Option<f64>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Security {
    pub(crate) tools: BTreeMap<String, Spanned<ToolRule>>,
    /// By the names of `servers`.
    pub(crate) servers: BTreeMap<String, Spanned<ToolRule>>,
    /// Who may use what names no roles of its own. Left out: the four of the catalogue.
    pub(crate) default_allowed_roles: Option<Vec<String>>,
    pub(crate) approvals: Approvals,
    /// Who may read the metrics and answer for the gateway. Left out: Admin.
    pub(crate) admin_roles: Option<Vec<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ToolRule {
    pub(crate) user_approval_required: Option<bool>,
    pub(crate) approval: Option<Approval>,
    pub(crate) allowed_roles: Option<Vec<String>>,
    pub(crate) enabled: Option<bool>,
}

/// What stands between a call that is allowed and its running.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Approval {
    Never,
    /// The caller vouches for it: `user_approved: true` among the arguments.
    Argument,
    /// A person answers, here.
    Person,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Approvals {
    /// What a tool needs that only says that approval is required. Left out: `argument`.
    pub(crate) mode: Option<Approval>,
    /// How long a call waits for its answer before that is no. 0 does not wait.
    pub(crate) wait_seconds: Option<f64>,
    /// Who may answer. Left out: the admin roles.
    pub(crate) approvers: Option<Vec<String>>,
    /// What a tool of another server needs of which nothing is said. Left out: nothing.
    pub(crate) servers: Option<OfServers>,
    /// Whether the client may ask its own person, where it can. Left out: no, since a program could answer for one.
    pub(crate) ask_client: Option<bool>,
}

/// Which calls of other servers' tools need approval.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OfServers {
    None,
    /// Those of tools that do not only read, by their server's own word.
    Changes,
    All,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RateLimits {
    pub(crate) default_per_minute: Option<Spanned<u32>>,
    pub(crate) per_actor_per_minute: Option<Spanned<u32>>,
    pub(crate) per_tenant_per_minute: Option<Spanned<u32>>,
    pub(crate) window_seconds: Option<Spanned<f64>>,
    /// Requests of any kind per credential; past it the door answers 429.
    pub(crate) requests_per_minute: Option<Spanned<u32>>,
    pub(crate) tools: Vec<Spanned<ToolLimit>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ToolLimit {
    pub(crate) tool: String,
    #[serde(default)]
    pub(crate) role: Option<String>,
    #[serde(default)]
    pub(crate) per: Per,
    pub(crate) requests: u32,
    #[serde(default)]
    pub(crate) window_seconds: Option<f64>,
}

/// Whose calls are counted together.
#[derive(Deserialize, Clone, Copy, Default, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Per {
    #[default]
    Actor,
    Tenant,
    All,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Fetch {
    pub(crate) ports: Option<Vec<u16>>,
    /// Networks that may be reached although they are not public.
    pub(crate) allow: Vec<Spanned<String>>,
    pub(crate) max_bytes: Option<usize>,
    pub(crate) timeout_seconds: Option<f64>,
    pub(crate) max_redirects: Option<u8>,
    pub(crate) robots: Option<bool>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Backends {
    pub(crate) timeout_seconds: Option<f64>,
    pub(crate) retries: Option<u8>,
    pub(crate) max_response_bytes: Option<usize>,
    /// Failures in a row after which a backend is left alone for a while.
    pub(crate) breaker_failures: Option<u32>,
    pub(crate) breaker_seconds: Option<f64>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Audit {
    /// Relative to this file. Left out: `logs/audit.log`.
    pub(crate) file: Option<String>,
    pub(crate) arguments: Option<Arguments>,
    pub(crate) rotate_mib: Option<u64>,
}

/// What of a call's arguments is written down.
#[derive(Deserialize, Clone, Copy, Default, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Arguments {
    /// Names and kinds, no values.
    #[default]
    Shape,
    /// Values, those that look secret masked.
    Masked,
    None,
}

/// A catalogue: tools as data.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Catalogue {
    /// The service of every tool that names none.
    #[serde(default)]
    pub(crate) service: Option<String>,
    pub(crate) tools: BTreeMap<String, Spanned<Tool>>,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tool {
    #[serde(default)]
    pub(crate) title: Option<String>,
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) aliases: Vec<String>,
    #[serde(default)]
    pub(crate) service: Option<String>,
    /// `POST /path`, below the service's URL; `{name}` stands for an argument. Left out: the tool fetches a page.
    #[serde(default)]
    pub(crate) call: Option<Spanned<String>>,
    #[serde(default)]
    pub(crate) reads_only: bool,
    #[serde(default)]
    pub(crate) destroys: bool,
    #[serde(default)]
    pub(crate) idempotent: bool,
    #[serde(default)]
    pub(crate) open_world: bool,
    #[serde(default)]
    pub(crate) approval: ToolApproval,
    #[serde(default)]
    pub(crate) roles: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) input: Option<Spanned<Value>>,
}

#[derive(Deserialize, Clone, Copy, Default, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ToolApproval {
    #[default]
    None,
    Required,
}
