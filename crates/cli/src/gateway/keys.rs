//! Keys for the gateway: in its file, or in the database that its copies share.

use ::chat::ErrorReport;
use ::gateway::{SharedKeys, new_key};
use clap::Args as Group;
use mcp::Secret;
use serde_json::json;

use crate::{Ending, print};

#[derive(Debug, Group)]
pub(super) struct Key {
    /// Whose key it is.
    name: String,
    /// The tenant in the database, or in the line for the file.
    #[arg(long, default_value = "default")]
    tenant: String,
    /// A role; may be given several times.
    #[arg(long = "role", value_name = "ROLE", default_value = "Agent")]
    roles: Vec<String>,
    /// Put it into PostgreSQL, where every copy finds it within a second.
    #[arg(long, value_name = "URL", env = "LOQUAT_DATABASE", hide_env_values = true)]
    database: Option<Secret>,
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Group)]
pub(super) struct List {
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Group)]
pub(super) struct Revoke {
    /// The key's name.
    name: String,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Group)]
struct Place {
    /// Where the copies of the gateway keep their keys.
    #[arg(long, value_name = "URL", env = "LOQUAT_DATABASE", hide_env_values = true)]
    database: Secret,
    #[arg(long)]
    json: bool,
}

impl Place {
    async fn open(&self) -> Result<SharedKeys, ErrorReport> {
        SharedKeys::open(&self.database).await.map_err(|error| error.report())
    }
}

pub(super) async fn key(key: Key) -> Result<Ending, ErrorReport> {
    let Key { name, tenant, roles, .. } = &key;
    let made = match &key.database {
        Some(database) => {
            let keys = SharedKeys::open(database).await.map_err(|error| error.report())?;
            keys.create(name, tenant, roles).await.map_err(|error| error.report())?
        }
        None => new_key(),
    };
    if key.json {
        print::line(&json!({ "name": name, "key": made.key, "sha256": made.sha256 }).to_string());
        return Ok(Ending::Answered);
    }
    print::line(&made.key);
    if key.database.is_some() {
        print::note("Keep it: it is not shown again. Every copy of the gateway knows it within a second.");
        return Ok(Ending::Answered);
    }
    let roles = roles.join(", ");
    print::note("Keep it: it is not shown again. Put this under `auth.keys` in the gateway's file:");
    print::note(&format!("  - {{ name: {name}, sha256: \"{}\", tenant: {tenant}, roles: [{roles}] }}", made.sha256));
    Ok(Ending::Answered)
}

pub(super) async fn list(list: List) -> Result<Ending, ErrorReport> {
    let keys = list.place.open().await?.list().await.map_err(|error| error.report())?;
    if list.place.json {
        print::json(&keys);
        return Ok(Ending::Answered);
    }
    for key in &keys {
        let state = if key.revoked { "revoked" } else { "valid" };
        print::line(&print::plain(&format!("{}  {}  {}  {state}", key.name, key.tenant, key.roles.join(", "))));
    }
    if keys.is_empty() {
        print::note("There is no key in the database.");
    }
    Ok(Ending::Answered)
}

pub(super) async fn revoke(revoke: Revoke) -> Result<Ending, ErrorReport> {
    let keys = revoke.place.open().await?;
    keys.revoke(&revoke.name).await.map_err(|error| error.report())?;
    if revoke.place.json {
        print::line(&json!({ "name": revoke.name, "revoked": true }).to_string());
    } else {
        print::note(&format!("Within a second nobody gets in by {} any more.", revoke.name));
    }
    Ok(Ending::Answered)
}
