//! `loq keys`: the keys of other programs.

use ::chat::ErrorReport;
use api::{KeyRights, KeyView, Keys, NewKey, TeamKeys};
use clap::{Args as Group, Subcommand};
use engine::Home;

use crate::{Ending, print};

#[derive(Debug, Group)]
pub(crate) struct Args {
    /// Those in PostgreSQL, which every copy of `loq serve` knows.
    #[arg(long, value_name = "URL", env = "LOQUAT_DATABASE", hide_env_values = true, global = true)]
    database: Option<mcp::Secret>,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a key; it is shown once.
    Create {
        /// The program that will use it.
        name: String,
        /// Only tools of this server; may be given several times.
        #[arg(long, value_name = "SERVER")]
        server: Vec<String>,
        /// Calls that run unasked: `*`, `SERVER/TOOL` or `SERVER/*`; may be given several times.
        #[arg(long, value_name = "CALLS")]
        allow: Vec<String>,
        /// At most so many tokens a month.
        #[arg(long, value_name = "TOKENS")]
        budget: Option<u64>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// List the keys, never themselves.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// From now on nobody gets in by it.
    Revoke {
        name: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// The keys of this home, or those of all copies.
enum Ring {
    Home(Keys),
    Team(TeamKeys),
}

impl Ring {
    async fn open(database: Option<&mcp::Secret>) -> Result<Self, ErrorReport> {
        let ring = match database {
            Some(database) => TeamKeys::open(database).await.map(Self::Team),
            None => Keys::open(Home::find()?.dir()).map(Self::Home),
        };
        ring.map_err(|error| error.report())
    }

    async fn create(&self, name: &str, rights: KeyRights) -> Result<NewKey, ErrorReport> {
        let made = match self {
            Self::Home(keys) => keys.create(name, rights),
            Self::Team(keys) => keys.create(name, rights).await,
        };
        made.map_err(|error| error.report())
    }

    async fn list(&self) -> Result<Vec<KeyView>, ErrorReport> {
        let list = match self {
            Self::Home(keys) => keys.list(),
            Self::Team(keys) => keys.list().await.map_err(|error| error.report())?,
        };
        Ok(list.iter().map(KeyView::from).collect())
    }

    async fn revoke(&self, name: &str) -> Result<(), ErrorReport> {
        let revoked = match self {
            Self::Home(keys) => keys.revoke(name),
            Self::Team(keys) => keys.revoke(name).await,
        };
        revoked.map_err(|error| error.report())
    }
}

pub(crate) async fn keys(args: Args) -> Result<Ending, ErrorReport> {
    let keys = Ring::open(args.database.as_ref()).await?;
    match args.action {
        Action::Create { name, server, allow, budget, json } => {
            let rights = KeyRights { servers: (!server.is_empty()).then_some(server), allow, budget };
            let made = keys.create(&name, rights).await?;
            if json {
                print::json(&made);
            } else {
                print::note("This is the only time it is shown:");
                print::line(&made.key);
            }
        }
        Action::List { json } => {
            let list = keys.list().await?;
            if json {
                print::json(&list);
            }
            for key in list.iter().filter(|_| !json) {
                let state = if key.revoked { "revoked" } else { "valid" };
                print::line(&format!("{}  ••••{}  {state}  {} tokens this month", key.name, key.hint, key.used));
            }
        }
        Action::Revoke { name, json } => {
            keys.revoke(&name).await?;
            if json {
                print::json(&serde_json::json!({ "name": name, "revoked": true }));
            } else {
                print::note(&format!("Nobody gets in by {name} any more."));
            }
        }
    }
    Ok(Ending::Answered)
}
